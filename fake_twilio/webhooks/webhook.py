"""A request of Twilio to the app, its answer, and one attempt."""

import uuid
from codecs import getincrementaldecoder
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from urllib.parse import urlencode, urlsplit, urlunsplit

from twilio.request_validator import RequestValidator

from fake_twilio.dates import now


def place(url: str) -> str:
    """Return an address for the log: without query, which may contain secrets, and without overrides."""
    return url.partition("#")[0].partition("?")[0]


@dataclass(frozen=True)
class Webhook:
    """A request to the app. Its retries share the idempotency token."""

    sid: str
    kind: str
    """`status` for a callback, `twiml` for a request of a document."""
    event: str
    url: str
    method: str
    form: tuple[tuple[str, str], ...]
    token: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def target(self) -> str:
        """The address without fragment; for a GET, with the parameters in the query."""
        url = self.url.partition("#")[0]
        if self.method == "GET" and self.form:
            url += ("&" if "?" in url else "?") + urlencode(self.form)
        return url

    def signature(self, auth_token: str) -> str:
        """Twilio's signature, by Twilio's own library; credentials in the address are not signed."""
        parts = urlsplit(self.target)
        url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        params = dict(self.form) if self.method == "POST" else {}
        return str(RequestValidator(auth_token).compute_signature(url, params))


@dataclass(frozen=True)
class Answer:
    """The app's answer to one attempt; `status` is None without an answer."""

    status: int | None = None
    content_type: str = ""
    body: bytes = b""
    declared_length: int = 0
    """The Content-Length header: a 204 may claim a body that no client reads."""
    redirects: tuple[int, ...] = ()
    seconds: float = 0.0
    failure: str = ""
    """`ct`, `rt`, `4xx` or `5xx`, as in the connection overrides; empty for success."""
    code: int | None = None
    """Twilio's error code for the failure."""
    detail: str = ""
    logged_errors: tuple[str, ...] = ()
    """Errors that the app logged meanwhile, if its host reports them, as `python3 -m dev run` does."""


IDS = count(1)
KEPT = 4096
"""The number of bytes of an answer that are kept."""


@dataclass(frozen=True)
class Delivery:
    """One attempt, as it is recorded."""

    at: datetime
    webhook: Webhook
    attempt: int
    status: int | None
    ms: int
    note: str = ""
    content_type: str = ""
    size: int = 0
    body: bytes = b""
    """The first part of the answer."""
    logged_errors: tuple[str, ...] = ()
    id: int = field(default_factory=lambda: next(IDS))

    @classmethod
    def of(cls, webhook: Webhook, attempt: int, answer: Answer) -> "Delivery":
        """Return the record of an attempt that has just ended."""
        return cls(
            now(),
            webhook,
            attempt,
            answer.status,
            round(answer.seconds * 1000),
            answer.detail or ("logged an error" if answer.logged_errors else ""),
            answer.content_type,
            len(answer.body),
            answer.body[:KEPT],
            answer.logged_errors,
        )

    @property
    def form(self) -> dict[str, str]:
        """The parameters that were sent."""
        return dict(self.webhook.form)

    @property
    def text(self) -> str | None:
        """The first part of the answer, up to its last whole character; None if it is not text."""
        try:
            return getincrementaldecoder("utf-8")().decode(self.body)
        except UnicodeDecodeError:
            return None

"""One request of Twilio's to the app, and what came of it."""

import uuid
from codecs import getincrementaldecoder
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from urllib.parse import urlencode, urlsplit, urlunsplit

from twilio.request_validator import RequestValidator

from fake_twilio.dates import now


def place(url: str) -> str:
    """An address as it may be printed: without its query, which may hold secrets, and without its overrides."""
    return url.partition("#")[0].partition("?")[0]


@dataclass(frozen=True)
class Webhook:
    """What is to be sent. Retries of one webhook share its idempotency token."""

    sid: str
    kind: str
    """`status` for a callback that wants nothing back, `twiml` for a request that wants a document."""
    event: str
    url: str
    method: str
    form: tuple[tuple[str, str], ...]
    token: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def target(self) -> str:
        """The address without fragment, with the parameters in the query of a GET."""
        url = self.url.partition("#")[0]
        if self.method == "GET" and self.form:
            url += ("&" if "?" in url else "?") + urlencode(self.form)
        return url

    def signature(self, auth_token: str) -> str:
        """Twilio's signature, made by Twilio's own library; credentials in the address are not signed."""
        parts = urlsplit(self.target)
        url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        params = dict(self.form) if self.method == "POST" else {}
        return str(RequestValidator(auth_token).compute_signature(url, params))


@dataclass(frozen=True)
class Answer:
    """What the app answered to one try; `status` is None when it did not."""

    status: int | None = None
    content_type: str = ""
    body: bytes = b""
    declared_length: int = 0
    """Content-Length as sent: a 204 may claim a body that no client reads."""
    redirects: tuple[int, ...] = ()
    seconds: float = 0.0
    failure: str = ""
    """`ct`, `rt`, `4xx` or `5xx`, in the words of the connection overrides; empty when all went well."""
    code: int | None = None
    """Twilio's error code for the failure."""
    detail: str = ""
    logged_errors: tuple[str, ...] = ()
    """What the app has logged meanwhile, where its host says so, as ours does on a laptop."""


KEPT = 4096
"""Bytes of an answer that are remembered."""


@dataclass(frozen=True)
class Delivery:
    """One try, as it is remembered."""

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
    id: int = field(default_factory=count(1).__next__)

    @classmethod
    def of(cls, webhook: Webhook, attempt: int, answer: Answer) -> "Delivery":
        """A try that has come to its end now."""
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
        """The first part of the answer, up to its last whole letter; None when it is no text."""
        try:
            return getincrementaldecoder("utf-8")().decode(self.body)
        except UnicodeDecodeError:
            return None

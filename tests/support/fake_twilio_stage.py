"""The stage for tests of the emulator: the emulator, Twilio's library, and an app that answers webhooks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from fake_twilio.model.recording import wav
from fake_twilio.testing import FakeTwilio

OURS = "+15005550006"
THEIRS = "+15551234567"
# Longer than a host name can be: the look-up fails without asking a name server, which may take 10 s to answer.
UNKNOWN_HOST = ".".join(["x" * 60] * 5)
ALL_EVENTS = ["initiated", "ringing", "answered", "completed"]


@dataclass(frozen=True)
class Reply:
    """An answer of the app. `breaks` closes the connection instead."""

    status: int = 204
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    breaks: bool = False


def twiml(body: str, **options: Any) -> Reply:
    """Return an answer with a document."""
    return Reply(200, f"<Response>{body}</Response>".encode(), "text/xml", **options)


def sound(**options: Any) -> Reply:
    """Return an answer with one second of audio."""
    return Reply(200, wav(1), "audio/wav", **options)


@dataclass(frozen=True)
class Received:
    """A request of the emulator to the app."""

    method: str
    path: str
    headers: Mapping[str, str]
    form: dict[str, str]
    signed: bool


class Receiver:
    """The app: it answers 204 to everything unless a test sets another reply."""

    def __init__(self, auth_token: str) -> None:
        self.validator = RequestValidator(auth_token)
        self.received: list[Received] = []
        self.replies: dict[str, list[Reply]] = {}
        self.on_request: Callable[[], object] = lambda: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                receiver.answer(self, self.rfile.read(length).decode())

            def do_GET(self) -> None:
                receiver.answer(self, "")

            def log_message(self, format: str, *args: Any) -> None:
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        self.base_url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def url(self, path: str = "/status") -> str:
        """Return the address of a path."""
        return self.base_url + path

    def reply(self, path: str, *replies: Reply) -> str:
        """Set the answers for `path`, in order; the last one is repeated. Return its address."""
        self.replies[path] = list(replies)
        return self.url(path)

    def answer(self, handler: BaseHTTPRequestHandler, body: str) -> None:
        """Record a request, and answer it."""
        fields = parse_qs(body, keep_blank_values=True)
        signature = handler.headers.get("X-Twilio-Signature", "")
        form = {name: values[0] for name, values in fields.items()}
        self.on_request()
        signed = self.validator.validate(self.base_url + handler.path, form, signature)
        self.received.append(Received(handler.command, handler.path, dict(handler.headers), form, signed))
        replies = self.replies.get(urlsplit(handler.path).path, [Reply()])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        time.sleep(reply.seconds)
        if reply.breaks:
            handler.close_connection = True
            return
        handler.send_response(reply.status)
        for name, value in reply.headers:
            handler.send_header(name, value)
        if reply.content_type:
            handler.send_header("Content-Type", reply.content_type)
        if reply.status != 204 or reply.body:
            handler.send_header("Content-Length", str(len(reply.body)))
        handler.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            handler.wfile.write(reply.body)

    def forms(self, path: str = "/status") -> list[dict[str, str]]:
        """Return the forms posted to `path`, in order."""
        return [received.form for received in self.received if urlsplit(received.path).path == path]


@dataclass
class Stage:
    """The emulator, the app, and Twilio's library."""

    fake: FakeTwilio
    app: Receiver
    client: Client

    @classmethod
    @contextmanager
    def ready(cls, **options: Any) -> Iterator[Stage]:
        """Run a stage until the block ends."""
        with FakeTwilio.running(**options) as fake:
            app = Receiver(fake.account.auth_token)
            try:
                yield cls(fake, app, client_of(fake))
            finally:
                app.close()

    def call(self, to: str = THEIRS, **parameters: Any) -> Any:
        """Place a call; by default every event is reported to the app."""
        if "url" not in parameters:
            parameters.setdefault("twiml", "<Response><Say>Hello World</Say></Response>")
        parameters.setdefault("status_callback", self.app.url())
        parameters.setdefault("status_callback_event", ALL_EVENTS)
        parameters.setdefault("from_", OURS)
        return self.client.calls.create(to=to, **parameters)

    def text(self, to: str = THEIRS, body: str = "hello", **parameters: Any) -> Any:
        """Send a message; its statuses are reported to the app."""
        if "messaging_service_sid" not in parameters:
            parameters.setdefault("from_", OURS)
        parameters.setdefault("status_callback", self.app.url())
        return self.client.messages.create(to=to, body=body, **parameters)

    def post(self, path: str, form: Any, **options: Any) -> requests.Response:
        """Post to the REST API without Twilio's library."""
        account = self.fake.account
        url = f"{self.fake.url}/2010-04-01/Accounts/{account.sid}/{path}"
        return requests.post(url, data=form, auth=(account.api_key, account.api_secret), timeout=10, **options)


def client_of(fake: FakeTwilio) -> Client:
    """Return Twilio's library, pointed at the emulator."""
    account = fake.account
    http_client = TwilioHttpClient(timeout=10, pool_connections=False)
    client = Client(account.api_key, account.api_secret, account.sid, http_client=http_client)
    client.api.base_url = fake.url
    return client


@contextmanager
def refused(code: int) -> Iterator[None]:
    """Check that Twilio's library raises its exception with this code."""
    with pytest.raises(TwilioRestException) as caught:
        yield
    assert caught.value.code == code


def routes(stage: Stage) -> set[tuple[str, str]]:
    """Return method and path of every route that the emulator serves."""
    found = ((route.method, route.resource) for route in stage.fake.server.runner.app.router.routes())
    return {(method, resource.canonical) for method, resource in found if resource and method != "HEAD"}

"""Storage whose answers get lost, are broken or late: an HTTP server that forwards every request to Azurite.

Every request is executed; only its answer may be lost or replaced.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from dev.azurite import connection_string

# Headers that apply to one connection only: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `cut` is the number of its last bytes that are not sent, although its length includes them."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    cut: int = 0


Break = Callable[[Answer], Answer | None]


def lost(answer: Answer) -> None:
    """Return no answer; the connection is closed."""


def reset(answer: Answer) -> None:
    """Return no answer; the connection is reset."""


def hanging(answer: Answer) -> None:
    """Return no answer; the connection stays open until the storage ends."""


def cut_off(answer: Answer) -> Answer:
    """Return an answer that ends early, whether or not it has a body."""
    content = answer.content or b"{}"
    return Answer(answer.status, answer.headers, content, cut=len(content) // 2)


def page(status: int) -> Break:
    """Return a function that replaces an answer by the HTML page of a proxy."""
    content = b"<html><head><title>Sorry</title></head><body>Bad <b>gateway</body>"
    return lambda answer: Answer(status, {"Content-Type": "text/html"}, content)


def body(content: bytes, kind: str = "application/json") -> Break:
    """Return a function that replaces the body of an answer, but not its status."""
    return lambda answer: Answer(answer.status, {**answer.headers, "Content-Type": kind}, content)


BROKEN: dict[str, Break] = {
    "lost": lost,
    "reset": reset,
    "hanging": hanging,
    "cut off": cut_off,
    **{
        f"a proxy's page with status {status}": page(status) for status in (200, 302, 403, 404, 407, 409, 412, 502, 503)
    },
    "not JSON": body(b"<not json"),
    "XML": body(b"<a>b</a>", "application/xml"),
    "broken XML": body(b"<a>b", "application/xml"),
    "not UTF-8": body(b'{"a": "\xff\xfe"}'),
    "no object": body(b"[]"),
    "another object": body(b'{"odata.metadata": "x", "value": 1}'),
    "null": body(b"null"),
}


class LossyStorage:
    """The connection string of the storage, and the orders to lose, break or delay answers."""

    def __init__(self, azurite_port: int, port: int) -> None:
        """Start without orders: every answer is returned."""
        self.azurite_port = azurite_port
        self.connection_string = connection_string(port)
        self.lock = threading.Lock()
        self.orders: list[tuple[str, str, Break]] = []
        self.always: Break | None = None
        self.ended = threading.Event()

    def lose(self, method: str, table: str, times: int = 1) -> None:
        """Lose the next answers to requests with this method for a table."""
        self.break_next(method, table, lost, times)

    def break_next(self, method: str, table: str, how: Break, times: int = 1) -> None:
        """Break the next answers to requests with this method for a table."""
        self.orders += [(method, table, how)] * times

    def meanwhile(self, method: str, table: str, action: Callable[[], object]) -> None:
        """Do something before the next answer to such a request is returned."""

        def act(answer: Answer) -> Answer:
            action()
            return answer

        self.break_next(method, table, act)

    def next_break(self, method: str, path: str) -> Break | None:
        """Return what to do with an answer, and remove that order."""
        with self.lock:
            order = next((one for one in self.orders if one[0] == method and f"/{one[1]}" in path), None)
            if order is None:
                return self.always
            self.orders.remove(order)
            return order[2]


@contextmanager
def lossy_storage(azurite_connection: str) -> Iterator[LossyStorage]:
    """Run such storage in front of the Azurite in a connection string; it ends with the block."""
    [endpoint] = [part[14:] for part in azurite_connection.split(";") if part.startswith("TableEndpoint=")]

    class Handler(BaseHTTPRequestHandler):
        """Forward one request; with HTTP/1.0 each connection has only one."""

        def forward(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            azurite = HTTPConnection("127.0.0.1", storage.azurite_port, timeout=30)
            azurite.request(self.command, self.path, sent, dict(self.headers))
            received = azurite.getresponse()
            headers = {name: value for name, value in received.getheaders() if name.lower() not in HOP_BY_HOP}
            answer: Answer | None = Answer(received.status, headers, received.read())
            azurite.close()
            how = storage.next_break(self.command, self.path)
            if how is not None and answer is not None:
                answer = how(answer)
            if answer is not None:
                self.give(answer)
            elif how is hanging:
                storage.ended.wait()
            elif how is reset:
                # With this option, close() resets the connection.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()

        def give(self, answer: Answer) -> None:
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                if name.lower() != "content-length":
                    self.send_header(name, value)
            if answer.content or answer.status != 204:
                self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content[: len(answer.content) - answer.cut])

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward

        def log_message(self, *args: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    storage = LossyStorage(urlsplit(endpoint).port or 0, server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield storage
    finally:
        storage.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()

"""Storage whose answers get lost or are late: an HTTP server that forwards every request to Azurite.

Every request is executed; only its answer may be lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from dev.azurite import connection_string

# Headers that apply to one connection only: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding")


class LossyStorage:
    """The connection string of the storage, and the orders to lose or delay answers."""

    def __init__(self, azurite_port: int, port: int) -> None:
        """Start without orders: every answer is returned."""
        self.azurite_port = azurite_port
        self.connection_string = connection_string(port)
        self.lock = threading.Lock()
        self.orders: list[tuple[str, str, Callable[[], object] | None]] = []

    def lose(self, method: str, table: str, times: int = 1) -> None:
        """Lose the next answers to requests with this method for a table."""
        self.orders += [(method, table, None)] * times

    def meanwhile(self, method: str, table: str, action: Callable[[], object]) -> None:
        """Do something before the next answer to such a request is returned."""
        self.orders.append((method, table, action))

    def carry_out(self, method: str, path: str) -> bool:
        """Carry out the order for an answer, if there is one; return whether the answer is returned."""
        with self.lock:
            order = next((one for one in self.orders if one[0] == method and f"/{one[1]}" in path), None)
            if order is None:
                return True
            self.orders.remove(order)
        action = order[2]
        if action is not None:
            action()
        return action is not None


@contextmanager
def lossy_storage(azurite_connection: str) -> Iterator[LossyStorage]:
    """Run such storage in front of the Azurite in a connection string; it ends with the block."""
    [endpoint] = [part[14:] for part in azurite_connection.split(";") if part.startswith("TableEndpoint=")]

    class Handler(BaseHTTPRequestHandler):
        """Forward one request; with HTTP/1.0 each connection has only one."""

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            azurite = HTTPConnection("127.0.0.1", storage.azurite_port, timeout=30)
            azurite.request(self.command, self.path, body, dict(self.headers))
            answer = azurite.getresponse()
            content = answer.read()
            azurite.close()
            if storage.carry_out(self.command, self.path):
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in HOP_BY_HOP:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

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
        server.shutdown()
        thread.join()
        server.server_close()

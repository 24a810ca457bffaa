"""Answers 503 in place of an app that does not start."""

from __future__ import annotations

import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from dev.host.callers import LOCAL, rejection


class Unavailable:
    """A server in a thread that answers every request on a listening socket with 503 and the reason."""

    def __init__(self, listener: socket.socket, reason: str) -> None:
        """Start to answer. The socket stays open when this server is closed."""

        class Handler(Answer):
            text = f"The app does not start: {reason}\nIt starts by itself when that is fixed; see the terminal.\n"

        self.server = ThreadingHTTPServer(listener.getsockname(), Handler, bind_and_activate=False)
        self.server.socket.close()
        self.server.socket = listener.dup()
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Stop to answer; requests that arrive from now on wait in the socket's queue."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Answer(BaseHTTPRequestHandler):
    """Answers one request. The reason is for this machine only: a tunnel may lead here."""

    timeout = 5
    text = ""

    def do_GET(self) -> None:
        """Answer any method."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))  # unread, it would reset the connection
        names = ("Host", "Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode")
        is_local = not rejection({name: self.headers[name] for name in names if name in self.headers}, LOCAL)
        body = (self.text if is_local else "The app does not start.\n").encode()
        self.send_response(HTTPStatus.SERVICE_UNAVAILABLE)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """Write nothing: the terminal has the reason already."""

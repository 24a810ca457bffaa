"""A stand-in for the part of Twilio's REST API that infra/ speaks to: an account, its auth tokens, its API keys."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ACCOUNT = "AC0123456789abcdef0123456789abcdef"


class TwilioRefuses(Exception):
    """Twilio answers with an error: HTTP status, code, words."""

    def __init__(self, status: int, code: int, message: str) -> None:
        """Keep them."""
        super().__init__(message)
        self.status, self.code = status, code


class Twilio:
    """One account."""

    def __init__(self) -> None:
        """Begin with one auth token and one API key."""
        self.url = ""
        self.token = f"marked-token-{secrets.token_hex(8)}"
        self.secondary = ""
        self.keys = {"SK" + "1" * 32: f"marked-key-{secrets.token_hex(8)}"}
        self.requests: list[str] = []
        self.drop: dict[str, str] = {}  # "METHOD /path": "before" or "after": no answer comes, and it was done or not

    def answer(self, method: str, path: str, form: dict[str, str], user: str, password: str) -> tuple[int, Any]:
        """Do what is asked; https://www.twilio.com/docs/iam/api"""
        master = user == ACCOUNT and password in (self.token, self.secondary or None)
        if not master and self.keys.get(user) != password:
            raise TwilioRefuses(401, 20003, "Authenticate")
        base = f"/2010-04-01/Accounts/{ACCOUNT}"
        if path == f"{base}/IncomingPhoneNumbers.json":
            return 200, {"incoming_phone_numbers": []}
        if not master:  # a standard key may not touch the account, keys and tokens
            raise TwilioRefuses(401, 20003, "Authenticate")
        if (method, path) == ("GET", f"{base}.json"):
            return 200, {"sid": ACCOUNT, "status": "active"}
        if (method, path) == ("POST", f"{base}/Keys.json"):
            sid, secret = f"SK{secrets.token_hex(16)}", f"marked-key-{secrets.token_hex(8)}"
            self.keys[sid] = secret
            return 201, {"sid": sid, "friendly_name": form.get("FriendlyName"), "secret": secret}
        if path.startswith(f"{base}/Keys/"):
            return self.key(method, path.rpartition("/")[2].removesuffix(".json"))
        if path == "/v1/AuthTokens/Secondary":
            return self.second_token(method)
        if (method, path) == ("POST", "/v1/AuthTokens/Promote") and self.secondary:
            self.token, self.secondary = self.secondary, ""
            return 200, {"account_sid": ACCOUNT, "auth_token": self.token}
        raise TwilioRefuses(404, 20404, f"The requested resource {path} was not found")

    def key(self, method: str, sid: str) -> tuple[int, Any]:
        """Show or delete a key."""
        if sid not in self.keys:
            raise TwilioRefuses(404, 20404, "The requested resource was not found")
        if method == "DELETE":
            del self.keys[sid]
            return 204, None
        return 200, {"sid": sid, "friendly_name": "phone"}

    def second_token(self, method: str) -> tuple[int, Any]:
        """Create or delete the second token."""
        if method == "DELETE":
            if not self.secondary:
                raise TwilioRefuses(404, 20404, "The requested resource /AuthTokens/Secondary was not found")
            self.secondary = ""
            return 204, None
        if self.secondary:
            raise TwilioRefuses(400, 20001, "A secondary auth token exists already")
        self.secondary = f"marked-token-{secrets.token_hex(8)}"
        return 201, {"account_sid": ACCOUNT, "secondary_auth_token": self.secondary}

    @contextmanager
    def serving(self) -> Iterator[Twilio]:
        """Serve on a free port."""
        twilio = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                path = urlsplit(self.path).path
                user, _, password = base64.b64decode(self.headers["Authorization"].split()[1]).decode().partition(":")
                line = f"{self.command} {path}"
                twilio.requests.append(line)
                when = twilio.drop.pop(line, "")
                if when == "before":
                    return
                try:
                    status, answer = twilio.answer(self.command, path, form, user, password)
                except TwilioRefuses as error:
                    status, answer = error.status, {"code": error.code, "message": str(error), "status": error.status}
                if when == "after":
                    return
                data = json.dumps(answer).encode() if answer is not None else b""
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_DELETE = do_GET

            def log_message(self, *words: object) -> None:
                """Be quiet."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            self.url = f"http://127.0.0.1:{server.server_address[1]}"
            yield self
            server.shutdown()
            thread.join()

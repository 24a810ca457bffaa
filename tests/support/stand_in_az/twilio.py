"""Twilio as infra/ needs it: a stand-in for auth tokens and API keys in front of the emulator, which has the rest."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fake_twilio.testing import Account, FakeTwilio

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
EMULATED = Account(ACCOUNT)


class TwilioRefuses(Exception):
    """Twilio answers with an error: HTTP status, code, words."""

    def __init__(self, status: int, code: int, message: str) -> None:
        """Keep them."""
        super().__init__(message)
        self.status, self.code = status, code


class Twilio:
    """One account."""

    def __init__(self, fake: FakeTwilio) -> None:
        """Begin with one auth token and one API key."""
        self.url = ""
        self.fake = fake
        self.token = f"marked-token-{secrets.token_hex(8)}"
        self.secondary = ""
        self.keys = {"SK" + "1" * 32: f"marked-key-{secrets.token_hex(8)}"}
        self.requests: list[str] = []
        self.drop: dict[str, str] = {}  # "METHOD /path": "before" or "after": no answer comes, and it was done or not

    def forward(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        """Return the emulator's answer to a request."""
        headers = {"Authorization": self.fake.account.by_token}
        request = urllib.request.Request(f"{self.fake.url}{target}", body or None, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def answer(self, method: str, target: str, body: bytes, user: str, password: str) -> tuple[int, Any]:
        """Do what is asked; https://www.twilio.com/docs/iam/api"""
        path = urlsplit(target).path
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        master = user == ACCOUNT and password in (self.token, self.secondary or None)
        if not master and self.keys.get(user) != password:
            raise TwilioRefuses(401, 20003, "Authenticate")
        base = f"/2010-04-01/Accounts/{ACCOUNT}"
        if path != f"{base}.json" and not path.startswith((f"{base}/Keys", "/v1/AuthTokens")):
            return self.forward(method, target, body)
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
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                user, _, password = base64.b64decode(self.headers["Authorization"].split()[1]).decode().partition(":")
                line = f"{self.command} {urlsplit(self.path).path}"
                twilio.requests.append(line)
                when = twilio.drop.pop(line, "")
                if when == "before":
                    return
                try:
                    status, answer = twilio.answer(self.command, self.path, body, user, password)
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

"""Twilio as infra/ needs it: a stand-in for auth tokens and API keys, and the emulator for everything else."""

from __future__ import annotations

import base64
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fake_twilio.testing import Account, FakeTwilio
from tests.support.stand_in_az.app import serve

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
KEY = "SK" + "1" * 32
EMULATED = Account(ACCOUNT)
BASE = f"/2010-04-01/Accounts/{ACCOUNT}"


class Twilio:
    """One account."""

    def __init__(self, fake: FakeTwilio) -> None:
        """Begin with one auth token and one API key."""
        self.url = ""
        self.fake = fake
        self.token = f"marked-token-{secrets.token_hex(8)}"
        self.secondary = ""
        self.keys = {KEY: f"marked-key-{secrets.token_hex(8)}"}
        self.requests: list[str] = []
        self.drop: dict[str, str] = {}  # "METHOD /path": "before" or "after": no answer comes, and it was done or not

    def answer(self, method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[int, Any] | None:
        """Do what is asked, or lose the request or the answer."""
        path = urlsplit(url).path
        user, _, password = base64.b64decode(headers["authorization"].split()[1]).decode().partition(":")
        self.requests.append(f"{method} {path}")
        when = self.drop.pop(self.requests[-1], "")
        if when == "before":
            return None
        own = path == f"{BASE}.json" or path.startswith((f"{BASE}/Keys", "/v1/AuthTokens"))
        if (
            not self.knows(user, password)
            or (path.startswith("/2010-04-01/") and not path.startswith(BASE))
            or (own and user != ACCOUNT)
        ):
            answer = refusal(401, 20003, "Authenticate")
        else:
            answer = self.act(method, path, parse_qs(body.decode())) if own else self.forward(method, url, body)
        return None if when == "after" else answer

    def knows(self, user: str, password: str) -> bool:
        """Whether these are the account and a token of it, or a key and its secret."""
        return password in (self.token, self.secondary or None) if user == ACCOUNT else self.keys.get(user) == password

    def forward(self, method: str, url: str, body: bytes) -> tuple[int, Any]:
        """Return the emulator's answer."""
        headers = {"Authorization": self.fake.account.by_token}
        request = urllib.request.Request(f"{self.fake.url}{url}", body or None, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def act(self, method: str, path: str, form: dict[str, list[str]]) -> tuple[int, Any]:
        """Return status and body; https://www.twilio.com/docs/iam/api."""
        if (method, path) == ("GET", f"{BASE}.json"):
            return 200, {"sid": ACCOUNT, "status": "active"}
        if (method, path) == ("POST", f"{BASE}/Keys.json"):
            sid, secret = f"SK{secrets.token_hex(16)}", f"marked-key-{secrets.token_hex(8)}"
            self.keys[sid] = secret
            return 201, {"sid": sid, "friendly_name": form["FriendlyName"][0], "secret": secret}
        key = path.removeprefix(f"{BASE}/Keys/").removesuffix(".json")
        if key in self.keys:
            if method == "DELETE":
                del self.keys[key]
            return (204, None) if method == "DELETE" else (200, {"sid": key})
        if (method, path) == ("DELETE", "/v1/AuthTokens/Secondary") and self.secondary:
            self.secondary = ""
            return 204, None
        if (method, path) == ("POST", "/v1/AuthTokens/Secondary"):
            if self.secondary:
                return refusal(400, 20001, "A secondary auth token exists already")
            self.secondary = f"marked-token-{secrets.token_hex(8)}"
            return 201, {"account_sid": ACCOUNT, "secondary_auth_token": self.secondary}
        if (method, path) == ("POST", "/v1/AuthTokens/Promote") and self.secondary:
            self.token, self.secondary = self.secondary, ""
            return 200, {"account_sid": ACCOUNT, "auth_token": self.token}
        return refusal(404, 20404, f"The requested resource {path} was not found")

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve on a free port."""
        with serve(self.answer) as port:
            self.url = f"http://127.0.0.1:{port}"
            yield


def refusal(status: int, code: int, message: str) -> tuple[int, Any]:
    """Return an error as Twilio answers it."""
    return status, {"code": code, "message": message, "status": status}

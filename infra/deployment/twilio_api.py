"""The few things of Twilio's REST API that deploying, rotating and connecting need, with the standard library alone.

Addresses and fields as in Twilio's own library, 9.13.0: rest/accounts/v1/secondary_auth_token.py and
auth_token_promotion.py, rest/api/v2010/account/new_key.py and key.py.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

# What urllib raises when there is no answer, half of one, or one that is not HTTP.
NO_ANSWER = (OSError, ValueError, http.client.HTTPException)


class TwilioSaidNo(Exception):
    """Twilio refused a request."""

    def __init__(self, status: int, code: int, message: str) -> None:
        """Keep the HTTP status, Twilio's code, and its words."""
        known = f", code {code}: {message} (https://www.twilio.com/docs/errors/{code})" if code else f": {message}"
        super().__init__(f"Twilio answered {status}{known}")
        self.status = status
        self.code = code


class TwilioUnreachable(Exception):
    """No answer came from Twilio."""


class TwilioAccount:
    """Twilio's REST API, asked in the name of one account with one user name and password."""

    def __init__(self, account_sid: str, user: str, password: str) -> None:
        """`user` is the account's SID with an auth token as the password, or an API key's SID with its secret."""
        self.account_sid = account_sid
        self.authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        # The fake Twilio and the tests answer for all of Twilio's hosts.
        self.api, self.accounts, self.messaging, self.voice = (
            os.environ.get("TWILIO_API_BASE_URL") or f"https://{host}.twilio.com"
            for host in ("api", "accounts", "messaging", "voice")
        )

    @property
    def own(self) -> str:
        """Where what belongs to the account begins."""
        return f"{self.api}/2010-04-01/Accounts/{self.account_sid}"

    def request(self, method: str, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        """Send one request and return the answer; raises TwilioSaidNo or TwilioUnreachable."""
        body = urllib.parse.urlencode(form or {}).encode() if method == "POST" else None
        headers = {"Authorization": self.authorization, "Accept": "application/json"}
        try:
            status, reason, text = send(urllib.request.Request(url, body, headers, method=method))
        except NO_ANSWER as error:
            raise TwilioUnreachable(f"Twilio could not be reached: {in_words(error)}") from None
        found = as_object(text)
        if status >= 400:
            raise TwilioSaidNo(status, found.get("code") or 0, found.get("message") or reason)
        if not found and status != 204:
            host = urllib.parse.urlsplit(url).netloc
            raise TwilioUnreachable(f"Twilio could not be reached: what answers for {host} is not Twilio.")
        return found

    def find(self, url: str) -> dict[str, Any] | None:
        """Return what is at an address, None when there is no such thing."""
        try:
            return self.request("GET", url)
        except TwilioSaidNo as error:
            if error.status == 404:
                return None
            raise

    def every(self, url: str, key: str) -> Iterator[dict[str, Any]]:
        """Return all resources of a list, page by page."""
        while url:
            page = self.request("GET", url)
            yield from page[key]
            url = page.get("meta", {}).get("next_page_url") or page.get("next_page_uri") or ""
            if url.startswith("/"):
                url = self.api + url

    def lets_in(self) -> bool:
        """Whether Twilio takes the account's SID and this auth token."""
        return self.allows(f"{self.own}.json")

    def lets_key_in(self) -> bool:
        """Whether Twilio takes this API key and its secret. Standard keys may read numbers, not the account."""
        return self.allows(f"{self.own}/IncomingPhoneNumbers.json?PageSize=1")

    def allows(self, url: str) -> bool:
        """Whether a GET is not refused for its credentials."""
        try:
            self.request("GET", url)
        except TwilioSaidNo as error:
            if error.status == 401:
                return False
            raise
        return True

    def create_secondary_token(self) -> str:
        """Make Twilio create the account's second auth token, which signs nothing yet; return it."""
        return str(self.request("POST", f"{self.accounts}/v1/AuthTokens/Secondary")["secondary_auth_token"])

    def delete_secondary_token(self) -> None:
        """Make Twilio forget the account's second auth token."""
        self.request("DELETE", f"{self.accounts}/v1/AuthTokens/Secondary")

    def promote_secondary_token(self) -> None:
        """Make the second auth token the first; the old one is void from this moment, and Twilio signs with the new."""
        self.request("POST", f"{self.accounts}/v1/AuthTokens/Promote")

    def create_key(self, name: str) -> tuple[str, str]:
        """Create a standard API key; return its SID and its secret, which Twilio tells this once only."""
        answer = self.request("POST", f"{self.own}/Keys.json", {"FriendlyName": name})
        return str(answer["sid"]), str(answer["secret"])

    def has_key(self, sid: str) -> bool:
        """Whether the account has an API key of this SID."""
        return self.find(f"{self.own}/Keys/{sid}.json") is not None

    def delete_key(self, sid: str) -> None:
        """Delete an API key; one that is gone already is no failure."""
        try:
            self.request("DELETE", f"{self.own}/Keys/{sid}.json")
        except TwilioSaidNo as error:
            if error.status != 404:
                raise


def send(request: urllib.request.Request, seconds: float = 30) -> tuple[int, str, bytes]:
    """Return the status of an answer, the words for it, and its body; raises one of NO_ANSWER."""
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:
            return response.status, response.reason, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, str(error.reason), error.read()


def as_object(text: bytes) -> dict[str, Any]:
    """Return the JSON object that `text` is, else an empty one."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def in_words(error: Exception) -> str:
    """Return why a request did not get through."""
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return (
            f"{reason.verify_message}. This Python does not trust the certificate: behind a proxy that opens TLS, set "
            "SSL_CERT_FILE to its authority's file; on macOS, run `Install Certificates.command` beside Python."
        )
    return str(reason)

"""Twilio's REST API, as far as the deployment commands need it.

Addresses and fields as in Twilio's library, 9.13.0: rest/accounts/v1/secondary_auth_token.py, auth_token_promotion.py,
rest/api/v2010/account/new_key.py and key.py.
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

from deployment.terminal import Failed

# urllib raises these when there is no answer, half of one, or one that is not HTTP.
NO_ANSWER = (OSError, ValueError, http.client.HTTPException)


class TwilioSaidNo(Failed):
    """Twilio rejected a request, with this HTTP status."""

    def __init__(self, status: int, code: int, message: str) -> None:
        """Build the message from Twilio's code and words."""
        known = f", code {code}: {message} (https://www.twilio.com/docs/errors/{code})" if code else f": {message}"
        super().__init__(f"Twilio answered {status}{known}")
        self.status = status


class TwilioUnreachable(Failed):
    """No answer came from Twilio."""


class TwilioAccount:
    """Requests to Twilio's REST API in the name of one account."""

    def __init__(self, account_sid: str, user: str, password: str) -> None:
        """Use the account's SID with an auth token, or an API key's SID with its secret, as user and password."""
        self.account_sid = account_sid
        self.authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        # The emulator answers for all of Twilio's hosts.
        self.api, self.accounts, self.messaging, self.voice = (
            os.environ.get("TWILIO_API_BASE_URL") or f"https://{host}.twilio.com"
            for host in ("api", "accounts", "messaging", "voice")
        )
        self.own = f"{self.api}/2010-04-01/Accounts/{account_sid}"

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
            raise TwilioUnreachable(f"Twilio could not be reached: the server that answers for {host} is not Twilio.")
        return found

    def find(self, url: str, method: str = "GET", missing: int = 404) -> dict[str, Any] | None:
        """Return the answer to a request; None when its status is `missing`."""
        try:
            return self.request(method, url)
        except TwilioSaidNo as error:
            if error.status == missing:
                return None
            raise

    def every(self, url: str, key: str) -> Iterator[dict[str, Any]]:
        """Return all resources of a list, page by page."""
        while url:
            page = self.request("GET", url)
            yield from page[key]
            url = page.get("meta", {}).get("next_page_url") or page.get("next_page_uri") or ""
            url = f"{self.api}{url}" if url.startswith("/") else url

    def lets_in(self) -> bool:
        """Whether Twilio accepts the account's SID and this auth token."""
        return self.find(f"{self.own}.json", missing=401) is not None

    def lets_key_in(self) -> bool:
        """Whether Twilio accepts this API key, which may read numbers but perhaps not the account."""
        return self.find(f"{self.own}/IncomingPhoneNumbers.json?PageSize=1", missing=401) is not None

    def create_secondary_token(self) -> str:
        """Create the account's second auth token, which signs nothing yet; return it."""
        return str(self.request("POST", f"{self.accounts}/v1/AuthTokens/Secondary")["secondary_auth_token"])

    def delete_secondary_token(self) -> None:
        """Delete the account's second auth token."""
        self.request("DELETE", f"{self.accounts}/v1/AuthTokens/Secondary")

    def promote_secondary_token(self) -> None:
        """Make the second auth token the first: the old one is invalid from now on, and the new one signs."""
        self.request("POST", f"{self.accounts}/v1/AuthTokens/Promote")

    def create_key(self, name: str) -> tuple[str, str]:
        """Create a standard API key; return its SID and its secret, which Twilio shows only now."""
        answer = self.request("POST", f"{self.own}/Keys.json", {"FriendlyName": name})
        return str(answer["sid"]), str(answer["secret"])

    def has_key(self, sid: str) -> bool:
        """Whether the account has an API key of this SID."""
        return self.find(f"{self.own}/Keys/{sid}.json") is not None

    def delete_key(self, sid: str) -> None:
        """Delete an API key, if it exists."""
        self.find(f"{self.own}/Keys/{sid}.json", "DELETE")


def send(request: urllib.request.Request, seconds: float = 30) -> tuple[int, str, bytes]:
    """Return status, reason and body of an answer; raises one of NO_ANSWER."""
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:
            return response.status, response.reason, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, str(error.reason), error.read()


def as_object(text: bytes) -> dict[str, Any]:
    """Return a JSON object; an empty one for any other text."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def in_words(error: Exception) -> str:
    """Return why a request did not get through."""
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        advice = (
            "On macOS run `Install Certificates.command`; behind a proxy set SSL_CERT_FILE to its certificate file."
        )
        return f"{reason.verify_message}. This Python does not trust the certificate. {advice}"
    return str(reason)

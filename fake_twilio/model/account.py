"""The account of the emulator: SID, keys, numbers, Messaging Service."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fake_twilio.dates import now

MAGIC_SENDER = "+15005550006"
"""Twilio's test number that may call and text (https://www.twilio.com/docs/iam/test-credentials)."""


@dataclass(frozen=True)
class Account:
    """Credentials and senders. The defaults are those of `local.settings.json.example`."""

    sid: str = "AC00000000000000000000000000000001"
    auth_token: str = "local-auth-token"
    api_key: str = "SK00000000000000000000000000000001"
    api_secret: str = "local-api-secret-of-32-characters"
    numbers: tuple[str, ...] = (MAGIC_SENDER,)
    messaging_service_sid: str = "MG00000000000000000000000000000001"
    twiml_app_sid: str = ""
    """A TwiML App for calls from browsers; without it there is none at the start."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Account":
        """Return the account that the app's settings name; missing settings have defaults."""
        default = cls()
        number = environ.get("TWILIO_FROM_NUMBER", "")
        return cls(
            sid=environ.get("TWILIO_ACCOUNT_SID") or default.sid,
            auth_token=environ.get("TWILIO_AUTH_TOKEN") or default.auth_token,
            api_key=environ.get("TWILIO_API_KEY") or default.api_key,
            api_secret=environ.get("TWILIO_API_SECRET") or default.api_secret,
            numbers=tuple(dict.fromkeys(filter(None, (number, MAGIC_SENDER)))),
            messaging_service_sid=environ.get("TWILIO_MESSAGING_SERVICE_SID") or default.messaging_service_sid,
            twiml_app_sid=environ.get("TWILIO_TWIML_APP_SID") or "AP00000000000000000000000000000001",
        )

    @property
    def by_key(self) -> str:
        """The Authorization header for the API key."""
        return basic(self.api_key, self.api_secret)

    @property
    def by_token(self) -> str:
        """The Authorization header for the auth token, which has more rights."""
        return basic(self.sid, self.auth_token)


def basic(user: str, password: str) -> str:
    """Return the Authorization header for basic authentication."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@dataclass
class AccountStatus:
    """What Twilio's console shows of the account."""

    type: str = "Full"
    status: str = "active"
    balance: str = "21.42"
    currency: str = "USD"
    callable: set[str] = field(default_factory=lambda: {"US", "CA"})
    created: datetime = field(default_factory=now)
    textable: set[str] = field(default_factory=lambda: {"US", "CA"})

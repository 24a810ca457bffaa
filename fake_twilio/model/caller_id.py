"""Verified caller IDs, and the requests to verify them (https://www.twilio.com/docs/voice/api/outgoing-caller-ids)."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from fake_twilio.dates import now, rfc2822
from fake_twilio.model.call import Call, formatted


@dataclass
class CallerId:
    """A number that is not the account's, but may be the caller ID of its calls."""

    account_sid: str
    number: str
    friendly_name: str
    sid: str = field(default_factory=lambda: f"PN{uuid4().hex}")
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)

    def to_json(self) -> dict[str, Any]:
        """Return the OutgoingCallerId resource."""
        return {
            "account_sid": self.account_sid,
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.updated),
            "friendly_name": self.friendly_name,
            "phone_number": self.number,
            "sid": self.sid,
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/OutgoingCallerIds/{self.sid}.json",
        }


def new_code() -> str:
    """Return a code of six digits."""
    return f"{secrets.randbelow(1_000_000):06}"


@dataclass
class Verification:
    """A request to verify a number: the call, and the code to be typed in it."""

    call: Call
    friendly_name: str = ""
    extension: str = ""
    delay: int = 0
    status_callback: str = ""
    status_callback_method: str = "POST"
    verified_sid: str = ""
    """The SID of the caller ID, once the code was typed."""
    code: str = field(default_factory=new_code)

    def __post_init__(self) -> None:
        self.friendly_name = self.friendly_name or formatted(self.call.to)

    @property
    def sid(self) -> str:
        """The SID of the call."""
        return self.call.sid

    @property
    def number(self) -> int:
        """The number of the call in the order of creation."""
        return self.call.number

    def to_json(self) -> dict[str, Any]:
        """Return the ValidationRequest resource."""
        return {
            "account_sid": self.call.account_sid,
            "call_sid": self.call.sid,
            "friendly_name": self.friendly_name,
            "phone_number": self.call.to,
            "validation_code": self.code,
        }

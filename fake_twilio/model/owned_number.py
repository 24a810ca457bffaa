"""The account's phone numbers, and the addresses that Twilio requests for their calls and messages.

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from fake_twilio.dates import now, rfc2822


@dataclass
class Addresses:
    """The webhook addresses that a number and a TwiML App have in common."""

    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"


@dataclass
class OwnedNumber(Addresses):
    """A phone number of the account."""

    number: str = ""
    account_sid: str = ""
    friendly_name: str = ""
    voice_caller_id_lookup: str = "false"
    voice_application_sid: str = ""
    sms_application_sid: str = ""
    trunk_sid: str = ""
    can_call: bool = True
    can_text: bool = True
    sid: str = field(default_factory=lambda: f"PN{uuid4().hex}")
    created: datetime = field(default_factory=now)

    def to_json(self) -> dict[str, Any]:
        """Return the IncomingPhoneNumber resource."""
        own = asdict(self)
        for name in ("number", "created", "can_call", "can_text"):
            del own[name]
        for name in ("voice_application_sid", "sms_application_sid", "trunk_sid"):
            own[name] = own[name] or None
        return {
            **own,
            "address_requirements": "none",
            "address_sid": None,
            "api_version": "2010-04-01",
            "beta": False,
            "bundle_sid": None,
            "emergency_address_sid": None,
            "emergency_address_status": "unregistered",
            "emergency_status": "Inactive",
            "identity_sid": None,
            "type": "local",
            "voice_receive_mode": "voice",
            "phone_number": self.number,
            "friendly_name": self.friendly_name or self.number,
            "voice_caller_id_lookup": self.voice_caller_id_lookup == "true",
            "capabilities": {"voice": self.can_call, "sms": self.can_text, "mms": self.can_text, "fax": False},
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.created),
            "origin": "twilio",
            "status": "in-use",
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/IncomingPhoneNumbers/{self.sid}.json",
        }

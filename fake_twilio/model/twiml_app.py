"""TwiML Apps: addresses under a name (https://www.twilio.com/docs/usage/api/applications)."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from .checks import anything, at_most
from .formats import now, rfc2822
from .owned_numbers import TEXTS, VOICE, Addresses, address

UPDATE = {
    **VOICE,
    **TEXTS,
    "FriendlyName": at_most(20001, 64),
    "SmsStatusCallback": address,
    "MessageStatusCallback": address,
    "VoiceCallerIdLookup": anything,
    "PublicApplicationConnectEnabled": anything,
}


@dataclass
class TwimlApp(Addresses):
    """One of them."""

    account_sid: str = ""
    friendly_name: str = ""
    sms_status_callback: str = ""
    message_status_callback: str = ""
    sid: str = field(default_factory=lambda: f"AP{uuid4().hex}")
    created: datetime = field(default_factory=now)

    def to_json(self) -> dict[str, Any]:
        """The Application resource."""
        own = asdict(self)
        del own["created"]
        return {
            **own,
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.created),
            "voice_caller_id_lookup": False,
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/Applications/{self.sid}.json",
        }

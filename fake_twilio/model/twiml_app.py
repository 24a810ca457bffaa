"""TwiML Apps: named sets of webhook addresses (https://www.twilio.com/docs/usage/api/applications)."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from fake_twilio.dates import now, rfc2822
from fake_twilio.model.owned_number import Addresses


@dataclass
class TwimlApp(Addresses):
    """A TwiML App."""

    account_sid: str = ""
    friendly_name: str = ""
    sms_status_callback: str = ""
    message_status_callback: str = ""
    voice_caller_id_lookup: str = "false"
    public_application_connect_enabled: str = "false"
    sid: str = field(default_factory=lambda: f"AP{uuid4().hex}")
    created: datetime = field(default_factory=now)

    def to_json(self) -> dict[str, Any]:
        """Return the Application resource."""
        own = asdict(self)
        del own["created"]
        return {
            **own,
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.created),
            "api_version": "2010-04-01",
            "public_application_connect_enabled": self.public_application_connect_enabled == "true",
            "voice_caller_id_lookup": self.voice_caller_id_lookup == "true",
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/Applications/{self.sid}.json",
        }

"""Messaging Services (https://www.twilio.com/docs/messaging/api/service-resource)."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from fake_twilio.dates import iso_seconds, now


@dataclass
class MessagingService:
    """A Messaging Service with its sender numbers."""

    sid: str
    account_sid: str
    friendly_name: str = "Service"
    inbound_request_url: str = ""
    inbound_method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    use_inbound_webhook_on_number: str = "true"
    number_sids: list[str] = field(default_factory=list)
    created: datetime = field(default_factory=now)

    def to_json(self) -> dict[str, Any]:
        """Return the Service resource."""
        own: dict[str, Any] = asdict(self)
        del own["number_sids"], own["created"]
        for name in ("inbound_request_url", "fallback_url", "status_callback"):
            own[name] = own[name] or None
        own["use_inbound_webhook_on_number"] = self.use_inbound_webhook_on_number == "true"
        url = f"https://messaging.twilio.com/v1/Services/{self.sid}"
        return {
            **own,
            "area_code_geomatch": True,
            "date_created": iso_seconds(self.created),
            "date_updated": iso_seconds(self.created),
            "fallback_to_long_code": True,
            "links": {
                "phone_numbers": f"{url}/PhoneNumbers",
                "short_codes": f"{url}/ShortCodes",
                "alpha_senders": f"{url}/AlphaSenders",
            },
            "mms_converter": True,
            "scan_message_content": "inherit",
            "smart_encoding": True,
            "sticky_sender": True,
            "synchronous_validation": False,
            "url": url,
            "us_app_to_person_registered": False,
            "usecase": "undeclared",
            "validity_period": 14400,
        }

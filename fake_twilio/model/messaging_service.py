"""Messaging Services (https://www.twilio.com/docs/messaging/api/service-resource)."""

from dataclasses import asdict, dataclass, field
from typing import Any


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

    def to_json(self) -> dict[str, Any]:
        """Return the Service resource."""
        own: dict[str, Any] = asdict(self)
        del own["number_sids"]
        for name in ("inbound_request_url", "fallback_url", "status_callback"):
            own[name] = own[name] or None
        own["use_inbound_webhook_on_number"] = self.use_inbound_webhook_on_number == "true"
        return {**own, "url": f"https://messaging.twilio.com/v1/Services/{self.sid}"}

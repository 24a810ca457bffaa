"""A message: Twilio's Message resource."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fake_twilio.dates import now, rfc2822
from fake_twilio.form import Form
from fake_twilio.model.media import Media
from fake_twilio.model.segments import segments
from fake_twilio.runtime.idle_tracker import Waiter

FINAL = frozenset({"delivered", "undelivered", "failed", "canceled", "received", "read"})

ERRORS = {
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
}
"""Words for the error codes of messages that did not arrive (https://www.twilio.com/docs/api/errors#3-anchor)."""


@dataclass(eq=False)
class Message(Waiter):
    """One message. `parameters` are those of the request that created it."""

    sid: str
    account_sid: str
    to: str
    from_: str | None
    body: str
    media: list[str]
    number: int
    parameters: Form
    messaging_service_sid: str | None = None
    send_at: datetime | None = None
    direction: str = "outbound-api"
    status: str = "queued"
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    sent: datetime | None = None
    error_code: int | None = None
    attachments: list[Media] = field(default_factory=list)
    """The media, as the app finds them."""
    canceled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        """Whether the status is final."""
        return self.status in FINAL

    def cancel(self) -> None:
        """Cancel a scheduled message."""
        self.status, self.updated = "canceled", now()
        self.canceled.set()
        self.wake()

    def to_json(self) -> dict[str, Any]:
        """Return Twilio's representation (https://www.twilio.com/docs/messaging/api/message-resource#message-properties)."""
        uri = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{self.sid}"
        # When a Messaging Service accepts a message, it has neither counted its segments nor chosen a sender.
        untouched = self.status in ("accepted", "scheduled")
        return {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": rfc2822(self.created),
            "date_sent": rfc2822(self.sent),
            "date_updated": rfc2822(self.updated),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": ERRORS.get(self.error_code, "Unknown error") if self.error_code else None,
            "from": self.from_,
            "messaging_service_sid": self.messaging_service_sid,
            "num_media": str(len(self.media)),
            "num_segments": "0" if untouched else str(segments(self.body)),
            "price": None,
            "price_unit": None if untouched else "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }

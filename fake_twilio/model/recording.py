"""A recording: Twilio's Recording resource, with audio that is made up."""

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from .formats import now, rfc2822
from .tone import wav


@dataclass(eq=False)
class Recording:
    """One recording. Nobody's voice is in it: there is a tone for each second that it lasted."""

    account_sid: str
    call_sid: str
    source: str
    """`RecordVerb`, `DialVerb`, `OutboundAPI`, `StartCallRecordingTwiML` or `Conference`."""
    channels: int = 1
    conference_sid: str | None = None
    sid: str = field(default_factory=lambda: f"RE{uuid4().hex}")
    started: datetime = field(default_factory=now)
    ended: datetime | None = None
    words: list[str] = field(default_factory=list)
    """What was typed as speech meanwhile."""

    @property
    def duration(self) -> int | None:
        """Seconds, at least one; None while it lasts."""
        return max(1, math.ceil((self.ended - self.started).total_seconds())) if self.ended else None

    @property
    def status(self) -> str:
        """Twilio's status."""
        return "completed" if self.ended else "in-progress"

    @property
    def path(self) -> str:
        """Where it is, without a suffix: that is the WAV file."""
        return f"/2010-04-01/Accounts/{self.account_sid}/Recordings/{self.sid}"

    def end(self) -> None:
        """Stop to record."""
        self.ended = self.ended or now()

    def audio(self) -> bytes:
        """The WAV file. Each recording has its own pitch."""
        return wav(self.duration or 1, pitch=330 + int(self.sid[-2:], 16), channels=self.channels)

    def to_json(self) -> dict[str, Any]:
        """Twilio's representation (https://www.twilio.com/docs/voice/api/recording#recording-properties)."""
        duration = self.duration
        return {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "call_sid": self.call_sid,
            "channels": self.channels,
            "conference_sid": self.conference_sid,
            "date_created": rfc2822(self.started),
            "date_updated": rfc2822(self.ended or self.started),
            "duration": None if duration is None else str(duration),
            "encryption_details": None,
            "error_code": None,
            "media_url": None,
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "source": self.source,
            "start_time": rfc2822(self.started),
            "status": self.status,
            "subresource_uris": {"transcriptions": f"{self.path}/Transcriptions.json"},
            "uri": f"{self.path}.json",
        }

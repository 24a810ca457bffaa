"""A recording: Twilio's Recording resource, with generated audio."""

import math
import struct
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from fake_twilio.dates import now, rfc2822

RATE = 8000


@dataclass(eq=False)
class Recording:
    """One recording. It contains no voice but a tone for each second."""

    account_sid: str
    call_sid: str
    source: str
    """`RecordVerb`, `DialVerb`, `OutboundAPI`, `StartCallRecordingTwiML`, `StartCallRecordingAPI` or `Conference`."""
    channels: int = 1
    conference_sid: str | None = None
    sid: str = field(default_factory=lambda: f"RE{uuid4().hex}")
    started: datetime = field(default_factory=now)
    ended: datetime | None = None
    paused: bool = False
    absent: bool = False
    """Whether nothing but silence was heard, so that there is no audio."""
    words: list[str] = field(default_factory=list)
    """The words that were typed as speech meanwhile."""

    @property
    def duration(self) -> int | None:
        """Seconds, at least one; None while it is recorded."""
        return max(1, math.ceil((self.ended - self.started).total_seconds())) if self.ended else None

    @property
    def status(self) -> str:
        """Twilio's status."""
        if self.absent:
            return "absent"
        if self.ended:
            return "completed"
        return "paused" if self.paused else "in-progress"

    @property
    def path(self) -> str:
        """The path of the WAV file, without a suffix."""
        return f"/2010-04-01/Accounts/{self.account_sid}/Recordings/{self.sid}"

    def end(self) -> None:
        """End the recording."""
        self.ended = self.ended or now()

    def audio(self) -> bytes:
        """Return the WAV file. Each recording has its own pitch."""
        return wav(self.duration or 1, pitch=330 + int(self.sid[-2:], 16), channels=self.channels)

    def to_json(self) -> dict[str, Any]:
        """Return Twilio's representation (https://www.twilio.com/docs/voice/api/recording#recording-properties)."""
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
            "track": "both",
            "start_time": rfc2822(self.started),
            "status": self.status,
            "subresource_uris": {"transcriptions": f"{self.path}/Transcriptions.json"},
            "uri": f"{self.path}.json",
        }


def second(pitch: float, channels: int) -> bytes:
    """Return one second of 16-bit samples: a tone that swells and fades, then silence."""
    sounding = int(RATE * 0.6)
    samples = bytearray()
    for place in range(RATE):
        loudness = 6000 * math.sin(math.pi * place / sounding) if place < sounding else 0.0
        samples += struct.pack("<h", round(loudness * math.sin(2 * math.pi * pitch * place / RATE))) * channels
    return bytes(samples)


def wav(seconds: int, *, pitch: float = 440.0, channels: int = 1) -> bytes:
    """Return a WAV file with the sampling rate of telephones (http://soundfile.sapp.org/doc/WaveFormat)."""
    size = seconds * RATE * 2 * channels
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + size, b"WAVE",
        b"fmt ", 16, 1, channels, RATE, RATE * 2 * channels, 2 * channels, 16,
        b"data", size,
    )  # fmt: skip
    return head + second(pitch, channels) * seconds

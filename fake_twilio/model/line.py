"""The state of a call's line, beyond what Twilio's Call resource has."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fake_twilio.model.call_input import CallInput
from fake_twilio.model.recording import Recording


@dataclass
class Tap:
    """Something that listens to the call in the background: a stream, a transcription, a recording."""

    kind: str
    name: str
    stop: Callable[[], None]
    hear: Callable[[str], None] | None = None
    """Called with words that are spoken on the phone; None if they are not needed."""


@dataclass
class Step:
    """One thing that happens in a call, as the phone shows it."""

    verb: str
    at: datetime
    about: dict[str, Any]
    state: str = "now"


@dataclass
class Line:
    """The state of the line, and what the phone shows of the call."""

    keys: str = ""
    """All keys that were pressed."""
    steps: list[Step] = field(default_factory=list)
    recording: Recording | None = None
    """The recording of the whole call, if the create asked for one."""
    call_input: CallInput | None = None
    answers: int = 0
    """How often a key or words arrived that a verb waited for."""
    waiting_for: dict[str, Any] | None = None
    """What the listening verb waits for, as the phones page shows it."""
    recordings: list[Recording] = field(default_factory=list)
    taps: list[Tap] = field(default_factory=list)
    connected_to: list[str] = field(default_factory=list)
    queue: str | None = None
    conference: str | None = None
    verification: bool = False
    """Whether Twilio itself calls, to verify the number."""
    refusal: str = ""
    """The final status of an inbound call that was not answered."""
    after_hangup: list[Callable[[], None]] = field(default_factory=list)
    """Requests that Twilio still makes after a hang-up: the action of the verb that was running."""

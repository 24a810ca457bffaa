"""What goes on on the line of a call that is in progress, beyond what Twilio's Call resource says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fake_twilio.model.call_input import CallInput
from fake_twilio.model.recording import Recording


@dataclass
class Tap:
    """Something that listens in beside the call: a stream, a transcription, a recording."""

    kind: str
    name: str
    stop: Callable[[], None]
    hear: Callable[[str], None] | None = None
    """What is done with words that are spoken on the phone; None when they are of no use."""


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
    """The recording of the whole call, where the create asked for one."""

    call_input: CallInput | None = None
    answers: int = 0
    """How often the person has pressed or said something that was waited for."""
    waiting_for: dict[str, Any] | None = None
    """What the verb that listens waits for, as the phones page shows it."""
    recordings: list[Recording] = field(default_factory=list)
    taps: list[Tap] = field(default_factory=list)
    connected_to: list[str] = field(default_factory=list)
    queue: str | None = None
    conference: str | None = None
    refusal: str = ""
    """The final status of an incoming call that nobody has picked up."""
    farewells: list[Callable[[], None]] = field(default_factory=list)
    """What Twilio still asks for after a hang-up: the action of the verb that was running."""

"""What the app did wrong."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from fake_twilio.dates import now


@dataclass(frozen=True)
class Fault:
    """Something that Twilio would show in its debugger, or ignore silently."""

    sid: str | None
    code: int | None
    detail: str
    request: int = field(default=0, compare=False)
    """The ID of the attempt of a webhook whose answer was wrong; 0 if it is not known."""
    at: datetime = field(default_factory=now, compare=False)
    notification: str = field(default_factory=lambda: f"NO{uuid4().hex}", compare=False)
    """The SID of Twilio's notification about it."""

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.code or ""), self.detail, f"({self.sid})" if self.sid else "")))


class Faults:
    """The latest faults, oldest first."""

    def __init__(self, tell: Callable[[Fault], None]) -> None:
        self.seen: deque[Fault] = deque(maxlen=1000)
        self.tell = tell

    def add(self, sid: str | None, code: int | None, detail: str, request: int = 0) -> None:
        """Record a fault and pass it on."""
        fault = Fault(sid, code, detail, request)
        self.seen.append(fault)
        self.tell(fault)

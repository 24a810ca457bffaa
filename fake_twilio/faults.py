"""What the app did wrong."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from fake_twilio.dates import now


@dataclass(frozen=True)
class Fault:
    """Something that Twilio would show in its debugger, or ignore silently."""

    sid: str | None
    code: int | None
    detail: str
    at: datetime = field(default_factory=now, compare=False)

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.code or ""), self.detail, f"({self.sid})" if self.sid else "")))


class Faults:
    """The latest faults, oldest first."""

    def __init__(self, tell: Callable[[Fault], None]) -> None:
        self.seen: deque[Fault] = deque(maxlen=1000)
        self.tell = tell

    def add(self, sid: str | None, code: int | None, detail: str) -> None:
        """Record a fault and pass it on."""
        fault = Fault(sid, code, detail)
        self.seen.append(fault)
        self.tell(fault)

"""The phones: one for each number that was called or got a message."""

from collections import deque
from dataclasses import dataclass, field

from fake_twilio.model.call import Call
from fake_twilio.model.message import Message


@dataclass(eq=False)
class Phone:
    """The phone at one number."""

    number: str
    reachable: bool = True
    """False for a phone that is switched off: calls end as `no-answer`, messages as `undelivered` with 30003."""
    in_service: bool = True
    """False for a number that does not exist: calls end as `failed`, messages as `undelivered` with 30005."""
    named: bool = False
    """Whether a person has added this phone, so that the page shows it before any call or message."""
    answers_by_itself: bool = False
    message_outcome: tuple[str, int | None] = ("delivered", None)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=200))
    messages: deque[Message] = field(default_factory=lambda: deque(maxlen=200))
    handed_out: set[str] = field(default_factory=set)
    """The SIDs of calls that a test has already received."""

    def outcome_of_messages(self) -> tuple[str, int | None]:
        """Return the final status of messages to this phone, and their ErrorCode, if any."""
        if not self.in_service:
            return "undelivered", 30005
        if not self.reachable:
            return "undelivered", 30003
        return self.message_outcome


class Phones:
    """All phones by number. When there are too many, the oldest are forgotten."""

    def __init__(self, autopilot: bool = False) -> None:
        self.autopilot = autopilot
        self.by_number: dict[str, Phone] = {}

    def at(self, number: str) -> Phone:
        """Return the phone at `number`; create it if there is none."""
        phone = self.by_number.get(number)
        if phone is None:
            phone = self.by_number[number] = Phone(number, answers_by_itself=self.autopilot)
            if len(self.by_number) > 5000:
                del self.by_number[next(iter(self.by_number))]
        return phone

"""The phones: one for each number that was ever called or texted."""

from collections import deque
from dataclasses import dataclass, field

from fake_twilio.model.call import Call
from fake_twilio.model.message import Message


@dataclass(eq=False)
class Phone:
    """What stands at the other end of a number."""

    number: str
    reachable: bool = True
    """A phone that is switched off: calls end as `no-answer`, texts as `undelivered` with 30003."""
    in_service: bool = True
    """A number that nobody has: calls end as `failed`, texts as `undelivered` with 30005."""
    named: bool = False
    """A person has asked for this phone: it is shown although nobody has called or texted it."""
    answers_by_itself: bool = False
    text_fate: tuple[str, int | None] = ("delivered", None)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=200))
    messages: deque[Message] = field(default_factory=lambda: deque(maxlen=200))
    handed_out: set[str] = field(default_factory=set)
    """The calls that a test has already got hold of."""

    def fate_of_texts(self) -> tuple[str, int | None]:
        """How a text to this phone ends: the final status, and the ErrorCode if any."""
        if not self.in_service:
            return "undelivered", 30005
        if not self.reachable:
            return "undelivered", 30003
        return self.text_fate


class Phones:
    """All phones, by number; the oldest are forgotten when there are too many."""

    def __init__(self, autopilot: bool = False) -> None:
        self.autopilot = autopilot
        self.by_number: dict[str, Phone] = {}

    def at(self, number: str) -> Phone:
        """The phone at `number`, new if nobody has dialled it yet."""
        phone = self.by_number.get(number)
        if phone is None:
            phone = self.by_number[number] = Phone(number, answers_by_itself=self.autopilot)
            if len(self.by_number) > 5000:
                del self.by_number[next(iter(self.by_number))]
        return phone

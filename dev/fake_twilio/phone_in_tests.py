"""A phone in a test: `fake.phone("+15551234567").wait_for_call().answer()`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import phone as phones
from .call import Call, Step
from .message import Message

if TYPE_CHECKING:
    from .fake import FakeTwilio


class Phone:
    """The phone at one number, and what a person does with it."""

    def __init__(self, fake: "FakeTwilio", number: str) -> None:
        self.fake = fake
        self.number = number

    def wait_for_call(self, timeout: float = 5.0) -> "PhoneCall":
        """The oldest call that has not been handed out yet, once it rings (or has come to its end)."""

        def look() -> Call | None:
            phone = self.phone()
            for call in phone.calls:
                if call.sid not in phone.handed_out and (call.status == "ringing" or call.answered or call.over):
                    phone.handed_out.add(call.sid)
                    return call
            return None

        call = self.fake.wait_for(look, f"a call to {self.number}", timeout)
        return PhoneCall(self.fake, call)

    def wait_for_text(self, containing: str = "", timeout: float = 5.0) -> Message:
        """A text that has been delivered to this phone, the newest of those that match."""

        def look() -> Message | None:
            texts = (text for text in reversed(self.phone().messages) if text.status == "delivered")
            return next((text for text in texts if containing in text.body), None)

        return self.fake.wait_for(look, f"a text to {self.number} with {containing!r}", timeout)

    def switch_off(self) -> None:
        """Calls end as `no-answer`, texts as `undelivered` with 30003."""
        self.change(lambda phone: setattr(phone, "reachable", False))

    def switch_on(self) -> None:
        """The phone can be reached again."""
        self.change(lambda phone: setattr(phone, "reachable", True))

    def disconnect(self) -> None:
        """Nobody has this number: calls end as `failed`, texts as `undelivered` with 30005."""
        self.change(lambda phone: setattr(phone, "in_service", False))

    def answers_by_itself(self) -> None:
        """Every call is answered after a moment."""
        self.change(lambda phone: setattr(phone, "answers_by_itself", True))

    def texts_end_as(self, status: str, error_code: int | None = None) -> None:
        """What becomes of texts: `sent`, `delivered`, `undelivered` or `failed`, with an ErrorCode."""
        self.change(lambda phone: setattr(phone, "text_fate", (status, error_code)))

    def change(self, how: Callable[[phones.Phone], None]) -> None:
        """Change the phone."""
        self.fake.ask(lambda: how(self.phone()))

    def phone(self) -> phones.Phone:
        """The phone itself; on the fake's loop only."""
        return self.fake.exchange.phones.at(self.number)


class PhoneCall:
    """One call, seen from the phone."""

    def __init__(self, fake: "FakeTwilio", call: Call) -> None:
        self.fake = fake
        self.call = call
        self.sid = call.sid

    @property
    def status(self) -> str:
        """Twilio's status of the call, now."""
        return self.fake.ask(lambda: self.call.status)

    @property
    def steps(self) -> list[Step]:
        """What the call has done so far, verb by verb."""
        return self.fake.ask(lambda: list(self.call.steps))

    def answer(self) -> None:
        """Pick up."""
        self.decide("in-progress")

    def decline(self) -> None:
        """Refuse; the caller is told that the line is busy."""
        self.decide("busy")

    def ring_out(self) -> None:
        """Let it ring until the caller's patience is over, which here it is at once."""
        self.decide("no-answer")

    def decide(self, fate: str) -> None:
        """End the ringing."""
        if not self.fake.ask(lambda: self.call.decide(fate)):
            raise AssertionError(f"the call does not ring, it is {self.status}")

    def hang_up(self) -> None:
        """End the call."""
        self.fake.ask(lambda: self.call.interrupt(None))

    def press(self, keys: str) -> None:
        """Press keys."""

        def press() -> None:
            self.call.press(keys)
            self.fake.exchange.changes.tell()

        self.fake.ask(press)

    def heard(self) -> str:
        """The words spoken so far."""
        return self.fake.ask(self.call.heard)

    def wait_until(self, status: str, timeout: float = 5.0) -> None:
        """Wait for a status; at once an error when the call ends with another one."""
        self.fake.wait_for(lambda: self.call.status == status or self.call.over, f"the call to be {status}", timeout)
        if self.status != status:
            raise AssertionError(f"the call is {self.status}, not {status}\n{self.fake.story()}")

    def wait_until_heard(self, words: str, timeout: float = 5.0) -> None:
        """Wait for words."""
        self.fake.wait_for(lambda: words in self.call.heard(), f"the words {words!r}", timeout)

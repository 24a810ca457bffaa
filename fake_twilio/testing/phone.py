"""A phone in a test: `fake.phone("+15551234567").wait_for_call().answer()`, `.call("+15005550006").press("1")`."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from fake_twilio.model import phone as phones
from fake_twilio.model.call import Call
from fake_twilio.model.message import Message
from fake_twilio.phones.actions import NotLikeThis, NotNow, call_from, comes_to, text_from
from fake_twilio.testing.call import PhoneCall
from fake_twilio.testing.simulator_thread import SimulatorThread

T = TypeVar("T")


class Phone:
    """The phone at one number, and what a person does with it."""

    def __init__(self, thread: SimulatorThread, number: str) -> None:
        self.thread = thread
        self.number = number

    def wait_for_call(self, timeout: float = 5.0) -> PhoneCall:
        """The oldest call that has not been handed out yet, once it rings (or has come to its end)."""

        def look() -> Call | None:
            phone = self.phone()
            for call in phone.calls:
                if not comes_to(call, self.number) or call.sid in phone.handed_out:
                    continue
                if call.status == "ringing" or call.answered or call.over:
                    phone.handed_out.add(call.sid)
                    return call
            return None

        call = self.thread.wait_for(look, f"a call to {self.number}", timeout)
        return PhoneCall(self.thread, call)

    def call(self, to: str) -> PhoneCall:
        """Call one of our numbers."""
        return PhoneCall(self.thread, self.act(lambda: call_from(self.thread.simulator, self.number, to)))

    def text(self, to: str, body: str = "", media: Sequence[str] = ()) -> Message:
        """Text one of our numbers. Each of the media stands for a picture; the app is told where to find it."""
        return self.act(lambda: text_from(self.thread.simulator, self.number, to, body, list(media)))

    def act(self, doing: Callable[[], T]) -> T:
        """Do what a person does on a phone; AssertionError when it cannot be done."""
        try:
            return self.thread.ask(doing)
        except (NotNow, NotLikeThis) as error:
            raise AssertionError(f"{self.number}: {error}") from error

    def wait_for_text(self, containing: str = "", timeout: float = 5.0) -> Message:
        """A text that has been delivered to this phone, the newest of those that match."""

        def look() -> Message | None:
            texts = (text for text in reversed(self.phone().messages) if arrived(text))
            return next((text for text in texts if containing in text.body), None)

        return self.thread.wait_for(look, f"a text to {self.number} with {containing!r}", timeout)

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
        self.thread.ask(lambda: how(self.phone()))

    def phone(self) -> phones.Phone:
        """The phone itself; on the fake's loop only."""
        return self.thread.simulator.phones.at(self.number)


def arrived(message: Message) -> bool:
    """Whether a text has come to the phone, and was not sent from it."""
    return message.status == "delivered" and message.direction != "inbound"

"""A phone in a test: `fake.phone("+15551234567").wait_for_call().answer()`, `.call("+15005550006").press("1")`."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from fake_twilio.model import phone as phones
from fake_twilio.model.call import Call
from fake_twilio.model.message import Message
from fake_twilio.phones.actions import InvalidAction, NotPossibleNow, call_from, comes_to, text_from
from fake_twilio.testing.call import PhoneCall
from fake_twilio.testing.simulator_thread import SimulatorThread

T = TypeVar("T")


class Phone:
    """The phone at one number, and what a person does with it."""

    def __init__(self, thread: SimulatorThread, number: str) -> None:
        self.thread = thread
        self.number = number

    def wait_for_call(self, timeout: float = 5.0) -> PhoneCall:
        """Return the oldest call not returned before, as soon as it rings or has ended."""

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
        """Call one of the account's numbers."""
        return PhoneCall(self.thread, self.act(lambda: call_from(self.thread.simulator, self.number, to)))

    def text(self, to: str, body: str = "", media: Sequence[str] = ()) -> Message:
        """Send a message to one of the account's numbers. Each of the media becomes a picture for the app."""
        return self.act(lambda: text_from(self.thread.simulator, self.number, to, body, list(media)))

    def act(self, doing: Callable[[], T]) -> T:
        """Do something on the phone; raise AssertionError if it is not possible."""
        try:
            return self.thread.ask(doing)
        except (NotPossibleNow, InvalidAction) as error:
            raise AssertionError(f"{self.number}: {error}") from error

    def wait_for_text(self, containing: str = "", timeout: float = 5.0) -> Message:
        """Return the newest delivered message that contains these words."""

        def look() -> Message | None:
            texts = (text for text in reversed(self.phone().messages) if arrived(text))
            return next((text for text in texts if containing in text.body), None)

        return self.thread.wait_for(look, f"a text to {self.number} with {containing!r}", timeout)

    def switch_off(self) -> None:
        """Switch the phone off: calls end as `no-answer`, messages as `undelivered` with 30003."""
        self.change(lambda phone: setattr(phone, "reachable", False))

    def switch_on(self) -> None:
        """Switch the phone on."""
        self.change(lambda phone: setattr(phone, "reachable", True))

    def disconnect(self) -> None:
        """Make the number unknown: calls end as `failed`, messages as `undelivered` with 30005."""
        self.change(lambda phone: setattr(phone, "in_service", False))

    def answers_by_itself(self) -> None:
        """Answer every call after a moment."""
        self.change(lambda phone: setattr(phone, "answers_by_itself", True))

    def texts_end_as(self, status: str, error_code: int | None = None) -> None:
        """Set the final status of messages (`sent`, `delivered`, `undelivered`, `failed`) and their ErrorCode."""
        self.change(lambda phone: setattr(phone, "message_outcome", (status, error_code)))

    def change(self, how: Callable[[phones.Phone], None]) -> None:
        """Change the phone."""
        self.thread.ask(lambda: how(self.phone()))

    def phone(self) -> phones.Phone:
        """Return the simulator's phone; only for code on its event loop."""
        return self.thread.simulator.phones.at(self.number)


def arrived(message: Message) -> bool:
    """Tell whether a message was delivered to the phone."""
    return message.status == "delivered" and message.direction != "inbound"

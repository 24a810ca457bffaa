"""What a person does on a phone; used by the page and by tests."""

from fake_twilio.addresses import CLIENT, E164, SIP
from fake_twilio.messaging.inbound import text_in
from fake_twilio.model.call import Call
from fake_twilio.model.message import Message
from fake_twilio.model.phone import Phone
from fake_twilio.simulator import Simulator
from fake_twilio.voice.inbound import call_in


class NotPossibleNow(Exception):
    """The action is not possible now; the message says why."""


class InvalidAction(Exception):
    """The action is never possible; the message says why."""


def name_phone(simulator: Simulator, number: str) -> Phone:
    """Add the phone of a number."""
    if not any(kind.fullmatch(number) for kind in (E164, CLIENT, SIP)):
        raise InvalidAction("number: expected one like +15551234567, client:alice or sip:alice@example.com")
    if number in simulator.account.numbers:
        raise InvalidAction("number: this number belongs to your account; your app answers it")
    phone = simulator.phones.at(number)
    phone.named = True
    simulator.changes.tell()
    return phone


def close_phone(simulator: Simulator, number: str) -> None:
    """Take the phone of a number off the page; its next call or message brings a new one."""
    phone = simulator.phones.by_number.get(number)
    if phone and not all(call.over for call in phone.calls):
        raise NotPossibleNow("This phone has a call: end it first.")
    simulator.phones.by_number.pop(number, None)
    simulator.changes.tell()


def clear_thread(simulator: Simulator, number: str) -> None:
    """Remove the messages and the ended calls of a phone; the phone stays."""
    phone = name_phone(simulator, number)
    phone.messages.clear()
    for call in [call for call in phone.calls if call.over]:
        phone.calls.remove(call)
    simulator.changes.tell()


def call_from(simulator: Simulator, number: str, to: str) -> Call:
    """Call one of the account's numbers."""
    check_ends(simulator, number, to)
    return call_in(simulator, number, to)


def text_from(simulator: Simulator, number: str, to: str, body: str, media: list[str]) -> Message:
    """Send a message to one of the account's numbers."""
    check_ends(simulator, number, to)
    if not (body or media):
        raise InvalidAction("body: expected text, or media")
    if len(media) > 10:
        raise InvalidAction("media: expected at most 10")
    return text_in(simulator, number, to, body, media)


def check_ends(simulator: Simulator, number: str, to: str) -> None:
    """Check that the phone is switched on and that the account owns the number."""
    phone = name_phone(simulator, number)
    if to not in simulator.numbers:
        raise InvalidAction(f"to: expected one of {', '.join(simulator.numbers)}")
    if not (phone.reachable and phone.in_service):
        raise NotPossibleNow("This phone is switched off.")


def rings(call: Call, number: str) -> bool:
    """Tell whether a call rings on the phone `number`, and not at the other end."""
    return call.status == "ringing" and comes_to(call, number)


def comes_to(call: Call, number: str) -> bool:
    """Tell whether the phone `number` is the callee of a call."""
    return not (call.direction == "inbound" and call.from_ == number)


def is_live(call: Call, number: str) -> bool:
    """Tell whether the person on the phone `number` hears somebody, or the ringing tone."""
    return call.status == "in-progress" or (not call.over and not comes_to(call, number))

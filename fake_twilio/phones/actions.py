"""What a person does on a phone, where it can be done; the page and the tests both do it here."""

from fake_twilio.addresses import CLIENT, E164, SIP
from fake_twilio.messaging.inbound import text_in
from fake_twilio.model.call import Call
from fake_twilio.model.message import Message
from fake_twilio.model.phone import Phone
from fake_twilio.simulator import Simulator
from fake_twilio.voice.inbound import call_in


class NotNow(Exception):
    """It cannot be done now; the words say why."""


class NotLikeThis(Exception):
    """It cannot be done at all; the words say why."""


def name_phone(simulator: Simulator, number: str) -> Phone:
    """A phone of that number, which is there from now on."""
    if not any(kind.fullmatch(number) for kind in (E164, CLIENT, SIP)):
        raise NotLikeThis("number: expected one like +15551234567, client:alice or sip:alice@example.com")
    if number in simulator.account.numbers:
        raise NotLikeThis("number: this one is yours; your app answers it")
    phone = simulator.phones.at(number)
    phone.named = True
    simulator.changes.tell()
    return phone


def call_from(simulator: Simulator, number: str, to: str) -> Call:
    """Call one of our numbers."""
    check_ends(simulator, number, to)
    return call_in(simulator, number, to)


def text_from(simulator: Simulator, number: str, to: str, body: str, media: list[str]) -> Message:
    """Text one of our numbers."""
    check_ends(simulator, number, to)
    if not (body or media):
        raise NotLikeThis("body: expected words, or media")
    if len(media) > 10:
        raise NotLikeThis("media: expected at most 10")
    return text_in(simulator, number, to, body, media)


def check_ends(simulator: Simulator, number: str, to: str) -> None:
    """The phone must be on, and the number ours."""
    phone = name_phone(simulator, number)
    if to not in simulator.numbers:
        raise NotLikeThis(f"to: expected one of {', '.join(simulator.numbers)}")
    if not (phone.reachable and phone.in_service):
        raise NotNow("This phone is switched off.")


def rings(call: Call, number: str) -> bool:
    """Whether a call rings on the phone `number`, and not at the other end."""
    return call.status == "ringing" and comes_to(call, number)


def comes_to(call: Call, number: str) -> bool:
    """Whether a call comes to the phone `number`, and does not go out from it."""
    return not (call.direction == "inbound" and call.from_ == number)


def is_live(call: Call, number: str) -> bool:
    """Whether the person on the phone `number` has somebody, or a ringing tone, to listen to."""
    return call.status == "in-progress" or (not call.over and not comes_to(call, number))

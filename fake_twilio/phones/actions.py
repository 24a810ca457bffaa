"""What a person does on a phone, where it can be done; the page and the tests both do it here."""

from .call import Call
from .call_parameters import CLIENT, SIP
from .checks import E164
from .exchange import Exchange
from .incoming import call_in, text_in
from .message import Message
from .phone import Phone


class NotNow(Exception):
    """It cannot be done now; the words say why."""


class NotLikeThis(Exception):
    """It cannot be done at all; the words say why."""


def name_phone(exchange: Exchange, number: str) -> Phone:
    """A phone of that number, which is there from now on."""
    if not any(kind.fullmatch(number) for kind in (E164, CLIENT, SIP)):
        raise NotLikeThis("number: expected one like +15551234567, client:alice or sip:alice@example.com")
    if number in exchange.account.numbers:
        raise NotLikeThis("number: this one is yours; your app answers it")
    phone = exchange.phones.at(number)
    phone.named = True
    exchange.changes.tell()
    return phone


def call_from(exchange: Exchange, number: str, to: str) -> Call:
    """Call one of our numbers."""
    check_ends(exchange, number, to)
    return call_in(exchange, number, to)


def text_from(exchange: Exchange, number: str, to: str, body: str, media: list[str]) -> Message:
    """Text one of our numbers."""
    check_ends(exchange, number, to)
    if not (body or media):
        raise NotLikeThis("body: expected words, or media")
    if len(media) > 10:
        raise NotLikeThis("media: expected at most 10")
    return text_in(exchange, number, to, body, media)


def check_ends(exchange: Exchange, number: str, to: str) -> None:
    """The phone must be on, and the number ours."""
    phone = name_phone(exchange, number)
    if to not in exchange.numbers:
        raise NotLikeThis(f"to: expected one of {', '.join(exchange.numbers)}")
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

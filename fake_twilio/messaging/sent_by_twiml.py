"""Texts that TwiML sends: replies to a text, and the Sms of a call."""

from collections.abc import Callable

from .callback import Callback
from .checks import E164
from .exchange import Exchange
from .form import Form
from .message import Message
from .message_life import live

Fault = Callable[[int | None, str], None]


def send(
    exchange: Exchange, to: str, from_: str, body: str, media: list[str], callback: Callback, fault: Fault
) -> Message:
    """Send a text, which has the life of any other. One that Twilio refuses fails at once."""
    pairs = [("StatusCallback", callback.url), ("StatusCallbackMethod", callback.method)]
    parameters = Form(pairs if callback.url else [])
    message = exchange.new_message(to, from_, body, media, parameters=parameters, direction="outbound-reply")
    if refusal := refused(exchange, message):
        message.status, message.error_code = "failed", refusal[0]
        fault(*refusal)
        exchange.changes.tell()
    else:
        exchange.tasks.spawn(live(exchange, message))
    return message


def refused(exchange: Exchange, message: Message) -> tuple[int, str] | None:
    """Why Twilio does not send a text: its code, and words."""
    if not E164.fullmatch(message.to):
        return 21211, f"{message.to!r} is no number"
    if message.from_ not in exchange.account.numbers:
        return 21606, f"{message.from_!r} is none of our numbers"
    if not (message.body or message.media):
        return 14103, "neither words nor media"
    if len(message.body) > 1600:
        return 21617, f"{len(message.body)} characters; 1600 can be sent"
    if len(message.media) > 10:
        return 21623, f"{len(message.media)} media; ten can be sent"
    if exchange.opt_outs.refuses(message.to, message.from_):
        return 21610, "the recipient has sent STOP"
    return None

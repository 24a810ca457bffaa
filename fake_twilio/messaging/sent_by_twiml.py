"""Messages that TwiML sends: replies to a message, and the Sms verb of calls."""

from collections.abc import Callable
from dataclasses import dataclass, field

from fake_twilio.addresses import E164
from fake_twilio.form import Form
from fake_twilio.messaging.lifecycle import run_message
from fake_twilio.model.message import Message
from fake_twilio.simulator import Simulator
from fake_twilio.webhooks.callback_settings import CallbackSettings

Fault = Callable[[int | None, str], None]


@dataclass(frozen=True)
class Draft:
    """A message that a document wants to send."""

    to: str
    from_: str
    body: str
    media: tuple[str, ...] = ()
    callback: CallbackSettings = field(default_factory=CallbackSettings)


def send(simulator: Simulator, draft: Draft, fault: Fault) -> Message:
    """Send a message with the usual lifecycle. One that Twilio rejects fails immediately, and `fault` is called."""
    callback = draft.callback
    pairs = [("StatusCallback", callback.url), ("StatusCallbackMethod", callback.method)]
    message = simulator.new_message(
        draft.to,
        draft.from_,
        draft.body,
        list(draft.media),
        parameters=Form(pairs if callback.url else []),
        direction="outbound-reply",
    )
    if rejection := reason_to_reject(simulator, message):
        message.status, message.error_code = "failed", rejection[0]
        fault(*rejection)
        simulator.changes.tell()
    else:
        simulator.tasks.spawn(run_message(simulator, message))
    return message


def reason_to_reject(simulator: Simulator, message: Message) -> tuple[int, str] | None:
    """Return why Twilio does not send a message: its code, and the reason; None if it does."""
    if not E164.fullmatch(message.to):
        return 21211, f"{message.to!r} is not a phone number"
    if message.from_ not in simulator.account.numbers:
        return 21606, f"{message.from_!r} is not a number of the account"
    if not (message.body or message.media):
        return 14103, "neither Body nor Media"
    if len(message.body) > 1600:
        return 21617, f"{len(message.body)} characters; at most 1600 can be sent"
    if len(message.media) > 10:
        return 21623, f"{len(message.media)} media; at most ten can be sent"
    if simulator.opt_outs.refuses(message.to, message.from_):
        return 21610, "the recipient has sent STOP"
    return None

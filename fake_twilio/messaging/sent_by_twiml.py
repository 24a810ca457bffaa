"""Messages that TwiML sends: replies to a message, and the Sms verb of calls."""

from collections.abc import Callable

from fake_twilio.addresses import E164
from fake_twilio.form import Form
from fake_twilio.messaging.lifecycle import run_message
from fake_twilio.model.message import Message
from fake_twilio.simulator import Simulator
from fake_twilio.webhooks.callback_settings import CallbackSettings

Fault = Callable[[int | None, str], None]


def send(
    simulator: Simulator, to: str, from_: str, body: str, media: list[str], callback: CallbackSettings, fault: Fault
) -> Message:
    """Send a message with the usual lifecycle. One that Twilio rejects fails immediately."""
    pairs = [("StatusCallback", callback.url), ("StatusCallbackMethod", callback.method)]
    parameters = Form(pairs if callback.url else [])
    message = simulator.new_message(to, from_, body, media, parameters=parameters, direction="outbound-reply")
    if refusal := refused(simulator, message):
        message.status, message.error_code = "failed", refusal[0]
        fault(*refusal)
        simulator.changes.tell()
    else:
        simulator.tasks.spawn(run_message(simulator, message))
    return message


def refused(simulator: Simulator, message: Message) -> tuple[int, str] | None:
    """Return why Twilio does not send a message: its code, and the reason; None if it does."""
    if not E164.fullmatch(message.to):
        return 21211, f"{message.to!r} is no number"
    if message.from_ not in simulator.account.numbers:
        return 21606, f"{message.from_!r} is none of our numbers"
    if not (message.body or message.media):
        return 14103, "neither words nor media"
    if len(message.body) > 1600:
        return 21617, f"{len(message.body)} characters; 1600 can be sent"
    if len(message.media) > 10:
        return 21623, f"{len(message.media)} media; ten can be sent"
    if simulator.opt_outs.refuses(message.to, message.from_):
        return 21610, "the recipient has sent STOP"
    return None

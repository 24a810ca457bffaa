"""The lifecycle of a message, from its creation to its final status."""

import asyncio
from contextlib import suppress

from fake_twilio.dates import now
from fake_twilio.model.message import Message
from fake_twilio.simulator import Simulator
from fake_twilio.webhooks.webhook import Webhook


async def run_message(simulator: Simulator, message: Message) -> None:
    """Run through the statuses; each except the first is reported to the app."""
    if message.send_at and await is_canceled(simulator, message):
        become(simulator, message, "canceled")
        return
    phone = simulator.phones.at(message.to)
    phone.messages.append(message)
    simulator.changes.tell()
    if message.from_ is None:
        message.from_ = simulator.account.numbers[0]
        become(simulator, message, "queued")
    await simulator.pace.human(0.3)
    become(simulator, message, "sending")
    await simulator.pace.human(0.4)
    status, error_code = phone.outcome_of_messages()
    if status != "failed":
        message.sent = now()
        become(simulator, message, "sent")
        await simulator.pace.human(0.8)
    message.error_code = error_code
    become(simulator, message, status)


async def is_canceled(simulator: Simulator, message: Message) -> bool:
    """Wait for the time of a scheduled message; return True if it is canceled before."""
    assert message.send_at
    with simulator.idle.waiting(message), suppress(TimeoutError):
        async with asyncio.timeout((message.send_at - now()).total_seconds()):
            await message.canceled.wait()
    return message.canceled.is_set()


def become(simulator: Simulator, message: Message, status: str) -> None:
    """Change the status and report it to the app."""
    message.status = status
    message.updated = now()
    post_message_status(simulator, message)
    simulator.changes.tell()


def post_message_status(simulator: Simulator, message: Message) -> None:
    """Send the status callback of a message."""
    url = message.parameters.get("StatusCallback")
    if not url:
        return
    fields = [
        ("SmsSid", message.sid),
        ("SmsStatus", message.status),
        ("MessageStatus", message.status),
        ("To", message.to),
        ("MessageSid", message.sid),
        ("AccountSid", message.account_sid),
        ("From", message.from_ or ""),
        ("ApiVersion", "2010-04-01"),
    ]
    if message.messaging_service_sid:
        fields.append(("MessagingServiceSid", message.messaging_service_sid))
    if message.error_code:
        fields.append(("ErrorCode", str(message.error_code)))
    if message.status in ("delivered", "undelivered"):
        fields.append(("RawDlrDoneDate", now().strftime("%y%m%d%H%M")))
    method = message.parameters.get("StatusCallbackMethod").upper() or "POST"
    simulator.sender.post(
        Webhook(message.sid, "status", message.status, url, method, tuple(fields)), message.number, last=message.over
    )

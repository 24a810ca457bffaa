"""The life of a text, from the moment Twilio has it to the moment the phone has it, or not."""

import asyncio
from contextlib import suppress

from .callbacks import post_message_status
from .exchange import Exchange
from .formats import now
from .message import Message


async def live(exchange: Exchange, message: Message) -> None:
    """Go through the statuses; each but the first is told to the app."""
    if message.send_at and await is_canceled(exchange, message):
        become(exchange, message, "canceled")
        return
    phone = exchange.phones.at(message.to)
    phone.messages.append(message)
    exchange.changes.tell()
    if message.from_ is None:
        message.from_ = exchange.account.numbers[0]
        become(exchange, message, "queued")
    await exchange.clock.human(0.3)
    become(exchange, message, "sending")
    await exchange.clock.human(0.4)
    status, error_code = phone.fate_of_texts()
    if status != "failed":
        message.sent = now()
        become(exchange, message, "sent")
        await exchange.clock.human(0.8)
    message.error_code = error_code
    become(exchange, message, status)


async def is_canceled(exchange: Exchange, message: Message) -> bool:
    """Wait for the hour that a scheduled text was given; True when it was canceled before."""
    assert message.send_at
    with exchange.work.resting(message), suppress(TimeoutError):
        async with asyncio.timeout((message.send_at - now()).total_seconds()):
            await message.canceled.wait()
    return message.canceled.is_set()


def become(exchange: Exchange, message: Message, status: str) -> None:
    """Change the status and tell the app."""
    message.status = status
    message.updated = now()
    post_message_status(exchange, message)
    exchange.changes.tell()

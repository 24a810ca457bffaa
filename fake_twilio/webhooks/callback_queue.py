"""Posts the callbacks of one call or text: in order, unless there is chaos."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

from fake_twilio.chaos import Chaos
from fake_twilio.webhooks.webhook import Webhook

Send = Callable[[Webhook], Awaitable[object]]


Lose = Callable[[Webhook], None]


class CallbackQueue:
    """Knows which callbacks are on their way."""

    def __init__(self) -> None:
        self.posted = 0
        self.first_delivered = asyncio.Event()
        self.delivered: dict[int, asyncio.Event] = {}

    def arrival(self, place: int) -> asyncio.Event:
        """Set once the callback posted as the `place`th has been delivered, or given up."""
        return self.delivered.setdefault(place, asyncio.Event())

    async def deliver(self, webhook: Webhook, send: Send) -> None:
        """One after the other: this one goes when the one before has been answered or given up."""
        place = self.posted
        self.posted += 1
        if place:
            await self.arrival(place - 1).wait()
            self.delivered.pop(place - 1)
        try:
            await send(webhook)
        finally:
            self.arrival(place).set()
            self.first_delivered.set()

    async def deliver_in_chaos(
        self, webhook: Webhook, send: Send, lose: Lose, chaos: Chaos, number: int, last: bool
    ) -> None:
        """As the plan has it, each for itself."""
        place = self.posted
        self.posted += 1
        plan = chaos.plan(number, webhook.event)
        await asyncio.sleep(plan.delay)
        if plan.held and not last:
            await self.wait_at_most(self.arrival(place + 1), 2 * chaos.longest)
        if plan.lost is not None:
            lose(webhook)
            await asyncio.sleep(plan.lost)
        try:
            await send(webhook)
        finally:
            self.arrival(place).set()
            self.first_delivered.set()
        if plan.unheard:
            await send(webhook)
        if plan.duplicate is not None:
            await asyncio.sleep(plan.duplicate)
            await send(replace(webhook, token=str(uuid4())))

    async def wait_at_most(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for the event, but not for ever: the next callback may be an answer away."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()

"""Sends the callbacks of one call or message in order, unless there is chaos."""

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
    """The callbacks of one call or message that are on their way; `lose` is told about those that chaos drops."""

    def __init__(self, send: Send, lose: Lose, chaos: Chaos | None) -> None:
        self.send = send
        self.lose = lose
        self.chaos = chaos
        self.posted = 0
        self.first_delivered = asyncio.Event()
        self.delivered: dict[int, asyncio.Event] = {}

    def arrival(self, place: int) -> asyncio.Event:
        """Return the event that is set once the `place`th callback has been delivered or given up."""
        return self.delivered.setdefault(place, asyncio.Event())

    async def deliver(self, webhook: Webhook, number: int, last: bool) -> None:
        """Send a callback of the call or message that was created as the `number`th."""
        if self.chaos:
            await self.deliver_in_chaos(self.chaos, webhook, number, last)
        else:
            await self.deliver_in_order(webhook)

    async def deliver_in_order(self, webhook: Webhook) -> None:
        """Send a callback after the previous one has been answered or given up."""
        place = self.posted
        self.posted += 1
        if place:
            await self.arrival(place - 1).wait()
            self.delivered.pop(place - 1)
        await self.send_first(webhook, place)

    async def deliver_in_chaos(self, chaos: Chaos, webhook: Webhook, number: int, last: bool) -> None:
        """Send a callback as its plan says, independently of the others."""
        place = self.posted
        self.posted += 1
        plan = chaos.plan(number, webhook.event)
        await asyncio.sleep(plan.delay)
        if plan.held and not last:
            await self.wait_at_most(self.arrival(place + 1), 2 * chaos.longest)
        if plan.lost is not None:
            self.lose(webhook)
            await asyncio.sleep(plan.lost)
        await self.send_first(webhook, place)
        if plan.unheard:
            await self.send(webhook)
        if plan.duplicate is not None:
            await asyncio.sleep(plan.duplicate)
            await self.send(replace(webhook, token=str(uuid4())))

    async def send_first(self, webhook: Webhook, place: int) -> None:
        """Send a callback for the first time; the ones that wait for it may go when this ends."""
        try:
            await self.send(webhook)
        finally:
            self.arrival(place).set()
            self.first_delivered.set()

    async def wait_at_most(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for the event, but not without limit: the next callback may depend on this answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()

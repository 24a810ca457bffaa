"""A call that goes out to a phone, until somebody answers it or nobody does."""

import asyncio
from contextlib import suppress

from .call import Call
from .call_status import become
from .callbacks import post_call_event
from .exchange import Exchange
from .formats import now
from .phone import Phone

AUTOPILOT_SECONDS = 1.5


async def ring(exchange: Exchange, call: Call) -> str:
    """Place the call and ring the phone: `in-progress` when it is answered, else the final status."""
    phone = exchange.phones.at(call.to)
    phone.calls.append(call)
    exchange.changes.tell()
    await exchange.clock.human(0.2)
    if not call.ring.is_set():
        call.started = now()
        become(exchange, call, "initiated")
        post_call_event(exchange, call, "initiated")
        await exchange.clock.human(0.6)
    return await reach(exchange, call, phone)


async def reach(exchange: Exchange, call: Call, phone: Phone) -> str:
    """Let the phone ring, if it can."""
    if call.ring.is_set():
        return call.fate
    if not phone.in_service:
        return "failed"
    if not phone.reachable:
        return "no-answer"
    become(exchange, call, "ringing")
    post_call_event(exchange, call, "ringing")
    if phone.answers_by_itself:
        exchange.tasks.spawn(answer_soon(exchange, call))
    seconds = exchange.clock.patience(int(call.parameters.get("Timeout") or 60))
    with exchange.work.resting(call), suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await call.ring.wait()
    call.decide("no-answer")
    return call.fate


async def answer_soon(exchange: Exchange, call: Call) -> None:
    """Pick up after a moment, as people do."""
    await exchange.clock.human(AUTOPILOT_SECONDS)
    call.decide("in-progress")

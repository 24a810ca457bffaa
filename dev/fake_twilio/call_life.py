"""The life of a call: it rings, somebody answers or nobody does, it is talked, it ends."""

import asyncio
from contextlib import suppress
from uuid import uuid4

from .call import Call, Source
from .callbacks import post_call_event, post_machine_detection, post_recording
from .exchange import Exchange
from .formats import now
from .interpreter import interpret
from .phone import Phone
from .session import Session

AUTOPILOT_SECONDS = 1.5


async def live(exchange: Exchange, call: Call) -> None:
    """Go through the statuses of a call that the app has placed."""
    phone = exchange.phones.at(call.to)
    phone.calls.append(call)
    exchange.changes.tell()
    await exchange.clock.human(0.2)
    if not call.ring.is_set():
        call.started = now()
        become(exchange, call, "initiated")
        post_call_event(exchange, call, "initiated")
        await exchange.clock.human(0.6)
    fate = await reach(exchange, call, phone)
    if fate == "in-progress":
        await talk(exchange, call)
    else:
        finish(exchange, call, fate)


async def reach(exchange: Exchange, call: Call, phone: Phone) -> str:
    """Ring the phone: `in-progress` when it is answered, else the final status."""
    if call.ring.is_set():
        return call.fate
    if not phone.in_service:
        return "failed"
    if not phone.reachable:
        return "no-answer"
    become(exchange, call, "ringing")
    post_call_event(exchange, call, "ringing")
    if phone.answers_by_itself:
        exchange.spawn(answer_soon(exchange, call))
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


async def talk(exchange: Exchange, call: Call) -> None:
    """Run the call's documents until they end, somebody hangs up, or the time is over."""
    call.answered = now()
    become(exchange, call, "in-progress")
    post_call_event(exchange, call, "answered")
    detect_machine(exchange, call)
    text = call.parameters.get("Twiml")
    url, method = call.parameters.get("Url"), call.parameters.get("Method").upper()
    source: Source | None = Source(url=url, method=method or "POST") if url else Source(text=text)
    limit = exchange.clock.patience(int(call.parameters.get("TimeLimit") or 14400))
    with suppress(TimeoutError):
        async with asyncio.timeout(limit):
            while source:
                source = await run_until_interrupted(Session(exchange, call), source)
    if call.parameters.get("Record").lower() == "true":
        call.recording_sid = f"RE{uuid4().hex}"
    finish(exchange, call, "completed")
    post_recording(exchange, call)


async def run_until_interrupted(session: Session, source: Source) -> Source | None:
    """Run a document; the document to run instead, if an update by REST has brought one."""
    running = asyncio.ensure_future(interpret(session, source))
    interruption = asyncio.ensure_future(session.call.interruptions.get())
    try:
        await asyncio.wait({running, interruption}, return_when=asyncio.FIRST_COMPLETED)
        if interruption.done():
            return interruption.result()
        return running.result()
    finally:
        running.cancel()
        interruption.cancel()
        await asyncio.wait({running, interruption})


def detect_machine(exchange: Exchange, call: Call) -> None:
    """People answer these phones, not machines."""
    if call.parameters.get("MachineDetection") and not call.parameters.get("SendDigits"):
        call.answered_by = "human"
        if call.parameters.get("AsyncAmd").lower() == "true":
            post_machine_detection(exchange, call)


def become(exchange: Exchange, call: Call, status: str) -> None:
    """Change the status."""
    call.status = status
    call.updated = now()
    exchange.changes.tell()


def finish(exchange: Exchange, call: Call, status: str) -> None:
    """The end, which is told as the event `completed` whatever it was."""
    call.ended = now()
    become(exchange, call, status)
    post_call_event(exchange, call, "completed")

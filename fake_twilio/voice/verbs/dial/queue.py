"""Queue, noun and verb: connect to the caller who has waited longest (https://www.twilio.com/docs/voice/twiml/queue)."""

import asyncio
from contextlib import suppress
from xml.etree.ElementTree import Element

from fake_twilio.model.bridge import Bridge
from fake_twilio.model.call_queue import CallQueue, Waiting
from fake_twilio.model.line import Step
from fake_twilio.voice.session import Session
from fake_twilio.voice.verbs.attributes import flag, text_of, whole_number
from fake_twilio.voice.verbs.dial.outcome import Outcome


async def queue(session: Session, element: Element) -> None:
    """Do as a verb what the noun does in a Dial."""
    with session.step("Queue", detail="") as step:
        await take_from_queue(session, Element("Dial"), element, Outcome(), step)


async def take_from_queue(session: Session, dial: Element, noun: Element, outcome: Outcome, step: Step) -> None:
    """Connect to the first caller in the queue, or wait some time for the next."""
    name = text_of(noun)
    step.about["detail"] = f"queue {name!r}"
    found = session.simulator.queues.get(name)
    if found is None:
        step.about["detail"] += ", which does not exist"
        outcome.status = "failed"
        return
    waiting = await next_in(session, found, whole_number(dial, "timeout", 30))
    if waiting is None:
        return
    session.pick_up()
    found.leave(waiting)
    outcome.status, outcome.bridged, outcome.sid = "completed", True, waiting.call.sid
    bridge = waiting.bridge = Bridge(session.call, waiting.call)
    url = noun.get("url", "").strip()
    if url:
        fields = (
            ("QueueSid", found.sid),
            ("QueueTime", str(waiting.seconds)),
            ("DequeingCallSid", session.call.sid),
        )
        waiting.greeting = session.source(url, noun.get("method", "POST"), fields)
    waiting.taken.set()
    waiting.call.wake()
    started = asyncio.get_running_loop().time()
    try:
        limit = whole_number(dial, "timeLimit", 14400)
        await session.stay_on(bridge, seconds=limit, star=flag(dial, "hangupOnStar"))
    finally:
        outcome.duration = max(1, round(asyncio.get_running_loop().time() - started))


async def next_in(session: Session, found: CallQueue, seconds: int) -> Waiting | None:
    """Return the first waiting call; None if none comes in time."""
    if found.waiting:
        return found.waiting[0]
    future: asyncio.Future[Waiting] = asyncio.get_running_loop().create_future()
    found.agents.append((session.call, future))
    with session.simulator.idle.waiting(session.call), suppress(TimeoutError):
        async with asyncio.timeout(session.simulator.pace.patience(seconds)):
            return await future
    return None

"""Enqueue (https://www.twilio.com/docs/voice/twiml/enqueue)."""

import asyncio
from xml.etree.ElementTree import Element

from ..call import Source
from ..callbacks import Fields
from ..hold import WHILE_WAITING, hold
from ..interpreter import interpret
from ..leg import BEFORE_CONNECTING
from ..race import first
from ..session import HangUp, Session
from ..switchboard import CallQueue, Waiting
from .attributes import text_of, whole_number
from .leave import LeaveQueue

MOST_WAITING = 100


async def enqueue(session: Session, element: Element) -> Source | None:
    """Wait in a queue until somebody takes the call, or the caller leaves."""
    workflow = element.get("workflowSid", "")
    name = text_of(element) or workflow
    queue = session.exchange.queue(name)
    detail = f"queue {name!r}" + ("; TaskRouter is not simulated: a Dial to this queue takes it" if workflow else "")
    waiting = Waiting(session.call)

    def result(word: str) -> Fields:
        return (("QueueResult", word), ("QueueSid", queue.sid), ("QueueTime", str(waiting.seconds)))

    with session.step("Enqueue", detail=detail):
        if len(queue.waiting) >= whole_number(element, "maxQueueSize", MOST_WAITING):
            return session.action(element, result("queue-full"))
        queue.join(waiting)
        session.call.line.queue = name
        try:
            word = await wait_in(session, element, queue, waiting)
        except (asyncio.CancelledError, HangUp):
            word = "bridged" if waiting.bridge else "hangup"
            session.say_goodbye(lambda: session.action(element, result(word)))
            raise
        finally:
            queue.leave(waiting)
            session.call.line.queue = None
            if waiting.bridge:
                waiting.bridge.end()
    return session.action(element, result(word))


async def wait_in(session: Session, element: Element, queue: CallQueue, waiting: Waiting) -> str:
    """Hear music, then be connected; how it ended, in the words of QueueResult."""
    listening = session.beside(session.call, WHILE_WAITING)
    listening.about = lambda: place_fields(queue, waiting)
    url = element.get("waitUrl", "").strip()
    music = session.source(url, element.get("waitUrlMethod", "POST")) if url else None
    try:
        await first(hold(listening, music), waiting.taken.wait())
    except LeaveQueue:
        return "leave"
    session.call.line.queue = None
    if waiting.greeting:
        greeted = session.beside(session.call, BEFORE_CONNECTING)
        await interpret(greeted, waiting.greeting)
        if greeted.hung_up:
            raise HangUp
    if waiting.bridge:
        await session.stay_on(waiting.bridge)
    return "bridged"


def place_fields(queue: CallQueue, waiting: Waiting) -> Fields:
    """Where in the queue the caller is."""
    place = queue.waiting.index(waiting) + 1 if waiting in queue.waiting else 0
    return (
        ("QueueSid", queue.sid),
        ("QueuePosition", str(place)),
        ("QueueTime", str(waiting.seconds)),
        ("AvgQueueTime", str(queue.average)),
        ("CurrentQueueSize", str(len(queue.waiting))),
    )

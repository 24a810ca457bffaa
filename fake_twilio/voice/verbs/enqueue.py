"""Enqueue (https://www.twilio.com/docs/voice/twiml/enqueue)."""

import asyncio
from xml.etree.ElementTree import Element

from fake_twilio.model.call_queue import CallQueue, Waiting
from fake_twilio.runtime.tasks import first
from fake_twilio.twiml.source import Source
from fake_twilio.voice.allowed_verbs import BEFORE_CONNECTING, WHILE_WAITING
from fake_twilio.voice.interpreter import interpret
from fake_twilio.voice.session import HangUp, Session
from fake_twilio.voice.verbs.attributes import text_of, whole_number
from fake_twilio.voice.verbs.leave import LeaveQueue
from fake_twilio.voice.wait_url import play_wait_url
from fake_twilio.webhooks.fields import Fields

MOST_WAITING = 100


async def enqueue(session: Session, element: Element) -> Source | None:
    """Wait in a queue until an agent takes the call, or the caller leaves."""
    workflow = element.get("workflowSid", "")
    name = text_of(element) or workflow
    queue = session.simulator.queue(name)
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
            session.request_after_hangup(lambda: session.action(element, result(word)))
            raise
        finally:
            queue.leave(waiting)
            session.call.line.queue = None
            if waiting.bridge:
                waiting.bridge.end()
    return session.action(element, result(word))


async def wait_in(session: Session, element: Element, queue: CallQueue, waiting: Waiting) -> str:
    """Wait and be connected; return the QueueResult."""
    listening = session.beside(session.call, WHILE_WAITING)
    listening.about = lambda: place_fields(queue, waiting)
    url = element.get("waitUrl", "").strip()
    music = session.source(url, element.get("waitUrlMethod", "POST")) if url else None
    try:
        await first(play_wait_url(listening, music), waiting.taken.wait())
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
    """Return the parameters about the place in the queue."""
    place = queue.waiting.index(waiting) + 1 if waiting in queue.waiting else 0
    return (
        ("QueueSid", queue.sid),
        ("QueuePosition", str(place)),
        ("QueueTime", str(waiting.seconds)),
        ("AvgQueueTime", str(queue.average)),
        ("CurrentQueueSize", str(len(queue.waiting))),
    )

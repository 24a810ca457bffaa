"""Leave (https://www.twilio.com/docs/voice/twiml/leave)."""

from xml.etree.ElementTree import Element

from fake_twilio.voice.allowed_verbs import WHILE_WAITING
from fake_twilio.voice.session import Session


class LeaveQueue(Exception):
    """Leave ends the wait in a queue."""


async def leave(session: Session, element: Element) -> None:
    """Leave the queue; the verb after Enqueue is next."""
    with session.step("Leave"):
        if session.only is WHILE_WAITING and session.call.line.queue is not None:
            raise LeaveQueue
        session.fault(None, "Leave: this caller is not in a queue")

"""Pause (https://www.twilio.com/docs/voice/twiml/pause)."""

from xml.etree.ElementTree import Element

from fake_twilio.voice.session import Session
from fake_twilio.voice.verbs.attributes import whole_number


async def pause(session: Session, element: Element) -> None:
    """Wait in silence."""
    length = whole_number(element, "length", 1)
    with session.step("Pause", length=length):
        await session.pass_time(length)

"""Hangup (https://www.twilio.com/docs/voice/twiml/hangup)."""

from xml.etree.ElementTree import Element

from fake_twilio.voice.session import HangUp, Session


async def hangup(session: Session, element: Element) -> None:
    """End the call."""
    with session.step("Hangup"):
        raise HangUp

"""Echo (https://www.twilio.com/docs/voice/twiml/echo)."""

from xml.etree.ElementTree import Element

from fake_twilio.voice.session import Session


async def echo(session: Session, element: Element) -> None:
    """Wait until somebody hangs up. The phones have no sound, so nothing is echoed."""
    with session.step("Echo", detail="the phones have no sound: nothing is echoed until somebody hangs up"):
        await session.rest()

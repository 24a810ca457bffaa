"""Echo (https://www.twilio.com/docs/voice/twiml/echo)."""

from xml.etree.ElementTree import Element

from fake_twilio.voice.session import Session


async def echo(session: Session, element: Element) -> None:
    """Goes on until somebody hangs up. There is no sound on these phones, so nothing comes back."""
    with session.step("Echo", detail="there is no sound on these phones: nothing is echoed until somebody hangs up"):
        await session.rest()

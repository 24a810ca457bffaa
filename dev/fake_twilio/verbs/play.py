"""Play (https://www.twilio.com/docs/voice/twiml/play)."""

from xml.etree.ElementTree import Element

from ..session import HangUp, Session
from .attributes import whole_number
from .repeat import repeat

SECONDS = 5.0
"""What an audio file takes here: nobody has looked at it."""


async def play(session: Session, element: Element) -> None:
    """Play an audio file, or the tones of some keys."""
    loop = whole_number(element, "loop", 1)
    digits = element.get("digits")
    if digits is not None:
        with session.step("Play", digits=digits, loop=loop):
            await repeat(session, loop, 0.5 * len(digits))
        return
    url = (element.text or "").strip()
    if not url:
        session.fault(None, "Play: neither an address nor digits")
        raise HangUp
    with session.step("Play", url=session.source(url, "GET").url, loop=loop):
        await repeat(session, loop, SECONDS)

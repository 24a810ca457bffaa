"""Start (https://www.twilio.com/docs/voice/twiml/start)."""

from xml.etree.ElementTree import Element

from ..call import Source
from ..session import Session
from ..taps import TAPS


async def start(session: Session, element: Element) -> Source | None:
    """Begin to listen in beside the call, and go on at once."""
    for noun in element:
        tap = TAPS.get(noun.tag)
        detail = tap.detail if tap else f"<{noun.tag}> is not simulated here: skipped"
        with session.step("Start", detail=f"{noun.tag}: {detail}"):
            if tap:
                session.call.line.taps.append(tap.begin(session, noun))
    return session.action(element, ())

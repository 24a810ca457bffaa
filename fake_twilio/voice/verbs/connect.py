"""Connect (https://www.twilio.com/docs/voice/twiml/connect)."""

from xml.etree.ElementTree import Element

from fake_twilio.twiml.source import Source
from fake_twilio.voice.session import Session


async def connect(session: Session, element: Element) -> Source | None:
    """Report the stream or service; the emulator cannot run it, so it ends immediately."""
    for noun in element:
        url = noun.get("url", "")
        detail = f"{noun.tag}: the emulator opens no WebSocket and runs no service: it ends immediately"
        with session.step("Connect", detail=detail, **({"url": url} if url else {})):
            if noun.tag == "Stream" and not url.startswith("wss://"):
                session.fault(31920, f"Connect: the Stream's url {url!r} is not a wss:// address")
    return session.action(element, ())

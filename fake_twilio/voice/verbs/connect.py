"""Connect (https://www.twilio.com/docs/voice/twiml/connect)."""

from xml.etree.ElementTree import Element

from fake_twilio.twiml.source import Source
from fake_twilio.voice.session import Session


async def connect(session: Session, element: Element) -> Source | None:
    """Hand the call over to a stream or the like. Nothing here can talk for it: it is as if that had ended at once."""
    for noun in element:
        url = noun.get("url", "")
        detail = f"{noun.tag}: a fake opens no web socket and has no voice; as if it had ended at once"
        with session.step("Connect", detail=detail, **({"url": url} if url else {})):
            if noun.tag == "Stream" and not url.startswith("wss://"):
                session.fault(31920, f"Connect: the Stream's url {url!r} is no wss:// address")
    return session.action(element, ())

"""Redirect (https://www.twilio.com/docs/voice/twiml/redirect)."""

from xml.etree.ElementTree import Element

from fake_twilio.twiml.source import Source
from fake_twilio.voice.session import Session


async def redirect(session: Session, element: Element) -> Source:
    """Continue with another document."""
    url = (element.text or "").strip()
    with session.step("Redirect", url=url):
        return session.source(url or session.document_url, element.get("method", "POST"))

"""Parse TwiML; document types and entities are rejected."""

from xml.etree.ElementTree import Element, ParseError, XMLParser, fromstring


class NotTwiml(Exception):
    """Twilio's 12100: Document parse failure."""


def parse(text: bytes) -> Element:
    """Return the `<Response>` in `text`."""
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise NotTwiml("a document type or an entity")
    try:
        root = fromstring(text, XMLParser())
    except (ParseError, ValueError) as error:
        raise NotTwiml(str(error) if text.strip() else "the document is empty") from error
    if root.tag != "Response":
        raise NotTwiml(f"the root is <{root.tag}>, not <Response>")
    return root

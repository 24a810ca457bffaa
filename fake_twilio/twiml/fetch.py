"""Fetch, parse and check the TwiML of a call or message."""

from typing import Protocol
from xml.etree.ElementTree import Element, SubElement

from fake_twilio.twiml.check import Kind, check, relative_addresses
from fake_twilio.twiml.parse import NotTwiml, parse
from fake_twilio.twiml.source import Source
from fake_twilio.webhooks.answer_checks import TWIML_TYPES
from fake_twilio.webhooks.client import TOO_LARGE
from fake_twilio.webhooks.fields import Fields
from fake_twilio.webhooks.webhook import Answer, place


class Reader(Protocol):
    """The session of a call or message that needs a document."""

    kind: Kind
    document_url: str

    @property
    def fallback(self) -> Source: ...

    def fault(self, code: int | None, detail: str) -> None: ...

    async def request(self, source: Source, extra: Fields = ()) -> Answer: ...


class NoDocument(Exception):
    """There is no document to run; `code` is Twilio's error code."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


async def fetch_or_fallback(reader: Reader, source: Source) -> Element:
    """Fetch the document at `source`, else the one at the fallback address, which gets the error code."""
    try:
        return await fetch(reader, source)
    except NoDocument as failure:
        fallback = reader.fallback
        if not fallback.url or not source.url:
            raise
        return await fetch(reader, fallback, (("ErrorCode", str(failure.code)), ("ErrorUrl", source.url)))


async def fetch(reader: Reader, source: Source, extra: Fields = ()) -> Element:
    """Fetch, parse and check one document."""
    if not source.url:
        reader.document_url = ""
        return read(reader, source.text.encode())
    answer = await reader.request(source, extra)
    reader.document_url = source.url.partition("#")[0]
    if answer.failure:
        raise NoDocument(answer.code or 11200, answer.detail)
    if len(answer.body) > TOO_LARGE:
        reader.fault(11750, f"{place(source.url)} answered more than 64 kB")
        raise NoDocument(11750, "too large")
    if answer.content_type in TWIML_TYPES:
        return read(reader, answer.body)
    return instead_of_twiml(reader, source, answer)


def read(reader: Reader, text: bytes) -> Element:
    """Parse and check a document; raise NoDocument if it is not TwiML."""
    try:
        document = parse(text)
    except NotTwiml as error:
        reader.fault(12100, f"not TwiML: {error}")
        raise NoDocument(12100, str(error)) from error
    for detail in check(document, reader.kind):
        reader.fault(12200, detail)
    if not reader.document_url:
        for detail in relative_addresses(document):
            reader.fault(11100, f"{detail} in TwiML that came with the call; it must be absolute")
    return document


def instead_of_twiml(reader: Reader, source: Source, answer: Answer) -> Element:
    """Return TwiML for other content types: Twilio plays audio, and speaks or sends plain text.

    https://www.twilio.com/docs/voice/twiml#twilio-understands-mime-types
    """
    document = Element("Response")
    voice = reader.kind == "voice"
    if not voice and (answer.status == 204 or not answer.body):
        return document
    if voice and answer.content_type.startswith("audio/"):
        SubElement(document, "Play").text = source.url
    elif answer.content_type == "text/plain":
        done = "spoken" if voice else "sent as a text"
        reader.fault(None, f"{place(source.url)} answered plain text, which is {done}; TwiML is text/xml")
        SubElement(document, "Say" if voice else "Message").text = answer.body.decode(errors="replace")
    else:
        reader.fault(
            12300, f"{place(source.url)} answered {answer.content_type or 'no Content-Type'}; TwiML is text/xml"
        )
        raise NoDocument(12300, "wrong Content-Type")
    return document

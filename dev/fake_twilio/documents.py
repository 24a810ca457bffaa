"""Gets the TwiML that a call is to run: fetched or given, judged, and with an apology when there is none."""

from xml.etree.ElementTree import Element, SubElement

from .call import Source
from .judge import TWIML_TYPES
from .session import HangUp, Session
from .twiml_check import check, relative_addresses
from .twiml_parse import NotTwiml, parse
from .webhook import Answer, place
from .webhook_client import TOO_LARGE

APOLOGY = "We are sorry, an application error has occurred. Goodbye."


class NoDocument(Exception):
    """There is nothing to run; the code is Twilio's."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


async def load(session: Session, source: Source) -> Element:
    """The document at `source`, or at the call's fallback address, or none: then the caller hears Twilio's apology."""
    parameters = session.call.parameters
    try:
        return await obtain(session, source)
    except NoDocument as failure:
        fallback = parameters.get("FallbackUrl")
        if fallback and source.url:
            method = parameters.get("FallbackMethod").upper() or "POST"
            why = (("ErrorCode", str(failure.code)), ("ErrorUrl", source.url))
            try:
                return await obtain(session, Source(url=fallback, method=method), why)
            except NoDocument:
                pass
    with session.step("Say", text=APOLOGY, voice="", language="", loop=1):
        await session.pass_time(3)
    raise HangUp


async def obtain(session: Session, source: Source, extra: tuple[tuple[str, str], ...] = ()) -> Element:
    """One document, parsed and judged."""
    if not source.url:
        session.document_url = ""
        return read(session, source.text.encode())
    answer = await session.request(source, extra)
    session.document_url = source.url.partition("#")[0]
    if answer.failure:
        raise NoDocument(answer.code or 11200, answer.detail)
    if len(answer.body) > TOO_LARGE:
        session.fault(11750, f"{place(source.url)} answered more than 64 kB")
        raise NoDocument(11750, "too large")
    if answer.content_type in TWIML_TYPES:
        return read(session, answer.body)
    return instead_of_twiml(session, source, answer)


def read(session: Session, text: bytes) -> Element:
    """Parse and judge; only what is no XML, or no TwiML at all, cannot be run."""
    try:
        document = parse(text)
    except NotTwiml as error:
        session.fault(12100, f"not TwiML: {error}")
        raise NoDocument(12100, str(error)) from error
    for detail in check(document, "voice"):
        session.fault(12200, detail)
    if not session.document_url:
        for detail in relative_addresses(document):
            session.fault(11100, f"{detail} in TwiML that came with the call: it must be absolute")
    return document


def instead_of_twiml(session: Session, source: Source, answer: Answer) -> Element:
    """Twilio plays audio and speaks plain text (https://www.twilio.com/docs/voice/twiml#twilio-understands-mime-types)."""
    document = Element("Response")
    if answer.content_type.startswith("audio/"):
        SubElement(document, "Play").text = source.url
    elif answer.content_type == "text/plain":
        session.fault(None, f"{place(source.url)} answered plain text, which is spoken; TwiML is text/xml")
        SubElement(document, "Say").text = answer.body.decode(errors="replace")
    else:
        session.fault(
            12300, f"{place(source.url)} answered {answer.content_type or 'no Content-Type'}; TwiML is text/xml"
        )
        raise NoDocument(12300, "wrong Content-Type")
    return document

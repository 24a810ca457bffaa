"""Build TwiML with Twilio's own builder, and check TwiML from other sources.

The builder does not check its input; this module rejects what XML or Twilio would reject.
"""

from __future__ import annotations

import re
from xml.parsers import expat

import azure.functions as func
from twilio.twiml import TwiML
from twilio.twiml.voice_response import VoiceResponse

# https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource
INLINE_LIMIT = 4000
# https://www.twilio.com/docs/voice/twiml/say
SAY_LIMIT = 4096
# voice="…" language="…", each as long as ATTRIBUTE allows.
ROOM_FOR_ATTRIBUTES = 160
ATTRIBUTE = re.compile(r"[A-Za-z0-9._-]{1,64}")

# https://www.w3.org/TR/xml/#charsets
FORBIDDEN_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def say(words: str, voice: str | None = None, language: str | None = None) -> VoiceResponse:
    """Return a document that says `words`, which `check_words` has accepted."""
    response = VoiceResponse()
    response.say(words, voice=voice, language=language)
    return response


def hello() -> VoiceResponse:
    """Return the document that says hello to the world."""
    return say("Hello World")


def check_words(words: str) -> str:
    """Return words unchanged if a Say can contain them; raises ValueError."""
    if not words.strip():
        raise ValueError("is blank")
    check_characters(words)
    if len(str(say(words))) > INLINE_LIMIT - ROOM_FOR_ATTRIBUTES:
        raise ValueError(f"is too long: with its markup at most {INLINE_LIMIT:,} characters can be sent with a call")
    return words


def check_attribute(text: str) -> str:
    """Return a voice or language unchanged if it has a valid form; raises ValueError."""
    if not ATTRIBUTE.fullmatch(text):
        raise ValueError("expected 1 to 64 letters, digits, dots, dashes or underscores, like en-GB")
    return text


def check_characters(text: str) -> None:
    """Raise ValueError if `text` contains a character that XML forbids, even escaped."""
    if forbidden := FORBIDDEN_IN_XML.search(text):
        raise ValueError(f"contains U+{ord(forbidden[0]):04X} at position {forbidden.start()}, which XML forbids")


def check_inline(document: str) -> str:
    """Return TwiML unchanged if it can be sent with a call; raises ValueError."""
    if len(document) > INLINE_LIMIT:
        raise ValueError(f"is {len(document):,} characters long; at most {INLINE_LIMIT:,} can be sent with a call")
    check_document(document)
    return document


def check_document(document: str) -> None:
    """Raise ValueError unless `document` is well-formed XML with the root <Response>, no DTD and no entities."""
    root = ""

    def start_element(name: str, attributes: object) -> None:
        nonlocal root
        root = root or name

    def reject_doctype(*declaration: object) -> None:
        raise ValueError("has a DOCTYPE; TwiML has none")

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = start_element
    # Without a DTD no entity can be declared, so neither expansion nor a fetch can happen.
    parser.StartDoctypeDeclHandler = reject_doctype
    try:
        parser.Parse(document.encode(), True)
    except UnicodeEncodeError:
        raise ValueError("contains a lone surrogate, which XML forbids") from None
    except expat.ExpatError as error:
        raise ValueError(f"is not XML: {expat.errors.messages[error.code]}, line {error.lineno}") from None
    if root != "Response":
        raise ValueError(f"has the root <{root}>; TwiML's is <Response>")


def apology() -> VoiceResponse:
    """Return the document that apologises and ends the call."""
    response = say("We are sorry, something went wrong. Please call again later.")
    response.hangup()
    return response


def twiml_response(document: TwiML | str) -> func.HttpResponse:
    """Return TwiML with a media type that Twilio accepts.

    https://www.twilio.com/docs/voice/twiml#twilio-understands-mime-types
    """
    return func.HttpResponse(str(document), mimetype="text/xml", charset="utf-8")

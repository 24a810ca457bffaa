"""Types of attribute values. A value may contain placeholders like {{From}}, filled when the script is served."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from shared import patterns, phone_numbers
from shared.request_body import Checked
from shared.scripts.verbs.element import Address
from shared.twiml_builder import SAY_LIMIT, check_characters
from shared.web_addresses import HTTP, is_own_path, split_url

NAME_AND_END = r"\s*([A-Za-z][A-Za-z0-9_]{0,63})\s*\}\}"
PLACEHOLDER = re.compile(r"\{\{" + NAME_AND_END)
# As in TwiML Bins: the number in it is written in E.164.
E164_SECTION = re.compile(r"\{\{#e164\}\}(.*?)\{\{/e164\}\}", re.DOTALL)
NO_PLACEHOLDER = re.compile(r"\{\{(?!" + NAME_AND_END + ")")
WHOLE_ADDRESS = re.compile(r"\{\{\s*[A-Za-z]{1,40}Url\d{0,2}\s*\}\}")
LONGEST_TEXT = 4000
# Begins the message about a value that Twilio itself would accept.
HOUSE_RULE = "this app's rule: "


def check_text(value: str) -> None:
    """Raise ValueError if a text cannot be written as XML, or contains `{{` that does not begin a placeholder.

    A mistyped placeholder would be read aloud to a caller; therefore a script cannot say two opening braces.
    """
    check_characters(value)
    if braces := NO_PLACEHOLDER.search(E164_SECTION.sub(r"\1", value)):
        raise ValueError(
            f"{HOUSE_RULE}contains {{{{ at position {braces.start()}, "
            "which does not begin a placeholder like {{From}}"
        )


def matching(pattern: str, expected: str, *, placeholders: bool = True) -> Checked:
    """Check that a text matches. Where placeholders are allowed, a text with one is checked when it is filled."""
    form = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        check_text(text)
        if not form.fullmatch(text) and not (placeholders and PLACEHOLDER.search(text)):
            raise ValueError(f"expected {expected}")
        return text

    return Checked(check)


def unless_placeholder(read: Callable[[str], str]) -> Checked:
    """Read a value with a function. One with placeholders is read when it is filled."""

    def check(value: str) -> str:
        check_text(value)
        return value if PLACEHOLDER.search(value) else read(value)

    return Checked(check)


def caller_id(value: str) -> str:
    """Return a caller ID: a number in E.164, `client:…`, or a name, which only SIP and client legs show."""
    if re.fullmatch(f"{patterns.CLIENT}|{patterns.CALLER_NAME}", value):
        return value
    return phone_numbers.number(value)


def sip_address(value: str) -> str:
    """Return a SIP address; Twilio accepts it without `sip:` in TwiML."""
    check_text(value)
    address = value if re.match("sips?:", value, re.IGNORECASE) else f"sip:{value}"
    # https://www.twilio.com/docs/voice/twiml/sip: less than 255 characters, and less than 1,024 of headers.
    uri, _, headers = address.partition("?")
    if not re.fullmatch(patterns.SIP, address) or len(uri) > 254 or len(headers) > 1023:
        raise ValueError("expected a SIP address like sip:alice@example.com of less than 255 characters")
    return address


def text(longest: int | None = None, *, blank: bool = False) -> Checked:
    """Check that a text is not blank unless `blank`, and can be written as XML; `longest` is a limit of Twilio's."""

    def check(value: str) -> str:
        if not blank and not value.strip():
            raise ValueError("is blank")
        check_length(value, longest)
        check_text(value)
        return value

    return Checked(check, longest)


def check_length(value: str, longest: int | None) -> None:
    """Raise ValueError if a text is longer than Twilio allows or, without such a limit, than this app does."""
    if len(value) > (longest or LONGEST_TEXT):
        rule = "" if longest else HOUSE_RULE
        raise ValueError(f"{rule}is {len(value):,} characters long; at most {longest or LONGEST_TEXT:,} are allowed")


def phrases(most: int, longest: int) -> Checked:
    """Check that a text is a list of phrases, separated by commas: at most `most`, each at most `longest` long."""

    def check(value: str) -> str:
        check_text(value)
        found = [phrase.strip() for phrase in value.split(",")]
        if not any(found):
            raise ValueError("is blank")
        if len(found) > most:
            raise ValueError(f"expected at most {most:,} phrases, got {len(found):,}")
        if (length := max(map(len, found))) > longest:
            raise ValueError(f"contains a phrase of {length:,} characters; at most {longest} are allowed")
        return value

    return Checked(check)


def sid(*prefixes: str) -> Checked:
    """Check that a text is a SID that begins with one of the prefixes."""
    expected = f"a SID: {' or '.join(prefixes)} and 32 hexadecimal digits"
    return matching(f"(?:{'|'.join(prefixes)}){patterns.HEX_32}", expected)


def is_relative(value: str) -> bool:
    """Return whether an address is relative to its document's: `next`, `../next` or `?a=b`."""
    if not value or value.startswith(("/", "{{")):
        return False
    try:
        return not urlsplit(value).scheme
    except ValueError:
        return False


def address(*schemes: str, relative: bool = True, silence: bool = False) -> Checked:
    """Check that a text is a URL with one of the schemes or, if `relative`, a path on this app's site, or relative.

    Its path and query may contain placeholders. If `relative`, the whole value may be one placeholder for a URL that
    Twilio sends: {{RecordingUrl}}, {{MediaUrl0}}. If `silence`, the value may be empty.
    """
    expected = f"expected an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    if relative:
        expected += " or with /, or a relative one like next"
    if silence:
        expected += ", or nothing for silence"

    def check(value: str) -> str:
        if (relative and WHOLE_ADDRESS.fullmatch(value)) or (silence and not value):
            return value
        check_text(value)
        check_length(value, None)
        if not value:
            raise ValueError(f"{HOUSE_RULE}is blank")
        if not value.isprintable() or " " in PLACEHOLDER.sub("", value):
            raise ValueError(expected)
        url = split_url(value, schemes)
        absolute = url is not None and "{" not in url.netloc
        if not absolute and not (relative and (is_own_path(value) or is_relative(value))):
            raise ValueError(expected)
        return value

    return Checked(check)


def each_of(*allowed: str) -> Checked:
    """Check that a list contains some of the words, each once; in TwiML they are separated by spaces."""

    def check(values: list[str]) -> list[str]:
        wrong = [value for value in values if value not in allowed]
        if wrong or not values or len(set(values)) < len(values):
            raise ValueError(f"expected some of {', '.join(allowed)}, each once")
        return values

    return Checked(check)


# https://www.twilio.com/docs/voice/twiml#data-formats: relative addresses are relative to the document.
WebAddress = Annotated[str, address(*HTTP), Address]
WaitAddress = Annotated[str, address(*HTTP, silence=True), Address]
StreamAddress = Annotated[str, address("wss", relative=False), Address]
Method = Literal["GET", "POST"]
Words = Annotated[str, text(SAY_LIMIT)]
AnyText = Annotated[str, text()]
BlankOrText = Annotated[str, text(blank=True)]
# https://www.twilio.com/docs/voice/twiml/number#attributes-senddigits
Digits = Annotated[str, matching(r"[0-9A-D*#wW]+", "some of 0-9, A-D, *, #, w and W")]
Keys = Annotated[str, matching(r"[0-9*#]{1,12}", "some of 0-9, * and #")]
OneKey = Annotated[str, matching(r"[0-9*#]?", "one of 0-9, * and #, or nothing")]
PhoneNumber = Annotated[str, unless_placeholder(phone_numbers.number)]
CallerId = Annotated[str, unless_placeholder(caller_id)]
# A SIP address or client to call comes from the script itself, never from a request.
SipAddress = Annotated[str, Checked(sip_address)]
Identity = Annotated[str, matching(patterns.IDENTITY, "at most 256 characters without spaces", placeholders=False)]
# https://www.twilio.com/docs/voice/twiml/enqueue
QueueName = Annotated[str, text(64)]
# https://www.twilio.com/docs/voice/twiml/say#voice: some 900 of them, and new ones without notice.
Voice = Annotated[str, matching(r"man|woman|alice|[A-Za-z]+\.[\w.-]{1,60}", "a voice like alice or Polly.Joanna")]
Language = Annotated[str, matching(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}|multi", "a language like en-GB")]
Trim = Literal["trim-silence", "do-not-trim"]
Track = Literal["inbound_track", "outbound_track", "both_tracks"]
CallEvents = Annotated[list[str], each_of("initiated", "ringing", "answered", "completed")]
RecordingEvents = Annotated[list[str], each_of("in-progress", "completed", "absent")]
# The last two are aliases of record-from-answer and do-not-record.
CallRecord = Literal[
    "do-not-record",
    "record-from-answer",
    "record-from-ringing",
    "record-from-answer-dual",
    "record-from-ringing-dual",
    "true",
    "false",
]
MachineDetection = Literal["Enable", "DetectMessageEnd"]
Loop = Annotated[int, Meta(ge=0)]
# No call is longer than 24 hours.
Seconds = Annotated[int, Meta(ge=1, le=86_400)]
# https://www.twilio.com/docs/voice/twiml/gather#hints
Hints = Annotated[str, phrases(500, 100)]

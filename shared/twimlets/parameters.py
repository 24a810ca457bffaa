"""Reads the parameters that twimlets take, by the names that their guides use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from twilio.twiml import TwiML

from shared.errors import CountryNotAllowed
from shared.phone_numbers import text_recipient
from shared.settings import settings
from shared.twiml_builder import ATTRIBUTE, FORBIDDEN_IN_XML, SAY_LIMIT
from shared.web_addresses import web_address

Fields = Mapping[str, str]

MOST_ITEMS = 10
LONGEST_TIMEOUT = 600
RING_SECONDS = 20


class TwimletError(ValueError):
    """A twimlet cannot be made of its parameters; the words say why, for the log."""


def items(fields: Fields, name: str) -> list[str]:
    """Return the values of `Name[0]`, `Name[1]`, … in index order, then those of `Name[]` and `Name`; at most ten."""
    indexed = []
    for field, value in fields.items():
        found = re.fullmatch(rf"{name}(?:\[(\d{{0,4}})\])?", field)
        if found and value.strip():
            indexed.append((int(found[1]) if found[1] else 10_000, value.strip()))
    return [value for _, value in sorted(indexed, key=lambda item: item[0])][:MOST_ITEMS]


def number(text: str) -> str:
    """Return a number to dial; raises TwimletError for none, or for one of a country that is not allowed."""
    try:
        return text_recipient(text)
    except (ValueError, CountryNotAllowed) as error:
        raise TwimletError(str(error)) from None


def address(text: str) -> str:
    """Return an absolute address of what is given: a path is one on our own site. Raises TwimletError."""
    if text.startswith("/") and not text.startswith("//"):
        text = f"{settings().public_base_url}{text}"
    try:
        return web_address(text)
    except ValueError as error:
        raise TwimletError(str(error)) from None


def seconds(fields: Fields, name: str = "Timeout", default: int = RING_SECONDS) -> int:
    """Return a number of seconds; what is none is the default."""
    text = fields.get(name, "")
    return min(int(text), LONGEST_TIMEOUT) or default if re.fullmatch(r"\d{1,4}", text, re.ASCII) else default


def is_true(fields: Fields, name: str) -> bool:
    """Tell whether a parameter says yes."""
    return fields.get(name, "").lower() in ("true", "1", "yes", "on")


def say_or_play(document: TwiML, text: str, fields: Fields) -> None:
    """Add a message: an address is played, anything else is said, in the `Voice` and `Language` that are asked for."""
    if re.match(r"https?://", text, re.IGNORECASE):
        document.play(address(text))
        return
    attributes = {
        name.lower(): fields[name] for name in ("Voice", "Language") if ATTRIBUTE.fullmatch(fields.get(name, ""))
    }
    document.say(FORBIDDEN_IN_XML.sub("", text)[:SAY_LIMIT], **attributes)


def again(twimlet: str, fields: Fields, **more: str) -> str:
    """Return the address of a twimlet with the parameters of this one and others in their place."""
    kept = {name: value for name, value in fields.items() if name[:1].isupper() and not is_twilios(name)}
    return f"{settings().url(f'twimlet/{twimlet}')}?{urlencode({**kept, **more})}"


def is_twilios(name: str) -> bool:
    """Tell a field that Twilio adds to each of its requests from a parameter of a twimlet."""
    return name in TWILIOS or name.startswith(("Dial", "Recording", "Called", "Caller", "From", "To"))


# https://www.twilio.com/docs/voice/twiml#request-parameters
TWILIOS = frozenset(
    (
        "AccountSid",
        "ApiVersion",
        "CallSid",
        "CallStatus",
        "CallToken",
        "Confidence",
        "Digits",
        "Direction",
        "FinishedOnKey",
        "ForwardedFrom",
        "ParentCallSid",
        "SpeechResult",
        "StirVerstat",
        "msg",
    )
)

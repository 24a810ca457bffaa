"""Reads the parameters that twimlets take, by the names that their guides use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from twilio.twiml import TwiML

from shared.errors import CountryNotAllowed
from shared.phone_numbers import caller, text_recipient
from shared.settings import settings
from shared.twiml_builder import ATTRIBUTE, FORBIDDEN_IN_XML, SAY_LIMIT
from shared.web_addresses import web_address

# Of the address alone.
Parameters = Mapping[str, str]
# What Twilio says of the call, and what a caller has added.
Fields = Mapping[str, str]

# Dial, Recorded and Tries are ours: they tell a twimlet how far it has come.
PARAMETERS = {
    "conference": {"Name", "Moderators", "Message", "Music"},
    "echo": {"Twiml"},
    "findme": {"PhoneNumbers", "Timeout", "Message", "HumanCheck", "FailUrl", "Dial"},
    "forward": {"PhoneNumber", "CallerId", "Timeout", "AllowedCallers", "AccessRestricted", "FailUrl", "Dial"},
    "holdmusic": {"Message", "Music", "Bucket"},
    "menu": {"Message", "Options", "ErrorMessage", "Tries"},
    "message": {"Message"},
    "simulring": {"PhoneNumbers", "Timeout", "Message", "HumanCheck", "FailUrl", "Dial"},
    "voicemail": {"Message", "Transcribe", "Recorded"},
    "whisper": {"Message", "HumanCheck"},
}
OF_ALL = {"Voice", "Language"}

MOST_ITEMS = 10
LONGEST_TIMEOUT = 600
RING_SECONDS = 20
LONGEST_REASON = 300


class TwimletError(ValueError):
    """A twimlet cannot be made of its parameters; the words say why, for the log, and repeat no value."""

    def __init__(self, words: str) -> None:
        """Take words, in which names from the request may stand."""
        super().__init__("".join(filter(str.isprintable, words))[:LONGEST_REASON])


def items(parameters: Parameters, name: str) -> list[str]:
    """Return the values of `Name[0]`, `Name[1]`, … in index order, then those of `Name[]` and `Name`; at most ten."""
    indexed = []
    for parameter, value in parameters.items():
        found = re.fullmatch(rf"{name}(?:\[(\d{{0,4}})\])?", parameter)
        if found and value.strip():
            indexed.append((int(found[1]) if found[1] else 10_000, value))
    return [value for _, value in sorted(indexed, key=lambda item: item[0])][:MOST_ITEMS]


def numbers_to_dial(parameters: Parameters, name: str) -> list[str]:
    """Return at least one number; raises TwimletError for none, and for one of a country that is not allowed."""
    numbers = read_each(text_recipient, parameters, name)
    if not numbers:
        raise TwimletError(f"{name}: at least one phone number is needed, like +15005550006")
    return numbers


def callers(parameters: Parameters, name: str) -> list[str]:
    """Return whom a call comes from. They are not called, so any country will do. Raises TwimletError."""
    return read_each(caller, parameters, name)


def read_each(read: Callable[[str], str], parameters: Parameters, name: str) -> list[str]:
    """Return what `read` makes of each value of a parameter; the unescaped `+` of an address arrives as a space."""
    try:
        return [read(re.sub(r"^ (?=\d)", "+", text)) for text in items(parameters, name)]
    except (ValueError, CountryNotAllowed) as error:
        raise TwimletError(f"{name}: {error}") from None


def address(text: str, name: str) -> str:
    """Return an absolute address of what a parameter holds: a path is one on our own site. Raises TwimletError."""
    text = text.strip()
    if text.startswith("/") and not text.startswith("//"):
        text = f"{settings().public_base_url}{text}"
    try:
        return web_address(text)
    except ValueError as error:
        raise TwimletError(f"{name}: {error}") from None


def ring_seconds(parameters: Parameters) -> int:
    """Return the seconds of `Timeout`, ten minutes at most; the default where it is no such number."""
    text = parameters.get("Timeout", "")
    if re.fullmatch(r"\d{1,9}", text, re.ASCII) and int(text) > 0:
        return min(int(text), LONGEST_TIMEOUT)
    return RING_SECONDS


def is_true(parameters: Parameters, name: str) -> bool:
    """Tell whether a parameter says yes."""
    return parameters.get(name, "").lower() in ("true", "1", "yes", "on")


def say_or_play(document: TwiML, text: str, parameters: Parameters) -> None:
    """Add a message: an address is played, anything else is said, in the `Voice` and `Language` that are asked for."""
    text = text.strip()
    if re.match(r"https?://", text, re.IGNORECASE):
        document.play(address(text, "Message"))
        return
    attributes = {name.lower(): parameters[name] for name in OF_ALL if ATTRIBUTE.fullmatch(parameters.get(name, ""))}
    document.say(FORBIDDEN_IN_XML.sub("", text)[:SAY_LIMIT], **attributes)


def parameters_of(twimlet: str, query: Mapping[str, str]) -> Parameters:
    """Return what of a query is a parameter of this twimlet."""
    names = PARAMETERS[twimlet] | OF_ALL
    return {name: value for name, value in query.items() if re.sub(r"\[\d*\]$", "", name) in names}


def address_of(twimlet: str, parameters: Parameters, **more: str) -> str:
    """Return the address of a twimlet with those of the parameters that are its own, and others in their place."""
    query = urlencode({**parameters_of(twimlet, parameters), **more})
    return f"{settings().url(f'twimlet/{twimlet}')}?{query}"

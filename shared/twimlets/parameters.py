"""Read the parameters of twimlets; their names are those of twimlets.com."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from twilio.twiml import TwiML

from shared import patterns
from shared.errors import CountryNotAllowed
from shared.phone_numbers import caller, text_recipient
from shared.settings import settings
from shared.twiml_builder import ATTRIBUTE, FORBIDDEN_IN_XML, SAY_LIMIT
from shared.web_addresses import is_own_path, web_address

# From the URL.
Parameters = Mapping[str, str]
# From Twilio's request: the call's fields, and fields that the caller added.
Fields = Mapping[str, str]

# Dial, Recorded and Tries are internal: a twimlet uses them to remember its step.
PARAMETERS = {
    "client": {"Identities", "Timeout", "Message", "Transcribe", "Dial"},
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
COMMON = {"Voice", "Language"}

MOST_ITEMS = 10
LONGEST_TIMEOUT = 600
RING_SECONDS = 20
LONGEST_REASON = 300


class TwimletError(ValueError):
    """A parameter is missing or wrong; the message is for the log and contains no values."""

    def __init__(self, words: str) -> None:
        """Set the message, without characters that cannot be printed: it may contain names from the request."""
        super().__init__("".join(filter(str.isprintable, words))[:LONGEST_REASON])


def items(parameters: Parameters, name: str) -> list[str]:
    """Return the values of `Name[0]`, `Name[1]`, … in the order of the index, then `Name[]` and `Name`; at most ten."""
    indexed = []
    for parameter, value in parameters.items():
        found = re.fullmatch(rf"{name}(?:\[(\d{{0,4}})\])?", parameter)
        if found and value.strip():
            indexed.append((int(found[1]) if found[1] else 10_000, value))
    return [value for _, value in sorted(indexed, key=lambda item: item[0])][:MOST_ITEMS]


def numbers_to_dial(parameters: Parameters, name: str) -> list[str]:
    """Return the numbers to dial; raises TwimletError if there is none, or one of a country that is not allowed."""
    numbers = read_each(text_recipient, parameters, name)
    if not numbers:
        raise TwimletError(f"{name}: at least one phone number is needed, like +15005550006")
    return numbers


def identities_to_ring(parameters: Parameters, name: str) -> list[str]:
    """Return identities of clients, with or without `client:`; raises TwimletError if there is none or one is wrong."""
    identities = [text.strip().removeprefix("client:") for text in items(parameters, name)]
    if not identities or not all(re.fullmatch(patterns.TOKEN_IDENTITY, identity) for identity in identities):
        raise TwimletError(f"{name}: at least one is needed, each 1 to 121 letters, digits and underscores")
    return identities


def callers(parameters: Parameters, name: str) -> list[str]:
    """Return numbers, clients or SIP addresses of callers, of any country; raises TwimletError."""
    return read_each(caller, parameters, name)


def read_each(read: Callable[[str], str], parameters: Parameters, name: str) -> list[str]:
    """Return `read` of each value of a parameter. An unescaped `+` in a URL arrives as a space and is restored."""
    try:
        return [read(re.sub(r"^ (?=\d)", "+", text)) for text in items(parameters, name)]
    except (ValueError, CountryNotAllowed) as error:
        raise TwimletError(f"{name}: {error}") from None


def address(text: str, name: str) -> str:
    """Return a parameter's URL; a path is made absolute on the app's own site. Raises TwimletError."""
    text = text.strip()
    if is_own_path(text):
        text = f"{settings().public_base_url}{text}"
    try:
        return web_address(text)
    except ValueError as error:
        raise TwimletError(f"{name}: {error}") from None


def ring_seconds(parameters: Parameters) -> int:
    """Return the seconds of `Timeout`, at most ten minutes; the default if it is not a positive number."""
    text = parameters.get("Timeout", "")
    if re.fullmatch(r"\d{1,9}", text, re.ASCII) and int(text) > 0:
        return min(int(text), LONGEST_TIMEOUT)
    return RING_SECONDS


def is_true(parameters: Parameters, name: str) -> bool:
    """Return whether a parameter is true, 1, yes or on."""
    return parameters.get(name, "").lower() in ("true", "1", "yes", "on")


def say_or_play(document: TwiML, text: str, parameters: Parameters) -> None:
    """Add a message: a URL is played, any other text is said in the `Voice` and `Language` of the parameters."""
    text = text.strip()
    if re.match(r"https?://", text, re.IGNORECASE):
        document.play(address(text, "Message"))
        return
    attributes = {name.lower(): parameters[name] for name in COMMON if ATTRIBUTE.fullmatch(parameters.get(name, ""))}
    document.say(FORBIDDEN_IN_XML.sub("", text)[:SAY_LIMIT], **attributes)


def parameters_of(twimlet: str, query: Mapping[str, str]) -> Parameters:
    """Return the parameters of this twimlet in a query."""
    names = PARAMETERS[twimlet] | COMMON
    return {name: value for name, value in query.items() if re.sub(r"\[\d*\]$", "", name) in names}


def address_of(twimlet: str, parameters: Parameters, **more: str) -> str:
    """Return the URL of a twimlet with those parameters that it takes; `more` overrides them."""
    query = urlencode({**parameters_of(twimlet, parameters), **more})
    return f"{settings().url(f'twimlet/{twimlet}')}?{query}"

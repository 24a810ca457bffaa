"""Fill a script's placeholders from a request's fields, and make its addresses absolute.

A caller's text stays text: it is limited in length, percent-encoded in addresses, checked again by the type of the
field, and escaped by the builder. So it can become neither markup nor another verb, and where a number is dialled it
must be a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec.structs import FieldInfo

from shared.errors import FieldIssue
from shared.request_body import convert
from shared.scripts.addresses import absolute
from shared.scripts.reading import InvalidScript, Script
from shared.scripts.verbs import messaging, voice
from shared.scripts.verbs.element import Address, Element
from shared.scripts.verbs.shape import markers_of, shape_of
from shared.scripts.verbs.types import PLACEHOLDER, WHOLE_ADDRESS
from shared.twiml_builder import FORBIDDEN_IN_XML

LONGEST_VALUE = 256
LONGEST_ADDRESS = 2000
# Elements whose text may be blank after filling; `without_silence` removes them.
SPEAKING = (voice.Say, messaging.Message, messaging.Body)
BRACES = re.compile("[{}]")

Change = Callable[[str, FieldInfo], str]


def has_placeholders(script: Script) -> bool:
    """Return whether anything in a script depends on the request."""
    found = False

    def look(value: str, info: FieldInfo) -> str:
        nonlocal found
        found = found or PLACEHOLDER.search(value) is not None
        return value

    change(script, look)
    return found


def with_absolute_addresses(script: Script, base: str, document: str) -> Script:
    """Return a script with absolute addresses: TwiML sent with a call has no base URL. See `absolute`."""

    def how(value: str, info: FieldInfo) -> str:
        return absolute(value, base, document) if Address in markers_of(info.type) else value

    return change(script, how)


def fill(script: Script, fields: Mapping[str, str]) -> Script:
    """Return a script with its placeholders filled; a placeholder for a field that the request lacks becomes empty.

    Raises InvalidScript if a filled value is not valid for its field, such as text where a number is dialled.
    """

    def filled(value: str, info: FieldInfo) -> str:
        if "{{" not in value:
            return value
        if Address in markers_of(info.type):
            new = fill_address(value, fields)
        else:
            new = PLACEHOLDER.sub(lambda found: bounded(fields.get(found[1], "")), value)
        if not new.strip() and any(info is shape_of(kind).content for kind in SPEAKING):
            return new
        if PLACEHOLDER.search(new):
            # The type's check would accept it as a value that has yet to be filled.
            raise InvalidScript([FieldIssue(info.encode_name, "contains a placeholder after it is filled")])
        try:
            return str(convert(new, info, strict=True))
        except ValueError as error:
            raise InvalidScript([FieldIssue(info.encode_name, str(error))]) from None

    return without_silence(change(script, filled))


def without_silence(script: list[Any]) -> list[Any]:
    """Return a script without elements that are blank because the request lacks a field."""
    return [kept for element in script if (kept := unless_silent(element)) is not None]


def unless_silent(element: Element) -> Element | None:
    """Return a verb or noun without its blank parts, or None if nothing is left."""
    match element:
        case voice.Say(text=str(words)) | messaging.Body(message=words) if not words.strip():
            return None
        case voice.Gather(verbs=list(verbs)):
            return msgspec.structs.replace(element, verbs=without_silence(verbs))
        case messaging.Message():
            body = element.body if element.body and element.body.strip() else None
            nouns = without_silence(element.nouns or []) or None
            return msgspec.structs.replace(element, body=body, nouns=nouns) if body or nouns else None
    return element


def fill_address(value: str, fields: Mapping[str, str]) -> str:
    """Return an address with its placeholders filled; a placeholder that is the whole address is not encoded."""
    if WHOLE_ADDRESS.fullmatch(value):
        return PLACEHOLDER.sub(lambda found: fields.get(found[1], "")[:LONGEST_ADDRESS], value)
    return PLACEHOLDER.sub(lambda found: quote(bounded(fields.get(found[1], "")), safe=""), value)


def bounded(value: str) -> str:
    """Return a request's value without characters that XML forbids, without braces, cut to LONGEST_VALUE."""
    return BRACES.sub("", FORBIDDEN_IN_XML.sub("", value))[:LONGEST_VALUE]


def change(script: list[Any], how: Change) -> list[Any]:
    """Return a script with `how` applied to each text."""
    return [change_element(item, how) if isinstance(item, Element) else change_words(item, how) for item in script]


def change_words(words: str, how: Change) -> str:
    """Apply `how` to text between elements."""
    return how(words, WORDS)


def change_element(element: Element, how: Change) -> Element:
    """Return the element, or a copy with changed texts."""
    shape = shape_of(type(element))
    changed: dict[str, Any] = {}
    for info in shape.fields.values():
        old = getattr(element, info.name)
        if isinstance(old, str):
            new: object = how(old, info)
        elif info is shape.children and old:
            new = change(old, how)
        else:
            continue
        if new != old:
            changed[info.name] = new
    return msgspec.structs.replace(element, **changed) if changed else element


class Words(msgspec.Struct):
    """The type of text between elements."""

    words: str


[WORDS] = msgspec.structs.fields(Words)

"""Fills a script's placeholders from a request's fields, and makes its addresses absolute.

What a caller sends stays text: it is bounded, percent-encoded in addresses, checked again by its field's type, and
escaped by the builder. So it can become neither markup nor another verb, and no number to dial but a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec.structs import FieldInfo

from shared.errors import FieldError
from shared.request_body import convert
from shared.scripts.reading import InvalidScript, Script
from shared.scripts.verbs import messaging, voice
from shared.scripts.verbs.element import Address, Element
from shared.scripts.verbs.shape import markers_of, shape_of
from shared.scripts.verbs.types import PLACEHOLDER, WHOLE_ADDRESS
from shared.twiml_builder import FORBIDDEN_IN_XML

LONGEST_VALUE = 256
LONGEST_ADDRESS = 2000
# Whose text may turn out blank: `without_silence` leaves it out.
SPEAKING = (voice.Say, messaging.Message, messaging.Body)
BRACES = re.compile("[{}]")

Change = Callable[[str, FieldInfo], str]


def has_placeholders(script: Script) -> bool:
    """Tell whether anything in a script depends on the request."""
    found = False

    def look(value: str, info: FieldInfo) -> str:
        nonlocal found
        found = found or PLACEHOLDER.search(value) is not None
        return value

    change(script, look)
    return found


def with_absolute_addresses(script: Script, base: str) -> Script:
    """Return a script in which each path on our own site is an address of it: a call's own document has none."""

    def absolute(value: str, info: FieldInfo) -> str:
        return f"{base}{value}" if value.startswith("/") and Address in markers_of(info.type) else value

    return change(script, absolute)


def fill(script: Script, fields: Mapping[str, str]) -> Script:
    """Return a script with its placeholders filled; one for a field that the request lacks becomes nothing.

    Raises InvalidScript where a filled value is none that its field takes: a number to dial that is no number.
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
            # The checks of types would let it pass as one that is still to be filled.
            raise InvalidScript([FieldError(info.encode_name, "holds a placeholder when it is filled")])
        try:
            return str(convert(new, info, strict=True))
        except ValueError as error:
            raise InvalidScript([FieldError(info.encode_name, str(error))]) from None

    return without_silence(change(script, filled))


def without_silence(script: list[Any]) -> list[Any]:
    """Return a script without what was nothing but a placeholder for what the request lacks."""
    return [kept for element in script if (kept := unless_silent(element)) is not None]


def unless_silent(element: Element) -> Element | None:
    """Return a verb or noun without what is blank in it, or None where nothing is left."""
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
    """Return an address with its placeholders filled, each percent-encoded unless it is the whole."""
    if WHOLE_ADDRESS.fullmatch(value):
        return PLACEHOLDER.sub(lambda found: fields.get(found[1], "")[:LONGEST_ADDRESS], value)
    return PLACEHOLDER.sub(lambda found: quote(bounded(fields.get(found[1], "")), safe=""), value)


def bounded(value: str) -> str:
    """Return a request's value without what XML forbids, without placeholders, no longer than is sensible to say."""
    return BRACES.sub("", FORBIDDEN_IN_XML.sub("", value))[:LONGEST_VALUE]


def change(script: list[Any], how: Change) -> list[Any]:
    """Return a script in which `how` has been applied to each text."""
    return [change_element(item, how) if isinstance(item, Element) else change_words(item, how) for item in script]


def change_words(words: str, how: Change) -> str:
    """Apply `how` to words that stand between elements."""
    return how(words, WORDS)


def change_element(element: Element, how: Change) -> Element:
    """Return the element, or a copy in which texts have changed."""
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
    """The type of words that stand between elements."""

    words: str


[WORDS] = msgspec.structs.fields(Words)

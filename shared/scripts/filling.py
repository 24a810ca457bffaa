"""Fills a script's placeholders from a request's fields, and makes its addresses absolute.

What a caller sends stays text: it is bounded, percent-encoded in addresses, checked again by its field's type, and
escaped by the builder. So it can become neither markup nor another verb, and no number to dial but a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec.structs import FieldInfo

from shared.errors import FieldError
from shared.request_body import convert, in_words
from shared.scripts import voice
from shared.scripts.element import Address, Element
from shared.scripts.reading import InvalidScript, Script
from shared.scripts.shape import markers_of, shape_of
from shared.scripts.types import PLACEHOLDER, WHOLE_ADDRESS
from shared.twiml_builder import FORBIDDEN_IN_XML

LONGEST_VALUE = 256
LONGEST_ADDRESS = 2000
# The text of a verb that is left out when it has none: Say's, Message's.
WORDS_ALONE = ("text", "body")

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
        if not new.strip() and info.name in WORDS_ALONE:
            return new
        try:
            return str(convert(new, info, strict=True))
        except ValueError as error:
            raise InvalidScript([FieldError(info.encode_name, in_words(error))]) from None

    return without_silence(change(script, filled))


def without_silence(script: list[Any]) -> list[Any]:
    """Return a script without the verbs that were nothing but a placeholder for what the request lacks."""
    kept = []
    for element in script:
        if isinstance(element, voice.Gather) and element.verbs:
            element = msgspec.structs.replace(element, verbs=without_silence(element.verbs))
        words = getattr(element, "text", None) if isinstance(element, voice.Say) else getattr(element, "body", None)
        if words is None or words.strip():
            kept.append(element)
    return kept


def fill_address(value: str, fields: Mapping[str, str]) -> str:
    """Return an address with its placeholders filled, each percent-encoded unless it is the whole."""
    if WHOLE_ADDRESS.fullmatch(value):
        return PLACEHOLDER.sub(lambda found: fields.get(found[1], "")[:LONGEST_ADDRESS], value)
    return PLACEHOLDER.sub(lambda found: quote(bounded(fields.get(found[1], "")), safe=""), value)


def bounded(value: str) -> str:
    """Return a request's value without what XML forbids, and no longer than is sensible to say."""
    return FORBIDDEN_IN_XML.sub("", value)[:LONGEST_VALUE]


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

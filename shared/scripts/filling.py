"""Fill a script's placeholders from a request's fields, and make its addresses absolute.

A caller's text stays text: it is cut to what its place can hold, percent-encoded in addresses, checked again by the
type of the field, and escaped by the builder. So it can become neither markup nor another verb, and where a number is
dialled it must be a number. A value that does not fit costs the smallest piece around it: the attribute, the noun or
the verb.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec.structs import FieldInfo

from shared.errors import CountryNotAllowed, FieldIssue
from shared.phone_numbers import number, text_recipient
from shared.request_body import Checked, convert
from shared.scripts.addresses import absolute
from shared.scripts.reading import InvalidScript, Script
from shared.scripts.rules import check_combination
from shared.scripts.verbs import messaging, voice
from shared.scripts.verbs.element import Address, Element
from shared.scripts.verbs.shape import markers_of, metadata_of, shape_of
from shared.scripts.verbs.types import E164_SECTION, PLACEHOLDER, WHOLE_ADDRESS
from shared.twiml_builder import FORBIDDEN_IN_XML, SAY_LIMIT
from shared.web_addresses import web_address

# Elements whose text may be blank because the request lacks a field; they are left out without a warning.
SPEAKING = (voice.Say, messaging.Message, messaging.Body)
# Recipients. A message without `to` would go to the sender, so its verb is left out instead.
RECIPIENTS = ("number", "phone_number", "to")

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


def fill(script: Script, fields: Mapping[str, str]) -> tuple[Script, list[FieldIssue]]:
    """Return a script with its placeholders filled, and what was left out or cut; the details contain no values.

    A placeholder for a field that the request lacks becomes empty. Raises InvalidScript if values that do not fit
    leave nothing of the script.
    """
    filler = Filler(fields)
    filled = filler.fill_all(script, "$")
    if not filled and any(not issue.detail.startswith("cut") for issue in filler.issues):
        raise InvalidScript(filler.issues)
    return filled, filler.issues


class Filler:
    """Fills one script from one request. `issues` lists what was left out or cut."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        """Set the request's fields."""
        self.fields = fields
        self.issues: list[FieldIssue] = []

    def fill_all(self, items: list[Any], place: str) -> list[Any]:
        """Return elements, and words between them, without those that are left out."""
        filled = [
            self.fill_element(item, f"{place}[{index}]")
            if isinstance(item, Element)
            else self.fill_text(item, SAY_LIMIT, f"{place}[{index}]")
            for index, item in enumerate(items)
        ]
        return [item for item in filled if item]

    def fill_element(self, element: Element, place: str) -> Element | None:
        """Return an element, filled, or None if it is left out."""
        shape = shape_of(type(element))
        changed: dict[str, Any] = {}
        for name, info in shape.fields.items():
            old = getattr(element, info.name)
            if info is shape.children and old:
                new: Any = self.fill_all(old, f"{place}.{name}") or None
                if len(new or ()) < min(shape.fewest, len(old)):
                    return None
            elif not isinstance(old, str) or "{{" not in old:
                continue
            elif (new := self.fill_field(old, info, f"{place}.{name}")) is None:
                optional = isinstance(element, SPEAKING) or (info is not shape.content and name not in RECIPIENTS)
                if info.required or not optional:
                    return None
            changed[info.name] = new
        filled = msgspec.structs.replace(element, **changed) if changed else element
        return None if changed and any(check_combination(filled, place)) else filled

    def fill_field(self, value: str, info: FieldInfo, place: str) -> str | None:
        """Return the value of a field, filled, or None if it does not fit."""
        if Address in markers_of(info.type):
            new = self.fill_address(value)
        else:
            limits = [check.longest for check in metadata_of(info.type, Checked) if check.longest]
            new = self.fill_text(value, min(limits, default=None), place)
        if not new.strip() and any(info is shape_of(kind).content for kind in SPEAKING):
            return None
        try:
            if WHOLE_ADDRESS.fullmatch(value) and "{" in web_address(new):
                raise ValueError("is not an address of Twilio's")
            converted = str(convert(new, info, strict=True))
            if info.encode_name in RECIPIENTS:
                text_recipient(converted)
        except (ValueError, CountryNotAllowed):
            self.issues.append(FieldIssue(place, "left out: the value does not fit"))
            return None
        return converted

    def fill_text(self, value: str, longest: int | None, place: str) -> str:
        """Return a text, filled; the request's values are cut where the text would be longer than `longest`."""
        room = None if longest is None else max(0, longest - len(PLACEHOLDER.sub("", E164_SECTION.sub(r"\1", value))))

        def value_of(found: re.Match[str]) -> str:
            nonlocal room
            text = FORBIDDEN_IN_XML.sub("", self.fields.get(found[1], ""))
            if room is not None and len(text) > room:
                self.issues.append(FieldIssue(place, f"cut: at most {longest:,} characters fit"))
                text = text[:room]
            room = None if room is None else room - len(text)
            return text

        def in_e164(section: re.Match[str]) -> str:
            text = PLACEHOLDER.sub(value_of, section[1])
            try:
                return number(text)
            except ValueError:
                return text

        filled = PLACEHOLDER.sub(value_of, E164_SECTION.sub(in_e164, value)) if "{{" in value else value
        # A value must not form a placeholder, which the type of a field would accept as one that has yet to be filled.
        return re.sub(r"\{(?=\{)", "{ ", filled)

    def fill_address(self, value: str) -> str:
        """Return an address, filled; a placeholder that is the whole address is not encoded."""
        whole = bool(WHOLE_ADDRESS.fullmatch(value))

        def value_of(found: re.Match[str]) -> str:
            text = FORBIDDEN_IN_XML.sub("", self.fields.get(found[1], ""))
            return text if whole else quote(text, safe="")

        return PLACEHOLDER.sub(value_of, value)


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

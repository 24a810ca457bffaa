"""Read a script from JSON; report each error with its place and what is expected there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from shared.errors import FieldIssue
from shared.request_body import InvalidValue, convert
from shared.scripts.rules import check_script
from shared.scripts.verbs import messaging, voice
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.omitted import OMITTED
from shared.scripts.verbs.shape import MOST_WITHIN, Shape, shape_of, tag_of, xml_name
from shared.scripts.verbs.types import HOUSE_RULE
from shared.validation_messages import got, kind_of

Family = Literal["voice", "messaging"]
Script = list[Element]

FAMILIES: dict[Family, dict[str, type[Element]]] = {
    "voice": {tag_of(verb): verb for verb in voice.VERBS},
    "messaging": {tag_of(verb): verb for verb in messaging.VERBS},
}
# What a script of each family is, in words.
DOCUMENTS: dict[Family, str] = {"voice": "a call", "messaging": "a reply to a message"}
USE_INSTEAD: dict[tuple[str, str], str] = {
    ("Message", DOCUMENTS["voice"]): "Sms",
    ("Sms", DOCUMENTS["messaging"]): "Message",
}
# Begin or are the names of fields for what was found in XML where it is not allowed; no field has such a name.
UNKNOWN_ATTRIBUTE = "@"
MISPLACED_CHILD = "<"
MISPLACED_TEXT = "text()"
# A longer script is probably a mistake; Twilio's own limit is 64 kB.
MOST_VERBS = 500
# Levels of elements in elements: SSML may be nested without end.
MOST_LEVELS = 20
MOST_ERRORS = 100


class InvalidScript(InvalidValue):
    """A script with errors, each with its place, like `$[1].num_digits`."""


def read_script(value: object, family: Family) -> Script:
    """Return the script in a JSON value; raises InvalidScript with all its errors."""
    errors: list[FieldIssue] = []
    script = read_list(value, FAMILIES[family], "$", errors, parent=DOCUMENTS[family])
    if not errors:
        errors += check_script(script)
    if errors:
        raise InvalidScript(errors[:MOST_ERRORS])
    return script


def family_of(value: object) -> Family:
    """Return the family of a script in JSON."""
    return family_of_verbs(
        [item.get("verb") for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    )


def family_of_verbs(verbs: Sequence[object]) -> Family:
    """Return the family of a script with these verbs: messaging if it has Message and no verb of a call."""
    of_calls = [verb for verb in FAMILIES["voice"] if verb not in FAMILIES["messaging"] and verb in verbs]
    return "messaging" if "Message" in verbs and not of_calls else "voice"


def read_list(
    value: object,
    allowed: dict[str, type[Element]],
    place: str,
    errors: list[FieldIssue],
    *,
    parent: str,
    words: bool = False,
) -> list[Any]:
    """Return the elements in a JSON list, and the text between them if `words` are allowed in the parent."""
    if not isinstance(value, list):
        errors.append(FieldIssue(place, f"expected a list, got {kind_of(value)}"))
        return []
    if place.count("[") >= MOST_LEVELS:
        errors.append(FieldIssue(place, f"{HOUSE_RULE}expected at most {MOST_LEVELS} levels"))
        return []
    if len(value) > MOST_VERBS:
        errors.append(FieldIssue(place, f"{HOUSE_RULE}expected at most {MOST_VERBS} items, got {len(value):,}"))
        return []
    return [
        item if words and isinstance(item, str) else read_element(item, allowed, f"{place}[{index}]", errors, parent)
        for index, item in enumerate(value)
    ]


def read_element(
    value: object, allowed: dict[str, type[Element]], place: str, errors: list[FieldIssue], parent: str
) -> Element | None:
    """Return one verb or noun, or None if it has an error; `parent` is what contains it, in words."""
    tag_field = shape_of(next(iter(allowed.values()))).tag_field
    if not isinstance(value, dict):
        text = f": {parent} contains no text of its own" if isinstance(value, str) else ""
        errors.append(FieldIssue(place, f"expected an object with `{tag_field}`, got {kind_of(value)}{text}"))
        return None
    name = value.get(tag_field)
    kind = allowed.get(name) if isinstance(name, str) else None
    if kind is None:
        errors.append(FieldIssue(f"{place}.{tag_field}", why_not(name, allowed, parent)))
        return None
    shape = shape_of(kind)
    before = len(errors)
    given = {field: item for field, item in value.items() if item is not None and field != tag_field}
    for field in given:
        if field not in shape.fields:
            errors.append(unknown_field(field, shape, place))
    read: dict[str, Any] = {}
    for field, info in shape.fields.items():
        if field not in given:
            if info.required:
                errors.append(FieldIssue(f"{place}.{field}", f"is required by {name}"))
            continue
        inner = f"{place}.{field}"
        if shape.children is info:
            read[info.name] = read_list(
                given[field], shape.within, inner, errors, parent=shape.name, words=shape.takes_words
            )
            if isinstance(given[field], list) and not shape.fewest <= len(given[field]) <= shape.most:
                some = f"{shape.fewest} to {shape.most} items" if shape.fewest < shape.most else f"{shape.most} item"
                rule = HOUSE_RULE if len(given[field]) > MOST_WITHIN else ""
                errors.append(FieldIssue(inner, f"{rule}expected {some}, got {len(given[field])}"))
            continue
        try:
            read[info.name] = convert(given[field], info, strict=True)
        except ValueError as error:
            errors.append(FieldIssue(inner, str(error)))
    return kind(**read) if len(errors) == before else None


def why_not(name: object, allowed: dict[str, type[Element]], parent: str) -> str:
    """Return why no element of that name can be in the parent."""
    expected = f"expected one of {', '.join(allowed)}"
    if not isinstance(name, str) or name not in all_names() | OMITTED.keys():
        return f"{expected} in {parent}{got(name)}"
    if name in OMITTED:
        return f"{HOUSE_RULE}{name} is not supported: {OMITTED[name]}"
    better = USE_INSTEAD.get((name, parent))
    return f"{name} cannot be used in {parent}; {f'use {better}' if better else expected}"


def unknown_field(field: str, shape: Shape, place: str) -> FieldIssue:
    """Return the error for a field that an element does not have; from_twiml.py marks what it found in XML."""
    if field == MISPLACED_TEXT:
        return FieldIssue(place, f"{shape.name} cannot contain text")
    if field.startswith(MISPLACED_CHILD):
        return FieldIssue(place, f"{field.removeprefix(MISPLACED_CHILD)} cannot be used in {shape.name}"[:200])
    if field.startswith(UNKNOWN_ATTRIBUTE):
        known = ", ".join(xml_name(info) for info in shape.attributes.values()) or "none"
        words = f"{shape.name} has no such attribute (Twilio's warning 12200); it has {known}"
        return FieldIssue(f"{place}.{field}"[:200], words)
    known = ", ".join(shape.fields) or "no fields"
    return FieldIssue(f"{place}.{field}"[:200], f"unknown field; {shape.name} has {known}")


@cache
def all_names() -> frozenset[str]:
    """Return the names of all verbs, nouns and SSML elements."""
    found: set[str] = set()
    new = {kind for family in FAMILIES.values() for kind in family.values()}
    while new:
        found |= {tag_of(kind) for kind in new}
        new = {kind for one in new for kind in shape_of(one).within.values() if tag_of(kind) not in found}
    return frozenset(found)

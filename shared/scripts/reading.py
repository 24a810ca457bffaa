"""Reads a script from JSON and says of every fault where it is and what is expected there."""

from __future__ import annotations

from typing import Any, Literal

from shared.errors import FieldError
from shared.request_body import ManyFaults, convert
from shared.scripts.rules import check_script
from shared.scripts.verbs import messaging, voice
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import shape_of, tag_of
from shared.validation_messages import got, kind_of

Family = Literal["voice", "messaging"]
Script = list[Element]

FAMILIES: dict[Family, dict[str, type[Element]]] = {
    "voice": {tag_of(verb): verb for verb in voice.VERBS},
    "messaging": {tag_of(verb): verb for verb in messaging.VERBS},
}
# A longer document would not be a menu but a mistake; Twilio's own limit is 64 kB.
MOST_VERBS = 500
MOST_FAULTS = 100


class InvalidScript(ManyFaults):
    """A script with faults: all of them, each with its place, like `$[1].num_digits`."""


def read_script(value: object, family: Family) -> Script:
    """Return the script in a JSON value; raises InvalidScript with all that is wrong with it."""
    faults: list[FieldError] = []
    script = read_list(value, FAMILIES[family], "$", faults)
    if value == []:
        faults.append(FieldError("$", "has no verbs"))
    if not faults:
        faults += check_script(script, family)
    if faults:
        raise InvalidScript(faults[:MOST_FAULTS])
    return script


def family_of(value: object) -> Family:
    """Tell whether a script is for calls or for messages: by its verbs, of which only Redirect is in both."""
    verbs = [item.get("verb") for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    return "messaging" if "Message" in verbs else "voice"


def read_list(
    value: object, allowed: dict[str, type[Element]], place: str, faults: list[FieldError], *, words: bool = False
) -> list[Any]:
    """Return the elements in a JSON list, with words between them where they may stand."""
    if not isinstance(value, list):
        faults.append(FieldError(place, f"expected a list, got {kind_of(value)}"))
        return []
    if len(value) > MOST_VERBS:
        faults.append(FieldError(place, f"expected at most {MOST_VERBS} items, got {len(value):,}"))
        return []
    return [
        item if words and isinstance(item, str) else read_element(item, allowed, f"{place}[{index}]", faults)
        for index, item in enumerate(value)
    ]


def read_element(
    value: object, allowed: dict[str, type[Element]], place: str, faults: list[FieldError]
) -> Element | None:
    """Return one verb or noun, or None when it has a fault."""
    tag_field = shape_of(next(iter(allowed.values()))).tag_field
    if not isinstance(value, dict):
        faults.append(FieldError(place, f"expected an object with `{tag_field}`, got {kind_of(value)}"))
        return None
    name = value.get(tag_field)
    kind = allowed.get(name) if isinstance(name, str) else None
    if kind is None:
        faults.append(FieldError(f"{place}.{tag_field}", f"expected one of {', '.join(allowed)}{got(name)}"))
        return None
    shape = shape_of(kind)
    before = len(faults)
    given = {field: item for field, item in value.items() if item is not None and field != tag_field}
    for field in given:
        if field not in shape.fields:
            known = ", ".join(shape.fields) or "no fields"
            faults.append(FieldError(f"{place}.{field}"[:200], f"{name} has no such field; it has {known}"))
    read: dict[str, Any] = {}
    for field, info in shape.fields.items():
        if field not in given:
            if info.required:
                faults.append(FieldError(f"{place}.{field}", f"is required by {name}"))
            continue
        inner = f"{place}.{field}"
        if shape.children is info:
            within = read_list(given[field], shape.within, inner, faults, words=shape.takes_words)
            if isinstance(given[field], list) and not shape.fewest <= len(given[field]) <= shape.most:
                some = f"{shape.fewest} to {shape.most} items" if shape.fewest < shape.most else f"{shape.most} item"
                faults.append(FieldError(inner, f"expected {some}, got {len(given[field])}"))
            read[info.name] = within
            continue
        try:
            read[info.name] = convert(given[field], info, strict=True)
        except ValueError as error:
            faults.append(FieldError(inner, str(error)))
    return kind(**read) if len(faults) == before else None

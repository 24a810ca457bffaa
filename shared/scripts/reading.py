"""Read a script from JSON; report each error with its place and what is expected there."""

from __future__ import annotations

from typing import Any, Literal

from shared.errors import FieldIssue
from shared.request_body import InvalidValue, convert
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
# A longer script is probably a mistake; Twilio's own limit is 64 kB.
MOST_VERBS = 500
MOST_ERRORS = 100


class InvalidScript(InvalidValue):
    """A script with errors, each with its place, like `$[1].num_digits`."""


def read_script(value: object, family: Family) -> Script:
    """Return the script in a JSON value; raises InvalidScript with all its errors."""
    errors: list[FieldIssue] = []
    script = read_list(value, FAMILIES[family], "$", errors)
    if value == []:
        errors.append(FieldIssue("$", "has no verbs"))
    if not errors:
        errors += check_script(script, family)
    if errors:
        raise InvalidScript(errors[:MOST_ERRORS])
    return script


def family_of(value: object) -> Family:
    """Return the family of a script: messaging if it has the verb Message, else voice."""
    verbs = [item.get("verb") for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    return "messaging" if "Message" in verbs else "voice"


def read_list(
    value: object, allowed: dict[str, type[Element]], place: str, errors: list[FieldIssue], *, words: bool = False
) -> list[Any]:
    """Return the elements in a JSON list, and the text between them if `words` are allowed."""
    if not isinstance(value, list):
        errors.append(FieldIssue(place, f"expected a list, got {kind_of(value)}"))
        return []
    if len(value) > MOST_VERBS:
        errors.append(FieldIssue(place, f"expected at most {MOST_VERBS} items, got {len(value):,}"))
        return []
    return [
        item if words and isinstance(item, str) else read_element(item, allowed, f"{place}[{index}]", errors)
        for index, item in enumerate(value)
    ]


def read_element(
    value: object, allowed: dict[str, type[Element]], place: str, errors: list[FieldIssue]
) -> Element | None:
    """Return one verb or noun, or None if it has an error."""
    tag_field = shape_of(next(iter(allowed.values()))).tag_field
    if not isinstance(value, dict):
        errors.append(FieldIssue(place, f"expected an object with `{tag_field}`, got {kind_of(value)}"))
        return None
    name = value.get(tag_field)
    kind = allowed.get(name) if isinstance(name, str) else None
    if kind is None:
        errors.append(FieldIssue(f"{place}.{tag_field}", f"expected one of {', '.join(allowed)}{got(name)}"))
        return None
    shape = shape_of(kind)
    before = len(errors)
    given = {field: item for field, item in value.items() if item is not None and field != tag_field}
    for field in given:
        if field not in shape.fields:
            known = ", ".join(shape.fields) or "no fields"
            errors.append(FieldIssue(f"{place}.{field}"[:200], f"unknown field; {name} has {known}"))
    read: dict[str, Any] = {}
    for field, info in shape.fields.items():
        if field not in given:
            if info.required:
                errors.append(FieldIssue(f"{place}.{field}", f"is required by {name}"))
            continue
        inner = f"{place}.{field}"
        if shape.children is info:
            within = read_list(given[field], shape.within, inner, errors, words=shape.takes_words)
            if isinstance(given[field], list) and not shape.fewest <= len(given[field]) <= shape.most:
                some = f"{shape.fewest} to {shape.most} items" if shape.fewest < shape.most else f"{shape.most} item"
                errors.append(FieldIssue(inner, f"expected {some}, got {len(given[field])}"))
            read[info.name] = within
            continue
        try:
            read[info.name] = convert(given[field], info, strict=True)
        except ValueError as error:
            errors.append(FieldIssue(inner, str(error)))
    return kind(**read) if len(errors) == before else None

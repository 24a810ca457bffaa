"""Read existing TwiML into a script."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args, get_origin
from xml.etree import ElementTree

from msgspec.structs import FieldInfo

from shared.errors import FieldIssue
from shared.scripts.reading import (
    FAMILIES,
    MISPLACED_CHILD,
    MISPLACED_TEXT,
    UNKNOWN_ATTRIBUTE,
    Family,
    InvalidScript,
    Script,
    family_of_verbs,
    read_script,
)
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import Shape, shape_of
from shared.scripts.verbs.types import HOUSE_RULE
from shared.scripts.writing import NAMED_BY_CHILD
from shared.twiml_builder import check_document

CASELESS = {"GET", "POST", "true", "false"}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def script_of(document: str) -> tuple[Script, Family]:
    """Return the script that produces `document`, and its family; raises InvalidScript if no script can."""
    try:
        check_document(document)
    except ValueError as error:
        raise InvalidScript([FieldIssue("$", str(error))]) from None
    root = ElementTree.fromstring(document)
    family = family_of_verbs([child.tag for child in root])
    try:
        script = json_of(root, root.text, FAMILIES[family], "verb", words=False)
    except RecursionError:
        raise InvalidScript([FieldIssue("$", f"{HOUSE_RULE}is nested too deeply")]) from None
    return read_script(script, family), family


def json_of(
    parent: ElementTree.Element, before: str | None, allowed: dict[str, type[Element]], tag_field: str, *, words: bool
) -> list[Any]:
    """Return the content of an element as a script's JSON; what is not allowed there becomes an error when it is read.

    `before` is the text before the first child.
    """
    items: list[Any] = [before]
    for child in parent:
        kind = allowed.get(child.tag)
        items += [object_of(child, shape_of(kind)) if kind else {tag_field: child.tag}, child.tail]
    return [item for item in items if item and (words or not isinstance(item, str) or item.strip())]


def object_of(element: ElementTree.Element, shape: Shape) -> dict[str, Any]:
    """Return one element as JSON."""
    made: dict[str, Any] = {shape.tag_field: shape.name}
    for name, value in element.attrib.items():
        field = "xml_lang" if name == LANG else re.sub(r"(?=[A-Z])|-", "_", name).lower()
        info = shape.attributes.get(field)
        if info and field not in made:
            made[field] = value_of(value, info)
        else:
            made[f"{UNKNOWN_ATTRIBUTE}{name}"] = value
    content = element.text
    named = next((child for child in element if child.tag == NAMED_BY_CHILD.get(shape.name)), None)
    if named is not None and not (named.attrib or len(named) or (content or "").strip()):
        content = (named.text or "") + (named.tail or "")
        element.remove(named)
    if shape.content and content and not (shape.takes_words and len(element)):
        made[shape.content.encode_name] = content if shape.takes_words else content.strip() or None
        content = None
    if shape.children and (len(element) or (content or "").strip()):
        inner = next(iter(shape.within.values()))
        made[shape.children.encode_name] = json_of(
            element, content, shape.within, shape_of(inner).tag_field, words=shape.takes_words
        )
    else:
        # Reading it reports an error; nothing is dropped silently.
        made |= {f"{MISPLACED_CHILD}{child.tag}": True for child in element}
        texts = (content, *(child.tail for child in element))
        if not shape.content and any((text or "").strip() for text in texts):
            made[MISPLACED_TEXT] = True
    return made


def value_of(text: str, info: FieldInfo) -> object:
    """Return an attribute's value with the type of its field; a text that does not fit is an error when it is read."""
    kinds = kinds_of(info.type)
    plain = text.strip()
    if list in kinds:
        return text.split()
    if bool in kinds and plain.lower() in ("true", "false"):
        return plain.lower() == "true"
    if int in kinds and re.fullmatch(r"\d{1,12}", plain):
        return int(plain)
    choices = choices_of(info.type)
    # The case of these does not matter to Twilio.
    return next((same for same in (plain.upper(), plain.lower()) if same in choices & CASELESS), text)


def choices_of(annotation: Any) -> set[object]:
    """Return the values that a field's type lists."""
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    return {choice for part in get_args(annotation) for choice in choices_of(part)}


def kinds_of(annotation: Any) -> set[type]:
    """Return the plain types in a field's type."""
    if isinstance(annotation, type):
        return {annotation}
    if get_origin(annotation) is list:
        return {list}
    if get_origin(annotation) is Literal:
        return {str}
    return {kind for part in get_args(annotation) for kind in kinds_of(part)}

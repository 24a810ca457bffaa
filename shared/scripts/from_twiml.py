"""Reads TwiML that exists already into a script, so that it can be moved over."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args, get_origin
from xml.etree import ElementTree

from msgspec.structs import FieldInfo

from shared.errors import FieldError
from shared.scripts.reading import FAMILIES, Family, InvalidScript, Script, read_script
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import Shape, shape_of
from shared.scripts.writing import NAMED_BY_CHILD
from shared.twiml_builder import check_document

LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def script_of(document: str) -> tuple[Script, Family]:
    """Return the script that makes `document`, and its family; raises InvalidScript for what no script can hold."""
    try:
        check_document(document)
    except ValueError as error:
        raise InvalidScript([FieldError("$", str(error))]) from None
    root = ElementTree.fromstring(document)
    family: Family = "messaging" if root.find("Message") is not None else "voice"
    return read_script(json_of(root, root.text, FAMILIES[family], "verb", words=False), family), family


def json_of(
    parent: ElementTree.Element, before: str | None, allowed: dict[str, type[Element]], tag_field: str, *, words: bool
) -> list[Any]:
    """Return what stands within an element as a script's JSON; what does not belong there is left for the reader.

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
            # A name that no field has, so that it is a fault: never the verb's name, its text or what is within it.
            made[f"@{name}"] = value
    within = list(element)
    content = element.text
    if within and within[0].tag == NAMED_BY_CHILD.get(shape.name) and not (content or "").strip():
        content = within[0].text
        element.remove(within[0])
    if shape.content and content and not (shape.takes_words and len(element)):
        made[shape.content.encode_name] = content if shape.takes_words else content.strip() or None
        content = None
    if shape.children and (len(element) or (content or "").strip()):
        inner = next(iter(shape.within.values()))
        made[shape.children.encode_name] = json_of(
            element, content, shape.within, shape_of(inner).tag_field, words=shape.takes_words
        )
    elif len(element) or (content or "").strip():
        # Nothing is left out in silence.
        made["text()"] = "".join(element.itertext())
    return made


def value_of(text: str, info: FieldInfo) -> object:
    """Return an attribute's text as its field takes it; text that does not fit stays text, and is a fault there."""
    kinds = kinds_of(info.type)
    if list in kinds:
        return text.split()
    if bool in kinds and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if int in kinds and re.fullmatch(r"\d{1,12}", text):
        return int(text)
    return text


def kinds_of(annotation: Any) -> set[type]:
    """Return the plain types in a field's type."""
    if isinstance(annotation, type):
        return {annotation}
    if get_origin(annotation) is list:
        return {list}
    if get_origin(annotation) is Literal:
        return {str}
    return {kind for part in get_args(annotation) for kind in kinds_of(part)}

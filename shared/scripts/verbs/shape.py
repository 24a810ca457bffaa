"""The parts of a verb or noun: its attributes, its text, and the elements that it may contain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

from msgspec import Meta
from msgspec.structs import FieldInfo, fields
from twilio.twiml import TwiML, lower_camel

from shared.scripts.verbs.element import Children, Content, Element, Marker

Metadata = TypeVar("Metadata")

# Children of one element.
MOST_WITHIN = 100


@dataclass(frozen=True, slots=True)
class Shape:
    """The parts of one kind of element.

    name            its name in TwiML
    tag_field       the key of its name in JSON: verb, noun or ssml
    fields          all its fields, by their names in JSON
    attributes      the fields that are attributes in TwiML
    content         the field that is its text
    children        the field that is the list of its children
    within          the kinds of its children, by their names
    takes_words     whether text is allowed between the children
    fewest, most    how many children it may have
    """

    name: str
    tag_field: str
    fields: dict[str, FieldInfo]
    attributes: dict[str, FieldInfo]
    content: FieldInfo | None
    children: FieldInfo | None
    within: dict[str, type[Element]]
    takes_words: bool
    fewest: int
    most: int


@cache
def shape_of(kind: type[Element]) -> Shape:
    """Return the shape of a verb or noun."""
    by_name = {info.encode_name: info for info in fields(kind)}
    content = next((info for info in by_name.values() if Content in markers_of(info.type)), None)
    children = next((info for info in by_name.values() if Children in markers_of(info.type)), None)
    allowed = kinds_in(children.type) if children else []
    limits = metadata_of(children.type, Meta) if children else []
    return Shape(
        name=tag_of(kind),
        tag_field=str(kind.__struct_config__.tag_field),
        fields=by_name,
        attributes={name: info for name, info in by_name.items() if info not in (content, children)},
        content=content,
        children=children,
        within={tag_of(one): one for one in allowed if one is not str},
        takes_words=str in allowed,
        fewest=next((limit.min_length for limit in limits if limit.min_length), 0),
        most=next((limit.max_length for limit in limits if limit.max_length), MOST_WITHIN),
    )


def walk(elements: Iterable[object], place: str = "$") -> Iterator[tuple[str, Element]]:
    """Yield elements and all elements in them, each with its place, like `$[1].verbs[0]`."""
    for index, element in enumerate(elements):
        if isinstance(element, Element):
            here = f"{place}[{index}]"
            yield here, element
            if children := shape_of(type(element)).children:
                yield from walk(getattr(element, children.name) or [], f"{here}.{children.encode_name}")


def tag_of(kind: type[Element]) -> str:
    """Return an element's name in TwiML."""
    return str(kind.__struct_config__.tag)


def xml_name(info: FieldInfo) -> str:
    """Return a field's name as an attribute in TwiML."""
    return str(lower_camel(TwiML.MAP.get(info.name, info.name)))


def markers_of(annotation: Any) -> list[Marker]:
    """Return the markers in a field's type."""
    return metadata_of(annotation, Marker)


def metadata_of(annotation: Any, kind: type[Metadata]) -> list[Metadata]:
    """Return the annotations of one kind in a type and its parts."""
    own = [item for item in getattr(annotation, "__metadata__", ()) if isinstance(item, kind)]
    return own + [item for part in get_args(annotation) for item in metadata_of(part, kind)]


def kinds_in(annotation: Any) -> list[type[Any]]:
    """Return the types of the items in a field that is a list: elements, and `str`."""
    if get_origin(annotation) is list:
        return leaves(get_args(annotation)[0])
    return [kind for part in get_args(annotation) for kind in kinds_in(part)]


def leaves(annotation: Any) -> list[type[Any]]:
    """Return the members of a union, or the type itself if it is not a union."""
    members = get_args(annotation)
    return [kind for member in members for kind in leaves(member)] if members else [annotation]

"""What a verb or noun consists of: its attributes, its text, and which elements may stand within it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

from msgspec import Meta
from msgspec.structs import FieldInfo, fields

from shared.scripts.verbs.element import Children, Content, Element, Marker

Metadata = TypeVar("Metadata")

# Elements within one element.
MOST_WITHIN = 100


@dataclass(frozen=True, slots=True)
class Shape:
    """One element's parts; `tag_field` is the key that holds its name in JSON: verb, noun or ssml."""

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


def tag_of(kind: type[Element]) -> str:
    """Return an element's name in TwiML."""
    return str(kind.__struct_config__.tag)


def markers_of(annotation: Any) -> list[Marker]:
    """Return the markers in a field's type."""
    return metadata_of(annotation, Marker)


def metadata_of(annotation: Any, kind: type[Metadata]) -> list[Metadata]:
    """Return what a type, or a part of it, is annotated with, as far as it is of one kind."""
    own = [item for item in getattr(annotation, "__metadata__", ()) if isinstance(item, kind)]
    return own + [item for part in get_args(annotation) for item in metadata_of(part, kind)]


def kinds_in(annotation: Any) -> list[type[Any]]:
    """Return the elements, and `str`, that the list in a field's type may hold."""
    if get_origin(annotation) is list:
        return leaves(get_args(annotation)[0])
    return [kind for part in get_args(annotation) for kind in kinds_in(part)]


def leaves(annotation: Any) -> list[type[Any]]:
    """Return the members of a union, or the one type that it is."""
    members = get_args(annotation)
    return [kind for member in members for kind in leaves(member)] if members else [annotation]

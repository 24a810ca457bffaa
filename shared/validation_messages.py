"""Messages about wrong values, in terms of JSON: `expected a whole number from 1 to 600, got "soon"`."""

from __future__ import annotations

import json
from typing import Any

LONGEST_SHOWN = 40


def expected(annotation: Any) -> str:
    """Return in words which values a field of this type accepts."""
    from msgspec import inspect  # needed only for a wrong request

    return in_words(inspect.type_info(annotation))


def in_words(kind: object) -> str:
    """Return one of msgspec's types in words."""
    from msgspec import inspect

    match kind:
        case inspect.Metadata(type=inner):
            return in_words(inner)
        case inspect.IntType(ge=fewest, le=None):
            return f"a whole number of at least {fewest:,}"
        case inspect.IntType(ge=fewest, le=most):
            return f"a whole number from {fewest:,} to {most:,}"
        case inspect.StrType(max_length=None):
            return "text"
        case inspect.StrType(max_length=most):
            return f"text of at most {most:,} characters"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType(values=(value,)):
            return str(value)
        case inspect.LiteralType(values=values):
            return f"one of {', '.join(map(str, values))}"
        case inspect.DateTimeType():
            return "a time with its offset, like 2026-11-21T10:00:00Z"
        case inspect.ListType(item_type=inspect.AnyType()):
            return "a list"
        case inspect.ListType(item_type=inspect.StrType(), min_length=None, max_length=None):
            return "a list of texts"
        case inspect.ListType(item_type=inspect.StrType(), min_length=fewest, max_length=most):
            return f"a list of {fewest} to {most} texts"
        case inspect.UnionType(types=kinds):
            return " or ".join(in_words(one) for one in kinds if not isinstance(one, inspect.NoneType))
    raise TypeError(f"there are no words for {kind!r}")


def got(value: object) -> str:
    """Return the end of a message, `, got ...`: the value as JSON if that is short, else its type."""
    if value is None:
        return ", got nothing"
    inner = value if isinstance(value, list) else []
    if isinstance(value, dict) or any(isinstance(item, dict | list) for item in inner):
        return f", got {kind_of(value)}"
    shown = json.dumps(value, ensure_ascii=False)
    return f", got {shown if len(shown) <= LONGEST_SHOWN else kind_of(value)}"


def kind_of(value: object) -> str:
    """Return the type of a JSON value in words."""
    kinds = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")

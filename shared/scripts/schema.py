"""The JSON Schema of scripts, for editors and for the description of the API; made of the verbs themselves."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

import msgspec

from shared.scripts.reading import FAMILIES, MOST_VERBS, Family


def json_schema(family: Family) -> dict[str, Any]:
    """Return the schema (https://json-schema.org/draft/2020-12) of a voice or a messaging script.

    It knows types, ranges and nesting. Forms of text, order and company are checked by `read_script` alone.
    """
    verb = reduce(or_, FAMILIES[family].values())
    schema = msgspec.json.schema(list[verb])  # type: ignore[valid-type]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A {family} script",
        "maxItems": MOST_VERBS,
        **schema,
    }

"""The JSON Schema of scripts, for editors and API descriptions; generated from the verbs."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

import msgspec

from shared.scripts.reading import FAMILIES, MOST_VERBS, Family


def json_schema(family: Family) -> dict[str, Any]:
    """Return the schema (https://json-schema.org/draft/2020-12) of a voice or a messaging script.

    It contains types, ranges and nesting. Only `read_script` checks the form of texts, the order and combinations.
    """
    verb = reduce(or_, FAMILIES[family].values())
    schema = msgspec.json.schema(list[verb])  # type: ignore[valid-type]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A {family} script",
        "maxItems": MOST_VERBS,
        **schema,
    }

"""The reference in docs/ lists exactly what the code has: fields, errors, settings, host.json, verbs, twimlets."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest

from access_token import TokenRequest
from activity import ListQuery
from caller_ids import VerificationBody
from make_call import CallRequest
from send_sms import TextRequest
from shared.errors import ApiError
from shared.scripts.verbs import messaging, voice
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import shape_of
from shared.settings import SETTING_NAMES
from tests.support.app import ROOT
from tests.support.documents import rows, section, text_of
from twimlet import TWIMLETS


def names(cell: str) -> list[str]:
    """Return the names in code style in a cell."""
    return re.findall(r"`(.+?)`", cell)


def first_column(page: str, heading: str) -> list[str]:
    """Return the names in the first column of the table under a heading."""
    return [name for row in rows(section(text_of(page), heading)) for name in names(row[0])]


@pytest.mark.parametrize(
    ("heading", "struct"),
    [
        ("access_token", TokenRequest),
        ("caller_ids", VerificationBody),
        ("make_call", CallRequest),
        ("send_sms", TextRequest),
        ("activity", ListQuery),
    ],
)
def test_every_field_of_a_request_is_documented(heading: str, struct: type[msgspec.Struct]) -> None:
    """A field that nobody can read about is not used."""
    fields = [field.encode_name for field in msgspec.structs.fields(struct)]

    assert sorted(first_column("docs/routes.md", heading)) == sorted(fields)


def test_every_twimlet_is_documented() -> None:
    """With its parameters beside it."""
    assert sorted(first_column("docs/routes.md", "Twimlets")) == sorted(TWIMLETS)


def family(kind: type[ApiError]) -> list[type[ApiError]]:
    """Return a class of errors and all its subclasses."""
    return [kind, *[each for child in kind.__subclasses__() for each in family(child)]]


def test_every_error_code_is_documented_with_its_status() -> None:
    """Callers branch on the codes; the class names the usual status, and the table more."""
    table = rows(section(text_of("docs/errors.md"), "Codes"))
    documented = {names(row[0])[0]: set(map(int, row[1].split(", "))) for row in table}
    codes = {kind.code: kind.status for kind in family(ApiError) if kind.code != ApiError.code}

    assert set(documented) == set(codes)
    assert all(status in documented[code] for code, status in codes.items())


def test_the_settings_in_the_code_the_example_and_the_documents_are_the_same() -> None:
    """Nobody has to guess which list is right."""
    example = json.loads((ROOT / "local.settings.json.example").read_text("utf-8"))["Values"]

    assert set(example) - {"FUNCTIONS_WORKER_RUNTIME"} == set(SETTING_NAMES)
    assert sorted(first_column("docs/settings.md", "Application settings")) == sorted(SETTING_NAMES)


def leaves(value: Any, path: str = "") -> dict[str, str]:
    """Return the values of a JSON object by their paths."""
    if not isinstance(value, dict):
        return {path: value if isinstance(value, str) else json.dumps(value)}
    return {
        name: leaf for key, part in value.items() for name, leaf in leaves(part, f"{path}.{key}".strip(".")).items()
    }


def test_every_value_of_host_json_is_documented_with_its_reason() -> None:
    """JSON has no comments."""
    in_file = leaves(json.loads((ROOT / "host.json").read_text("utf-8")))
    documented = [names(row[0]) for row in rows(section(text_of("docs/settings.md"), "host.json"))]

    assert "extensionBundle" not in in_file
    assert {"version": "2.0", **dict(pair for pair in documented if len(pair) == 2)} == in_file


def test_every_verb_is_documented_with_its_content_and_what_it_may_contain() -> None:
    """The table that users choose from."""
    documented = {names(row[0])[0]: row[1] for row in rows(section(text_of("docs/scripts.md"), "Verbs"))}
    verbs: list[type[Element]] = [*voice.VERBS, *messaging.VERBS]
    shapes = {shape_of(verb).name: shape_of(verb) for verb in verbs}

    assert set(documented) == set(shapes)
    for name, shape in shapes.items():
        parts = [part.encode_name for part in (shape.content, shape.children) if part]
        within = documented[name].partition(": ")[2].split(", ") if ": " in documented[name] else []
        assert names(documented[name]) == parts, name
        assert sorted(within) == sorted(shape.within), name

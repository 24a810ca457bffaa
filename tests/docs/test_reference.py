"""The reference in docs/ lists exactly what the code has: fields, errors, settings, host.json, verbs, twimlets."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from function_app import FOLDERS
from shared.contract.docstrings import REQUIRED
from shared.contract.routes import SIGNATURE, operations_of, structs_of
from shared.contract.schemas import Struct, described, structs_in
from shared.errors import ApiError, statuses_of
from shared.request_body import fields_of
from shared.scripts.verbs import messaging, voice
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import shape_of
from shared.settings import SETTING_NAMES
from tests.support.app import ROOT
from tests.support.documents import code_blocks, rows, section, text_of
from twimlet import TWIMLETS


def names(cell: str) -> list[str]:
    """Return the names in code style in a cell."""
    return re.findall(r"`(.+?)`", cell)


def first_column(page: str, heading: str) -> list[str]:
    """Return the names in the first column of the table under a heading."""
    return [name for row in rows(section(text_of(page), heading)) for name in names(row[0])]


def documented_fields(function: str) -> dict[str, str]:
    """Return the text of each field in the table of a function, without Markdown; those of other tables too."""
    tables = re.split(r"\n\n", section(text_of("docs/routes.md"), function))
    in_tables = [row for table in tables if table.lstrip().startswith(("| Field", "| Param")) for row in rows(table)]
    return {name: plain(row[1]) for row in in_tables for name in names(row[0])}


def plain(markdown: str) -> str:
    """Return a text without the marks of links and code."""
    return re.sub(r"\[(.+?)\]\(.+?\)", r"\1", markdown).replace("`", "").replace("<", "").replace(">", "")


REQUESTS: list[tuple[str, Struct]] = [
    (each.function, struct)
    for each in operations_of(FOLDERS)
    if each.access != SIGNATURE
    for struct in (each.operation.body, each.operation.query)
    if struct in structs_of(each)
]


@pytest.mark.parametrize(("function", "struct"), REQUESTS, ids=[f"{name}-{one.__name__}" for name, one in REQUESTS])
def test_every_field_of_a_request_is_documented_as_in_the_code(function: str, struct: Struct) -> None:
    """A field is described in the docstring of the function; the OpenAPI document and this page have its words."""
    documented = documented_fields(function)

    for name, info in fields_of(struct).items():
        assert name in documented, f"docs/routes.md, {function}: {name}"
        text = documented[name]
        if "as for " not in text:  # the page refers to another function
            words = (REQUIRED if info.required else "") + described({}, struct, name)["description"]
            assert text == plain(words), f"docs/routes.md, {function}: {name}"


@pytest.mark.parametrize("function", dict(REQUESTS))
def test_no_field_is_documented_that_a_request_cannot_have(function: str) -> None:
    """A removed field is removed from the page."""
    fields = {name for other, struct in REQUESTS if other == function for name in fields_of(struct)}

    assert set(documented_fields(function)) - fields == set()


def test_every_header_of_a_request_is_documented() -> None:
    """Somewhere on the page of the routes."""
    headers = {
        name for each in operations_of(FOLDERS) if each.operation.headers for name in fields_of(each.operation.headers)
    }

    assert [name for name in headers if f"`{name}" not in text_of("docs/routes.md")] == []


def test_the_examples_of_answers_have_the_members_in_the_code() -> None:
    """Each JSON of a section is one of the answers of the function with that name."""
    for each in operations_of(FOLDERS):
        answers = [kind for kind in each.operation.answers.values() if kind in structs_in([kind])]
        if each.operation.body is not None and answers:
            for block in code_blocks(section(text_of("docs/routes.md"), each.function), "json"):
                shown = json.loads(block)
                assert any(shown.keys() <= fields_of(kind).keys() for kind in answers), each.function


def test_every_twimlet_is_documented() -> None:
    """With its parameters beside it."""
    assert sorted(first_column("docs/routes.md", "Twimlets")) == sorted(TWIMLETS)


def family(kind: type[ApiError]) -> list[type[ApiError]]:
    """Return a class of errors and all its subclasses."""
    return [kind, *[each for child in kind.__subclasses__() for each in family(child)]]


def test_every_error_code_is_documented_with_its_status() -> None:
    """Callers branch on the codes."""
    table = rows(section(text_of("docs/errors.md"), "Codes"))
    documented = {names(row[0])[0]: set(map(int, row[1].split(", "))) for row in table}
    codes = {kind.code: set(statuses_of(kind)) for kind in family(ApiError) if kind.code != ApiError.code}

    assert documented == codes


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

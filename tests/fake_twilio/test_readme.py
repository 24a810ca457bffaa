"""The emulator's README compared with its code."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from fake_twilio.__main__ import main
from fake_twilio.rest import call_parameters, message_parameters
from fake_twilio.rest.base import ROOT
from fake_twilio.rest_failures import Kind
from fake_twilio.twiml.rules import DOCUMENTS
from fake_twilio.voice.verbs import VERBS
from fake_twilio.voice.verbs.start import TAPS
from tests.support.documents import code_blocks, rows, section, text_of
from tests.support.fake_twilio_stage import Stage, routes

README = text_of("fake_twilio/README.md")


def names(text: str) -> set[str]:
    """Return the words in code style."""
    return set(re.findall(r"`(.*?)`", text))


def table(heading: str) -> dict[str, list[str]]:
    """Return the rows of a section's table by their first cell, without its code style."""
    return {cells[0].strip("`"): cells[1:] for cells in rows(section(README, heading))}


def test_the_table_of_the_rest_api_has_every_path_with_its_methods(stage: Stage) -> None:
    """Paths in the table are relative to the account."""
    documented = {
        (method, path if path.startswith("/") else f"{ROOT}/{path}")
        for path, cells in table("REST API").items()
        for method in cells[0].split(", ")
    }

    assert documented == {(method, path) for method, path in routes(stage) if path.startswith(("/2010", "/v1"))}


def test_the_table_of_the_phones_api_has_every_route(stage: Stage) -> None:
    """Apart from the files of the page."""
    documented = {tuple(route.split()) for route in table("Phones API")}

    assert documented == {(method, path) for method, path in routes(stage) if path.startswith("/_phones")}


def test_the_tables_of_verbs_have_every_verb_that_the_emulator_runs() -> None:
    """The text below names those that it skips."""
    (skipped,) = re.findall(r"^(`.*) are shown and skipped", section(README, "TwiML for calls"), re.MULTILINE)

    assert set(table("TwiML for calls")) == set(VERBS)
    assert names(skipped) == DOCUMENTS["voice"].children - set(VERBS)
    assert names(table("TwiML for calls")["Start"][0]) == set(TAPS)
    assert set(table("TwiML for messages")) == DOCUMENTS["messaging"].children


def test_the_table_of_magic_numbers_has_every_number_with_its_codes() -> None:
    """In the order of the columns: to and from, for calls and messages."""
    columns: list[dict[str, int]] = [
        call_parameters.MAGIC_TO,
        message_parameters.MAGIC_TO,
        call_parameters.MAGIC_FROM,
        message_parameters.MAGIC_FROM,
    ]
    documented: list[dict[str, int]] = [{}, {}, {}, {}]
    for number, cells in table("Magic numbers").items():
        for column, cell in zip(documented, cells, strict=True):
            if code := re.match(r"\[(\d+)\]", cell):
                column[number] = int(code[1])

    assert documented == columns


def test_the_table_of_rest_failures_has_every_kind() -> None:
    """They are the first argument of `inject`."""
    assert {kind.strip('"') for kind in table("Failures of the REST API")} == set(map(str, get_args(Kind)))


def test_the_table_of_options_has_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    """As `--help` lists them."""
    with pytest.raises(SystemExit):
        main(["--help"])
    known = set(re.findall(r"^  .*?(--[a-z-]+)", capsys.readouterr().out, re.MULTILINE)) - {"--help"}

    assert set(re.findall(r"--[a-z-]+", " ".join(rows_of_options()))) == known


def rows_of_options() -> list[str]:
    """Return the first cells of the table of options."""
    return [cells[0] for cells in rows(section(README, "Start it")) if cells[0].startswith("`--")]


def test_the_example_is_a_test_that_passes() -> None:
    """As a reader would copy it."""
    (example,) = [block for block in code_blocks(README, "python") if "def test_" in block]
    namespace: dict[str, Any] = {}
    exec(example, namespace)

    namespace["test_the_callee_hears_the_greeting"]()

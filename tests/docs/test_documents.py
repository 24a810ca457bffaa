"""The documents: links lead somewhere, names are real, commands take their options, codes have their pages."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from shared.settings import SETTING_NAMES
from tests.support.app import ROOT
from tests.support.stand_in_az.cli import COMMANDS

PAGES = [ROOT / "README.md", ROOT / "infra" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OURS = sorted((ROOT / "docs").glob("*.md"))

# Other programs' variables, an error's name, and what the commands themselves set.
NOT_SETTINGS = {
    "BASE_URL",
    "CERTIFICATE_VERIFY_FAILED",
    "HTTPS_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
}
# Of an extension: https://learn.microsoft.com/cli/azure/monitor/log-analytics; and of the CLI, with these options.
MORE_OF_AZ = {
    "monitor log-analytics query": {"--workspace", "--analytics-query", "--output"},
    "monitor log-analytics workspace list": {"--resource-group", "--query", "--output"},
}


def page_id(page: Path) -> str:
    """Return a page's name for pytest."""
    return page.relative_to(ROOT).as_posix()


def anchors(page: Path) -> set[str]:
    """Return what a link into a page may end in, as GitHub makes it of the headings."""
    text = re.sub(r"(?s)```.*?```", "", page.read_text("utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    """To a file that is there, and to a heading that it has."""
    text = re.sub(r"(?s)```.*?```", "", page.read_text("utf-8"))
    for target in re.findall(r"\]\((?!https?:)(.*?)\)", text):
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), target
        assert not anchor or anchor in anchors(other), target


@pytest.mark.parametrize("page", OURS, ids=page_id)
def test_every_error_code_has_a_link_to_its_page(page: Path) -> None:
    """Twilio's page says more than a table can."""
    text = page.read_text("utf-8")
    linked = re.findall(r"\[(\d+)\]\(https://www\.twilio\.com/docs/api/errors/(\d+)\)", text)
    named = set(re.findall(r"(?<![\w+./-])\d{5,6}(?![\w-])", text))

    assert all(code == address for code, address in linked)
    assert named == {code for code, _ in linked}


@pytest.mark.parametrize("page", OURS, ids=page_id)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    """A setting that was renamed is renamed in the documents too."""
    text = re.sub(r"(?s)```.*?```", "", page.read_text("utf-8"))
    named = {name for code in re.findall(r"`(.*?)`", text) for name in re.findall(r"[A-Z]+(?:_[A-Z]+)+", code)}

    assert named - NOT_SETTINGS - set(SETTING_NAMES) == set()
    assert named & set(SETTING_NAMES)


def commands(page: Path) -> list[str]:
    """Return the lines of code of a page, those that go on joined to one."""
    text = page.read_text("utf-8").replace("\\\n", " ")
    blocks = re.findall(r"(?s)```sh\n(.*?)```", text)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"(?s)```.*?```", "", text))
    return [line.split("  #")[0] for block in blocks for line in block.splitlines()] + inline


@cache
def help_of(program: str) -> str:
    """Return what a program of ours says of its options."""
    words = [sys.executable, *program.split(), "--help"]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_command_of_ours_takes_the_options_that_it_is_given(page: Path) -> None:
    """Scripts in infra/, and what `-m dev` starts."""
    for line in commands(page):
        for program, rest in re.findall(r"python3? (infra/\w+\.py|-m dev\.host|-m dev [a-z]+)(.*)", line):
            for option in re.findall(r" (--[a-z][a-z-]+)", rest):
                assert re.search(rf"(?<![\w-]){option}(?![\w-])", help_of(program)), line


@pytest.mark.parametrize("page", OURS, ids=page_id)
def test_every_command_of_the_azure_cli_is_one_that_it_takes(page: Path) -> None:
    """With its options, as recorded from the CLI."""
    for line in commands(page):
        for command, rest in re.findall(r"(?<![\w./-])az ([a-z][a-z -]*?[a-z])( --.*)", line):
            options = re.findall(r" (--[a-z-]+)", rest)
            known = MORE_OF_AZ.get(command) or {name for names in COMMANDS[command] for name in names.split()}
            assert set(options) <= known, line

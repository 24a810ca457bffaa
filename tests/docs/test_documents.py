"""The documents: links resolve, names exist, commands have their options, and examples work in every shell."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from shared.settings import SETTING_NAMES
from tests.support.app import ROOT
from tests.support.documents import (
    APP_URL,
    PAGES,
    anchors,
    code_blocks,
    commands,
    section,
    text_of,
    without_code_blocks,
)
from tests.support.stand_in_az.cli import COMMANDS

MOST_WORDS_OF_README = 1200
# Settings of other programs, and the name of an error.
NOT_SETTINGS = {
    "APP_NAME",
    "AZURE_CLIENT_ID",
    "AZURE_RESOURCE_GROUP",
    "AZURE_SUBSCRIPTION_ID",
    "AZURE_TENANT_ID",
    "ALERT_EMAIL",
    "BASE_URL",
    "CERTIFICATE_VERIFY_FAILED",
    "DEV_CHROMIUM",
    "DEV_PYTHON",
    "HTTPS_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
}
OUR_PROGRAM = re.compile(r"python3? (infra/\w+\.py|-m fake_twilio|-m dev\.host|-m dev [a-z]+)(.*)")
# Of an extension of the Azure CLI: https://learn.microsoft.com/cli/azure/monitor/log-analytics
MORE_OF_AZ = {
    # https://learn.microsoft.com/cli/azure/functionapp/keys#az-functionapp-keys-set
    "functionapp keys set": {"--resource-group", "--name", "--key-type", "--key-name", "--query", "--output"},
    "monitor log-analytics query": {"--workspace", "--analytics-query", "--output"},
    "monitor log-analytics workspace list": {"--resource-group", "--query", "--output"},
}


def page_id(page: Path) -> str:
    """Return the name of a page for pytest."""
    return page.relative_to(ROOT).as_posix()


every_page = pytest.mark.parametrize("page", PAGES, ids=page_id)


def test_the_readme_is_short() -> None:
    """A reader decides on one page whether to go on."""
    assert len(text_of("README.md").split()) <= MOST_WORDS_OF_README


@every_page
def test_every_link_within_the_repository_leads_to_a_file_and_a_heading(page: Path) -> None:
    """A renamed file or heading is renamed in all documents."""
    for target in re.findall(r"\]\((?!https?:)(.*?)\)", without_code_blocks(page.read_text("utf-8"))):
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), target
        assert not anchor or anchor in anchors(other.read_text("utf-8")), target


@every_page
def test_every_file_of_a_folder_that_is_named_exists(page: Path) -> None:
    """In code style, like `shared/settings.py`."""
    named = re.findall(r"`((\w+)/[\w./-]*)`", without_code_blocks(page.read_text("utf-8")))

    assert [path for path, folder in named if (ROOT / folder).is_dir() and not (ROOT / path).exists()] == []


def test_the_layout_in_contributing_has_every_folder_but_the_functions() -> None:
    """One function stands for all."""
    in_layout = set(re.findall(r"(?m)^    (\w+)/", section(text_of("CONTRIBUTING.md"), "Layout")))
    folders = {path.parent.name for path in ROOT.glob("[!.]*/*.py")}
    functions = {name for name in folders if (ROOT / "tests" / "app" / f"test_{name}.py").exists()}

    assert in_layout - functions == folders - functions


def test_every_document_is_in_the_index_of_the_readme() -> None:
    """A page that nobody finds is not read. GitHub shows the README of a folder."""
    linked = {(ROOT / path).resolve() for path in re.findall(r"\]\((.*?)[)#]", text_of("README.md"))}

    assert [page for page in PAGES if page not in linked and page.parent not in linked] == [ROOT / "README.md"]


@every_page
def test_every_error_code_has_a_link_to_its_page(page: Path) -> None:
    """Twilio's page says more than a table can."""
    text = page.read_text("utf-8")
    linked = re.findall(r"\[(\d+)\]\(https://www\.twilio\.com/docs/api/errors/(\d+)\)", text)
    named = set(re.findall(r"(?<![\w+./:-])\d{5,6}(?![\w-])", text))

    assert all(code == address for code, address in linked)
    assert named == {code for code, _ in linked}


@every_page
def test_every_setting_that_is_named_exists(page: Path) -> None:
    """A setting that was renamed is renamed in the documents too."""
    text = without_code_blocks(page.read_text("utf-8"))
    named = {name for code in re.findall(r"`(.*?)`", text) for name in re.findall(r"[A-Z]+(?:_[A-Z]+)+", code)}

    assert named - NOT_SETTINGS - set(SETTING_NAMES) == set()


def all_commands(page: Path) -> list[str]:
    """Return the commands of a page, in blocks and in running text."""
    text = page.read_text("utf-8")
    return [*commands(text), *re.findall(r"`([^`\n]+)`", without_code_blocks(text))]


@cache
def help_of(program: str) -> str:
    """Return the help text of one of our programs."""
    words = [sys.executable, *program.split(), "--help"]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@every_page
def test_every_command_of_ours_has_the_options_that_it_is_given(page: Path) -> None:
    """The commands in infra/, the emulator, and `python3 -m dev`."""
    for line in all_commands(page):
        for program, rest in OUR_PROGRAM.findall(line):
            for option in re.findall(r" (--[a-z][a-z-]+)", rest):
                assert re.search(rf"(?<![\w-]){option}(?![\w-])", help_of(program)), line


@every_page
def test_every_command_of_the_azure_cli_exists_with_its_options(page: Path) -> None:
    """As recorded from the Azure CLI."""
    for line in all_commands(page):
        for command, rest in re.findall(r"(?<![\w./-])az ([a-z][a-z -]*?[a-z])( --.*)", line):
            options = re.findall(r" (--[a-z-]+)", rest)
            known = MORE_OF_AZ.get(command) or {name for names in COMMANDS[command] for name in names.split()}
            assert set(options) <= known, line


@every_page
def test_every_curl_command_for_a_laptop_reads_the_same_in_bash_powershell_and_cmd(page: Path) -> None:
    """Double quotes only, one line, no comment; and @ begins a word in PowerShell's own language, so it is quoted."""
    for block in code_blocks(page.read_text("utf-8"), "sh"):
        for line in block.splitlines():
            if line.startswith("curl ") and (APP_URL in line or "YOUR-APP" in line):
                assert not re.search(r"['$`\\!%^]|\s#|\s@", line), line


def test_the_json_in_the_documents_is_valid_and_that_of_the_tutorial_is_in_files() -> None:
    """The files are what the commands send."""
    files = {path.name: json.loads(path.read_text("utf-8")) for path in (ROOT / "docs" / "tutorial").glob("*.json")}
    shown = [json.loads(block) for block in code_blocks(text_of("docs/tutorial.md"), "json")]

    for page in PAGES:
        for block in code_blocks(page.read_text("utf-8"), "json"):
            json.loads(block)
    assert all(script in files.values() for script in shown)
    assert set(re.findall(r"tutorial/(\w+\.json)", text_of("docs/tutorial.md"))) == set(files)

"""The documents as data: their sections, tables, links and commands; and a way to run a command as a reader does."""

from __future__ import annotations

import re
import shlex
import subprocess

from tests.support.app import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("[!.]*/README.md")])
# The address of the app in the documents.
APP_URL = "http://127.0.0.1:7071"


def text_of(page: str) -> str:
    """Return a document, by its path in the repository."""
    return (ROOT / page).read_text("utf-8")


def without_code_blocks(text: str) -> str:
    """Return a text without its fenced blocks."""
    return re.sub(r"(?ms)^```.*?^```$", "", text)


def section(text: str, heading: str) -> str:
    """Return the text from a heading to the next one of any level."""
    return re.split(r"(?m)^#", text.split(f"# {heading}\n", 1)[1], maxsplit=1)[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of the first table in a text, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [re.split(r"(?<!\\) \| ?", line.removeprefix("| ").removesuffix(" |")) for line in lines[2:]]


def code_blocks(text: str, language: str) -> list[str]:
    """Return the contents of the fenced blocks in one language."""
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", text)


def commands(text: str) -> list[str]:
    """Return the shell commands of a text: continued lines joined, comments removed."""
    lines = "".join(code_blocks(text, "sh")).replace("\\\n", " ").splitlines()
    return [command for line in lines if (command := re.sub(r"(^|\s)#.*", "", line).strip())]


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub makes of the headings of a text."""
    headings = re.findall(r"(?m)^#+ (.*)$", without_code_blocks(text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def run_curl(command: str, replacements: dict[str, str]) -> str:
    """Run a documented curl command in the folder of the repository; return the body. The answer must be a success."""
    for old, new in replacements.items():
        command = command.replace(old, new)
    words = shlex.split(command)
    done = subprocess.run(
        [*words, "--silent", "--show-error", "--fail-with-body"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout.decode()

"""The door's command line, its checks, and what it finds on a machine: Node and a browser."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev import chromium, node
from dev.terminal import Terminal

ROOT = Path(__file__).parents[2]
posix_only = pytest.mark.skipif(os.name != "posix", reason="stands in for programs with scripts of the shell")


def door(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `python3 -m dev` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "dev", *arguments],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def script(path: Path, text: str) -> Path:
    """Write a shell script that can be run."""
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("command", [(), ("run",), ("services",), ("test",), ("check",), ("bench",)])
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    """--help works everywhere and says more than the usage."""
    done = door(*command, "--help")

    assert done.returncode == 0
    assert done.stdout.startswith("usage: python3 -m dev")
    assert len(done.stdout.splitlines()) > 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "required: COMMAND"),
        (("walk",), "invalid choice: 'walk'"),
        (("run", "--port", "0"), "argument --port: 0 is not a port: 1 to 65535 is expected"),
        (("run", "--port", "65536"), "65536 is not a port"),
        (("run", "--port", "x"), "x is not a port"),
        (("run", "--chaos", "x"), "argument --chaos: invalid int value: 'x'"),
        (("run", "--host", "iis"), "argument --host: invalid choice: 'iis'"),
        (("run", "--verb"), "unrecognized arguments: --verb"),
        (("check", "--fox"), "unrecognized arguments: --fox"),
        (("services", "--keys"), "unrecognized arguments: --keys"),
    ],
)
def test_a_wrong_command_line_is_refused(arguments: tuple[str, ...], words: str) -> None:
    """The message names the argument; nothing is started."""
    done = door(*arguments)

    assert done.returncode == 2
    assert words in done.stderr


def test_the_host_of_core_tools_needs_core_tools(tmp_path: Path) -> None:
    """One sentence with the address to get them from, before anything is installed or started."""
    done = door("run", "--host", "func", PATH=str(tmp_path))

    assert done.returncode == 1
    assert done.stderr.startswith("dev: --host func needs Azure Functions Core Tools (https://aka.ms/azfunc-install)")


@posix_only
def test_test_hands_its_arguments_to_pytest_and_its_exit_code_back(tmp_path: Path) -> None:
    """Options before and after a path arrive as typed; 5 is pytest's code for no tests."""
    browser = script(tmp_path / "browser", "echo Chromium 1.0")

    done = door("test", "-q", "tests/dev/test_commands.py", "-k", "no_test_has_this_name", CHROMIUM=str(browser))

    assert done.returncode == 5
    assert "deselected" in done.stdout


def test_every_check_runs_even_when_one_fails(tmp_path: Path) -> None:
    """A person wants all the bad news at once."""
    (tmp_path / "pyproject.toml").write_text('[tool.mypy]\nfiles = ["bad.py"]\nstrict = true\n', "utf-8")
    (tmp_path / "bad.py").write_text("import os\nx : int = ''\n", "utf-8")
    # The door works on the project that it stands in, so it is given another one, and this one's .venv.
    code = (
        "import pathlib, sys; from dev import __main__ as door; door.ROOT = pathlib.Path(sys.argv.pop(1));"
        "sys.exit(door.main())"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), "check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "F401" in done.stdout
    assert "Incompatible types in assignment" in done.stdout
    assert done.stdout.endswith("Failed: ruff check, ruff format, mypy.\n")


@posix_only
@pytest.mark.parametrize(
    ("version", "with_npm", "good"),
    [("v20.0.0", True, True), ("v24.19.0", True, True), ("v18.20.1", True, False), ("v22.1.0", False, False)],
)
def test_the_machines_node_is_used_when_it_is_new_enough_and_has_npm(
    version: str, with_npm: bool, good: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azurite runs on 20 and newer; a Node without npm cannot install it."""
    script(tmp_path / "node", f"echo {version}")
    if with_npm:
        script(tmp_path / "npm", "true")
    monkeypatch.setenv("PATH", str(tmp_path))

    found = node.from_machine()

    assert (found is not None) is good


def test_a_machine_without_node_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then PyPI's is installed."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert node.from_machine() is None


@posix_only
def test_a_browser_must_start_to_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ubuntu's chromium-browser without snap, and one whose libraries are missing, are passed over."""
    script(tmp_path / "chromium", "exit 1")
    (tmp_path / "chromium-browser").mkdir()
    good = script(tmp_path / "google-chrome", "echo Google Chrome 140")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)

    assert chromium.find() == str(good)


@posix_only
def test_the_browser_that_chromium_names_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person may choose."""
    script(tmp_path / "chromium", "echo Chromium 1")
    chosen = script(tmp_path / "mine", "echo Chromium 2")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CHROMIUM", str(chosen))

    assert chromium.find() == str(chosen)


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


def test_lines_stand_behind_a_padded_name() -> None:
    """The text begins in one column whoever writes; a file gets no colours."""
    stream = io.StringIO()
    terminal = Terminal(["app", "azurite"], stream)

    terminal("app", "one")
    terminal("azurite", "two")

    assert stream.getvalue() == "app     | one\nazurite | two\n"


@posix_only
@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_are_for_terminals_that_want_them(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """https://no-color.org: any value but an empty one says no."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    colourful, plain = Screen(), Screen()

    Terminal(["app", "phones"], colourful)("phones", "x")
    monkeypatch.setenv(name, value)
    Terminal(["app", "phones"], plain)("phones", "x")

    assert colourful.getvalue() == "\x1b[35mphones | \x1b[0mx\n"
    assert plain.getvalue() == "phones | x\n"


def test_a_quiet_terminal_shows_nothing() -> None:
    """Until everything answers, what the parts say is for the failure report only."""
    stream = io.StringIO()
    terminal = Terminal(["app"], stream, show=False)

    terminal("app", "one")

    assert stream.getvalue() == ""

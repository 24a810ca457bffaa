"""The command line, its checks, and what it finds on a machine: Node and a browser."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev import __main__ as command_line
from dev import chromium, node

ROOT = Path(__file__).parents[2]
posix_only = pytest.mark.skipif(os.name != "posix", reason="replaces programs by shell scripts")


def script(path: Path, text: str) -> Path:
    """Write a shell script that can be run."""
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("command", [[], ["run"], ["services"], ["test"], ["check"], ["bench"]])
def test_every_command_explains_itself(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """--help works everywhere and says more than the usage."""
    with pytest.raises(SystemExit) as ended:
        command_line.main([*command, "--help"])

    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert printed.startswith("usage: python3 -m dev")
    assert len(printed.splitlines()) > 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", "required: COMMAND"),
        ("walk", "invalid choice: 'walk'"),
        ("run --port 0", "argument --port: 0 is not a port; expected 1 to 65535"),
        ("run --port 65536", "65536 is not a port"),
        ("run --port x", "x is not a port"),
        ("run --chaos x", "argument --chaos: invalid int value: 'x'"),
        ("run --host iis", "argument --host: invalid choice: 'iis'"),
        ("run --verb", "unrecognized arguments: --verb"),
        ("run --bind localhost", "argument --bind: invalid choice: 'localhost'"),
        ("run --set ALLOWED_COUNTRIES", "argument --set: expected NAME=VALUE"),
        ("run --set ALOWED=US", "argument --set: the app has no setting 'ALOWED'; expected one of ALLOWED_COUNTRIES"),
        ("run --set TWILIO_AUTH_TOKEN=x", "argument --set: TWILIO_AUTH_TOKEN is a setting of an account"),
        ("check --fox", "unrecognized arguments: --fox"),
        ("services --keys", "unrecognized arguments: --keys"),
        ("services --set DEFAULT_COUNTRY=US", "unrecognized arguments: --set"),
    ],
)
def test_a_wrong_command_line_is_rejected(arguments: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the argument; nothing is started."""
    with pytest.raises(SystemExit) as ended:
        command_line.main(arguments.split())

    assert ended.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("run --host func", "--host func needs Azure Functions Core Tools (https://aka.ms/azfunc-install)"),
        ("run --host func --keys", "--keys works with the built-in host only"),
        ("run --host func --bind 0.0.0.0", "--bind works with the built-in host only"),
        ("run --settings own.json --open", "--open is for the Twilio emulator"),
        ("run --settings own.json --chaos 1", "--chaos is for the Twilio emulator"),
        ("run --settings no-such-file.json", "no-such-file.json cannot be read"),
    ],
)
def test_options_that_do_not_fit_are_an_error_before_anything_is_installed(
    arguments: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence says what is wrong and what to do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("dev.environment.ensure", lambda: pytest.fail("installed"))

    assert command_line.main(arguments.split()) == 1
    assert capsys.readouterr().err.startswith(f"dev: {words}")


@posix_only
def test_test_passes_its_arguments_to_pytest_and_returns_its_exit_code(tmp_path: Path) -> None:
    """Options before and after a path arrive as typed; 5 is pytest's code for no tests."""
    browser = script(tmp_path / "browser", "echo Chromium 1.0")

    arguments = ["test", "-q", "--noconftest", "tests/dev/test_commands.py", "-k", "no_test_has_this_name"]
    done = subprocess.run(
        [sys.executable, "-m", "dev", *arguments],
        cwd=ROOT,
        env={**os.environ, "CHROMIUM": str(browser)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 5
    assert "deselected" in done.stdout


def test_every_check_runs_even_when_one_fails(tmp_path: Path) -> None:
    """A person wants to see all failures in one go."""
    (tmp_path / "pyproject.toml").write_text('[tool.mypy]\nfiles = ["bad.py"]\nstrict = true\n', "utf-8")
    (tmp_path / "bad.py").write_text("import os\nx : int = ''\n", "utf-8")
    # The command works on the project that it is part of, so it gets another one, with the .venv of this one.
    code = (
        "import pathlib, sys; from dev import __main__ as command; command.ROOT = pathlib.Path(sys.argv.pop(1));"
        "sys.exit(command.main())"
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
    """The one from PyPI is installed then."""
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

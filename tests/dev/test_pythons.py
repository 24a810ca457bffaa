"""The choice of the Python for `.venv`, among Pythons that are shell scripts."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dev import pythons
from dev.pythons import Python, choose
from dev.setup import SetupError

# Adds a command to the machine: its place, and the version and path that it prints, or None when it does not work.
Add = Callable[[str, str | None], None]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="replaces programs by shell scripts")


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Add:
    """A machine that has the Python 3.11 that runs the command, and no other."""

    def add(place: str, prints: str | None) -> None:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n" + (f"echo {prints}" if prints else "exit 127") + "\n", "utf-8")
        path.chmod(0o755)

    monkeypatch.setattr(pythons, "this_python", lambda: Python((3, 11), "this"))
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("DEV_PYTHON", "PYENV_ROOT", "PYENV"):
        monkeypatch.delenv(name, raising=False)
    return add


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ({}, "this"),
        ({"bin/python3.12": "3 12 other"}, "this"),
        ({"bin/python3.13": "3 13 other"}, "other"),
        ({"bin/python3.13": "3 13 other", "bin/python3.14": "3 14 newest"}, "newest"),
        ({"bin/python3.13": "3 13 other", "home/.pyenv/versions/3.14.0/bin/python": "3 14 newest"}, "newest"),
        ({"bin/python3.14": None}, "this"),
        ({"bin/python3.14": None, "bin/python3.13": "3 13 other"}, "other"),
        ({"bin/python3.13": None, "home/.pyenv/versions/3.13.0/bin/python": "3 13 other"}, "other"),
        ({f"home/.pyenv/versions/3.13.{patch}/bin/python": f"3 13 {patch}" for patch in (9, 10, 2)}, "10"),
        ({"home/.pyenv/versions/3.13.0rc1/bin/python": "3 13 candidate"}, "this"),
        ({"bin/python3.13": "3 12 misnamed"}, "this"),
    ],
)
def test_the_newest_python_from_3_13_on_is_preferred(machine: dict[str, str | None], expected: str, add: Add) -> None:
    """Without one it is the Python that runs the command; Pythons that do not work are ignored."""
    for place, prints in machine.items():
        add(place, prints)

    assert choose().executable == expected


@pytest.mark.parametrize("told_by", ["PYENV_ROOT", "PYENV", "the Python that runs the command"])
def test_pyenv_is_found_without_a_home(told_by: str, add: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CI starts with an empty home."""
    add("pyenv/versions/3.13.0/bin/python", "3 13 other")
    assert choose().executable == "this"

    if told_by.startswith("PYENV"):
        monkeypatch.setenv(told_by, str(tmp_path / "pyenv"))
    else:
        monkeypatch.setattr(sys, "base_prefix", str(tmp_path / "pyenv/versions/3.11.7"))

    assert choose() == Python((3, 13), "other")


def test_the_launcher_of_windows_is_asked(add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts Pythons that are not on the PATH."""
    add("bin/py", '$([ "$1" = -3.13 ] && echo 3 13 other)')
    assert choose().executable == "this"

    monkeypatch.setattr(pythons, "WINDOWS", True)

    assert choose().executable == "other"


@pytest.mark.parametrize(("chosen", "expected"), [("3.11", "this"), ("3.12", "other"), ("3.13", "newer")])
def test_dev_python_chooses_a_version(chosen: str, expected: str, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    """CI tests each of them so."""
    add("bin/python3.12", "3 12 other")
    add("bin/python3.13", "3 13 newer")
    monkeypatch.setenv("DEV_PYTHON", chosen)

    assert choose().executable == expected


@pytest.mark.usefixtures("add")
@pytest.mark.parametrize(
    ("chosen", "words"),
    [("3.12", "DEV_PYTHON is 3.12, and no such Python"), ("3.10", "'3.10'; expected one of 3.11"), ("new", "'new'")],
)
def test_a_version_that_cannot_be_had_is_an_error(chosen: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what is missing, or which versions there are."""
    monkeypatch.setenv("DEV_PYTHON", chosen)

    with pytest.raises(SetupError, match=words):
        choose()


def test_a_real_python_is_described_by_its_version_and_the_base_of_its_venv() -> None:
    """A venv of a venv would end with it."""
    version = sys.version_info[:2]

    assert pythons.look([sys.executable], version) == Python(version, pythons.this_python().executable)
    assert Path(pythons.this_python().executable).resolve() == Path(sys.executable).resolve()
    assert pythons.look([sys.executable], (3, 10)) is None

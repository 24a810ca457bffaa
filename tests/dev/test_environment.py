"""The set-up of `python3 -m dev`, in copies of the project without requirements."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dev import environment, pythons
from dev.environment import check_python
from dev.setup import SetupError

ROOT = Path(__file__).parents[2]
ENSURE = "from dev import environment; environment.ensure()"
THIS = f"3.{sys.version_info[1]}"
UNREACHABLE = "http://127.0.0.1:9"
posix_only = pytest.mark.skipif(os.name != "posix", reason="the layout of .venv is POSIX's here")

# Hides ensurepip, as Debian does without its package python3-venv.
WITHOUT_ENSUREPIP = """
import importlib.machinery, sys
class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "ensurepip" else super().find_spec(name, path, target)
sys.meta_path = [Finder if finder is importlib.machinery.PathFinder else finder for finder in sys.meta_path]
"""


def copy_project(folder: Path) -> Path:
    """Return a copy of the project that has the commands and no requirements."""
    folder.mkdir()
    shutil.copytree(ROOT / "dev", folder / "dev", ignore=lambda *_: ["node_modules", "__pycache__"])
    for name in ("requirements.txt", "requirements-run.txt", "requirements-dev.txt"):
        (folder / name).write_text("", "utf-8")
    return folder


def set_up(project: Path, code: str = ENSURE, **env: str) -> subprocess.CompletedProcess[str]:
    """Run code of the set-up in a project."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env={**os.environ, "DEV_PYTHON": THIS, "PYTHONPATH": str(project), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def replace(file: Path, old: str, new: str) -> None:
    """Replace a text that a file contains."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def error_of(done: subprocess.CompletedProcess[str]) -> str:
    """Return the message of the SetupError with which a set-up failed."""
    assert done.returncode != 0
    return done.stderr.strip().splitlines()[-1].removeprefix("dev.setup.SetupError: ")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose .venv is up to date."""
    project = copy_project(tmp_path_factory.mktemp("made") / "project")
    done = set_up(project)
    assert done.returncode == 0, done.stderr
    return project


def test_a_second_time_nothing_is_done(project: Path) -> None:
    """A second start takes moments and prints nothing."""
    before = (project / ".venv" / "dev-stamp.json").stat().st_mtime_ns
    start = time.monotonic()

    done = set_up(project)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - start < 2
    assert (project / ".venv" / "dev-stamp.json").stat().st_mtime_ns == before


def test_changed_pins_are_installed_into_the_same_environment(project: Path) -> None:
    """The present .venv is updated by pip, not created again."""
    (project / "requirements.txt").write_text("# changed\n", "utf-8")
    mark = project / ".venv" / "mark"
    mark.touch()

    done = set_up(project)

    assert done.returncode == 0
    assert "Installing what requirements-dev.txt names" in done.stderr
    assert "Creating" not in done.stderr
    assert mark.exists()


def test_what_running_needs_is_installed_without_what_tests_need(project: Path) -> None:
    """Tests add the rest, and what they have is enough to run."""
    (project / "requirements.txt").write_text("# changed again\n", "utf-8")
    run, test = "from dev import environment; environment.ensure(environment.RUN)", ENSURE
    said = [set_up(project, code).stderr for code in (run, run, test, run)]

    assert [re.findall(r"Installing what (\S+) names", text) for text in said] == [
        ["requirements-run.txt"],
        [],
        ["requirements-dev.txt"],
        [],
    ]


def test_an_index_that_cannot_be_reached_is_one_sentence(project: Path) -> None:
    """The message names the network and the variable for a mirror; the next start creates .venv again."""
    pinned = project / "requirements-dev.txt"
    pinned.write_text("a-package-that-nobody-has==1\n", "utf-8")

    done = set_up(project, PIP_INDEX_URL=f"{UNREACHABLE}/simple", PIP_NO_INDEX="", PIP_CONFIG_FILE=os.devnull)

    pinned.write_text("", "utf-8")
    assert error_of(done).startswith(
        "The Python package index cannot be reached: check the network, or set PIP_INDEX_URL"
    )
    assert json.loads((project / ".venv" / "dev-stamp.json").read_text())["pins"] is None


def test_an_environment_of_another_version_is_replaced(project: Path) -> None:
    """One line names both versions."""
    replace(project / ".venv" / "pyvenv.cfg", f"version = {THIS}.", "version = 3.10.")
    mark = project / ".venv" / "mark"
    mark.touch()

    done = set_up(project)

    assert done.returncode == 0, done.stderr
    assert f"Creating .venv with Python {THIS} in place of the one with Python 3.10 ..." in done.stderr.splitlines()
    assert not mark.exists()
    assert set_up(project).stderr == ""


@posix_only
@pytest.mark.parametrize("damage", ["moved", "interrupted", "of another version", "its Python is gone", "not a folder"])
def test_a_damaged_environment_is_not_kept(project: Path, tmp_path: Path, damage: str) -> None:
    """The next start creates .venv again without a question."""
    damaged = copy_project(tmp_path / "project")
    shutil.copyfile(project / "requirements.txt", damaged / "requirements.txt")
    venv = damaged / ".venv"
    shutil.copytree(project / ".venv", venv, symlinks=True)
    stamp = {**json.loads((venv / "dev-stamp.json").read_text()), "folder": str(damaged)}
    (venv / "dev-stamp.json").write_text(json.dumps(stamp), "utf-8")
    look = "from dev import environment; print(environment.is_ready(), environment.can_be_kept())"
    assert set_up(damaged, look).stdout == "True True\n"

    if damage == "moved":
        damaged = damaged.rename(tmp_path / "elsewhere")
    elif damage == "interrupted":
        replace(venv / "dev-stamp.json", json.dumps(stamp["pins"]), "null")
    elif damage == "of another version":
        replace(venv / "pyvenv.cfg", f"version = {THIS}.", "version = 3.10.")
    elif damage == "its Python is gone":
        (venv / "bin" / "python").unlink()
        (venv / "bin" / "python").symlink_to("/nowhere/python3")
    else:
        shutil.rmtree(venv)
        venv.write_text("a file", "utf-8")

    assert set_up(damaged, look).stdout == "False False\n"


def test_a_python_without_ensurepip_is_told_what_to_install(tmp_path: Path) -> None:
    """Debian has it in a separate package."""
    done = set_up(copy_project(tmp_path / "project"), WITHOUT_ENSUREPIP + ENSURE)

    assert "`sudo apt install python3-venv`" in error_of(done)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """The sentence names the folder and what to do."""
    project = copy_project(tmp_path / "project")
    (project / ".dev").write_text("a file in place of the folder", "utf-8")

    done = set_up(project)

    assert error_of(done).startswith(f"Cannot write to .dev in {project} (File exists): move the project")


def test_a_package_registry_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    """The output of npm fills a screen; the message names the network and the variable for a mirror."""
    project = copy_project(tmp_path / "project")
    lock = json.loads((project / "dev" / "package-lock.json").read_text("utf-8"))
    lock["packages"] = {name: lock["packages"][name] for name in ("", "node_modules/azurite")}
    lock["packages"]["node_modules/azurite"].pop("dependencies")
    package = json.loads((project / "dev" / "package.json").read_text("utf-8"))
    package["dependencies"] = lock["packages"][""]["dependencies"] = {"azurite": package["dependencies"]["azurite"]}
    (project / "dev" / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    (project / "dev" / "package.json").write_text(json.dumps(package), "utf-8")
    (project / ".venv").symlink_to(sys.prefix)

    done = set_up(
        project,
        "from dev import node; node.ensure_packages()",
        npm_config_registry=UNREACHABLE,
        npm_config_fetch_retries="0",
        npm_config_cache=str(tmp_path / "cache"),
    )

    assert error_of(done).startswith(
        "The npm registry cannot be reached: check the network, or set npm_config_registry"
    )
    assert not (project / "dev" / "node_modules" / "dev-stamp").exists()


def test_a_second_set_up_waits_for_the_first(tmp_path: Path) -> None:
    """It says why nothing happens."""
    project = copy_project(tmp_path / "project")
    code = "import time; from dev.setup import *\nwith one_at_a_time(): print('in', flush=True); time.sleep({})"
    first = subprocess.Popen([sys.executable, "-c", code.format(1)], cwd=project, stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    with first.stdout:
        assert first.stdout.readline() == "in\n"

        second = set_up(project, code.format(0))

        assert second.stdout == "in\n"
        assert "Waiting for another `python3 -m dev`" in second.stderr
        assert first.wait() == 0


@pytest.mark.parametrize(("version", "age"), [((3, 8), "old"), ((3, 10), "old"), ((3, 15), "new"), ((4, 0), "new")])
def test_a_python_outside_the_range_is_rejected(version: tuple[int, int], age: str) -> None:
    """The message says which versions are supported, and where to get one."""
    with pytest.raises(
        SetupError, match=rf"Python {version[0]}\.{version[1]} is too {age}: 3\.11 to 3\.14 is needed; .+"
    ):
        check_python(version)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13), (3, 14)])
def test_a_python_in_the_range_is_accepted(version: tuple[int, int]) -> None:
    """Azure runs all of them."""
    check_python(version)


@pytest.mark.parametrize(
    ("version", "chosen", "found", "right"),
    [
        ("3.13", "", "3.14", True),
        ("3.14", "", None, True),
        ("3.11", "", "3.13", False),
        ("3.11", "", None, True),
        ("3.11", "3.11", "3.13", True),
        ("3.13", "3.11", "3.13", False),
        ("3.13", "3.14", "3.14", False),
    ],
)
def test_an_environment_is_replaced_only_for_a_chosen_version_or_from_3_13_on(
    version: str, chosen: str, found: str | None, right: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two terminals that find different new Pythons do not replace each other's .venv."""
    (tmp_path / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}.1\n", "utf-8")
    monkeypatch.setattr(environment, "VENV", tmp_path)
    monkeypatch.setattr(pythons, "newest", lambda: found)
    monkeypatch.setenv("DEV_PYTHON", chosen)

    assert environment.has_right_version() is right


def test_the_environment_that_runs_the_command_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An activated .venv is not replaced while it is in use, unless DEV_PYTHON says so."""
    (tmp_path / "pyvenv.cfg").write_text("version_info = 3.11.1.final.0\n", "utf-8")
    monkeypatch.setattr(environment, "VENV", tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(pythons, "newest", lambda: "3.13")
    monkeypatch.setenv("DEV_PYTHON", "")
    assert environment.has_right_version()

    monkeypatch.setenv("DEV_PYTHON", "3.13")
    assert not environment.has_right_version()


@pytest.mark.parametrize("name", ["__init__", "__main__", "environment", "pythons", "setup"])
def test_modules_that_check_the_version_parse_on_an_old_python(name: str) -> None:
    """Otherwise an old Python would print a SyntaxError and not that it is too old."""
    ast.parse((ROOT / "dev" / f"{name}.py").read_text("utf-8"), feature_version=(3, 8))


def test_the_npm_lock_pins_versions_and_no_registry() -> None:
    """A mirror may serve the packages: the lock has their hashes and not their addresses."""
    package = json.loads((ROOT / "dev" / "package.json").read_text("utf-8"))
    lock = json.loads((ROOT / "dev" / "package-lock.json").read_text("utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}

    assert lock["packages"][""]["dependencies"] == package["dependencies"]
    for name, version in package["dependencies"].items():
        assert packages[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in entry and "resolved" not in entry for entry in packages.values())


@pytest.mark.parametrize(
    ("own", "rejected"),
    [
        ({"TABLES_ENDPOINT": "https://real", "TWILIO_AUTH_TOKEN_NEXT": "real", "TWILIO_EDGE": "sydney"}, True),
        ({"TWILIO_ACCOUNT_SID": "ACreal", "TABLES_ENDPOINT": "", "OTHER": "x"}, False),
    ],
)
def test_core_tools_are_not_started_where_they_would_use_real_settings(
    own: dict[str, str], rejected: bool, tmp_path: Path
) -> None:
    """`func` ignores empty variables of the environment, so a setting that must be empty must be so in the file."""
    project = copy_project(tmp_path / "project")
    shutil.copyfile(ROOT / "local.settings.json.example", project / "local.settings.json.example")
    (project / "local.settings.json").write_text(json.dumps({"Values": own}), "utf-8")

    done = set_up(project, "from dev.app_settings import check_for_core_tools; check_for_core_tools()")

    assert (done.returncode != 0) is rejected
    if rejected:
        assert error_of(done).startswith(
            "local.settings.json sets TABLES_ENDPOINT, TWILIO_AUTH_TOKEN_NEXT, TWILIO_EDGE, which `func` would use"
        )

"""The set-up of `python3 -m dev`: in copies of the project that pin nothing, so that only the set-up itself is run."""

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dev.environment import check_python
from dev.setup import SetupError

ROOT = Path(__file__).parents[2]
ENSURE = "from dev import environment; environment.ensure()"
UNREACHABLE = "http://127.0.0.1:9"
posix_only = pytest.mark.skipif(os.name != "posix", reason="the layout of .venv is POSIX's here")

# What an interpreter without Debian's python3-venv looks like from within.
WITHOUT_ENSUREPIP = """
import importlib.machinery, sys
class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "ensurepip" else super().find_spec(name, path, target)
sys.meta_path = [Finder if finder is importlib.machinery.PathFinder else finder for finder in sys.meta_path]
"""


def copy_project(folder: Path) -> Path:
    """Return a project that has the door and no requirements."""
    folder.mkdir()
    shutil.copytree(ROOT / "dev", folder / "dev", ignore=lambda *_: ["node_modules", "__pycache__"])
    for name in ("requirements.txt", "requirements-dev.txt"):
        (folder / name).write_text("", "utf-8")
    return folder


def set_up(project: Path, code: str = ENSURE, **env: str) -> subprocess.CompletedProcess[str]:
    """Run code of the set-up in a project."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Return what the SetupError of a failed set-up says."""
    assert done.returncode != 0
    return done.stderr.strip().splitlines()[-1].removeprefix("dev.setup.SetupError: ")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose .venv is made and up to date."""
    project = copy_project(tmp_path_factory.mktemp("made") / "project")
    done = set_up(project)
    assert done.returncode == 0, done.stderr
    return project


def test_a_second_time_nothing_is_done(project: Path) -> None:
    """The door opens within moments once all is there, and says nothing."""
    before = (project / ".venv" / "dev-stamp.json").stat().st_mtime_ns
    start = time.monotonic()

    done = set_up(project)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - start < 2
    assert (project / ".venv" / "dev-stamp.json").stat().st_mtime_ns == before


def test_changed_pins_are_installed_into_the_same_environment(project: Path) -> None:
    """pip brings the .venv up to date; it is not made anew."""
    (project / "requirements.txt").write_text("# changed\n", "utf-8")
    mark = project / ".venv" / "mark"
    mark.touch()

    done = set_up(project)

    assert done.returncode == 0
    assert "Installing what requirements-dev.txt names" in done.stderr
    assert "Making" not in done.stderr
    assert mark.exists()


def test_an_index_that_cannot_be_reached_is_one_sentence(project: Path) -> None:
    """The person learns that it is the network, and what to set behind a mirror; the next try starts afresh."""
    pinned = project / "requirements-dev.txt"
    pinned.write_text("a-package-that-nobody-has==1\n", "utf-8")

    done = set_up(project, PIP_INDEX_URL=f"{UNREACHABLE}/simple", PIP_NO_INDEX="", PIP_CONFIG_FILE=os.devnull)

    pinned.write_text("", "utf-8")
    assert refusal(done).startswith(
        "The Python package index cannot be reached: check the network, or set PIP_INDEX_URL"
    )
    assert json.loads((project / ".venv" / "dev-stamp.json").read_text())["pins"] is None


def test_an_installation_that_was_interrupted_is_made_anew(project: Path) -> None:
    """Nobody knows what a half made .venv holds."""
    stamp = project / ".venv" / "dev-stamp.json"
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "pins": None}), "utf-8")
    mark = project / ".venv" / "mark"
    mark.touch()

    done = set_up(project)

    assert done.returncode == 0, done.stderr
    assert "Making .venv" in done.stderr
    assert not mark.exists()
    assert set_up(project).stderr == ""


@posix_only
@pytest.mark.parametrize("harm", ["moved", "its Python is gone", "not a folder"])
def test_a_harmed_environment_is_not_kept(project: Path, tmp_path: Path, harm: str) -> None:
    """Whatever happened to .venv, the next start makes it anew without being asked."""
    harmed = copy_project(tmp_path / "project")
    shutil.copyfile(project / "requirements.txt", harmed / "requirements.txt")
    venv = harmed / ".venv"
    shutil.copytree(project / ".venv", venv, symlinks=True)
    stamp = {**json.loads((venv / "dev-stamp.json").read_text()), "folder": str(harmed)}
    (venv / "dev-stamp.json").write_text(json.dumps(stamp), "utf-8")
    look = "from dev import environment; print(environment.is_ready(), environment.can_be_kept())"
    assert set_up(harmed, look).stdout == "True True\n"

    if harm == "moved":
        harmed = harmed.rename(tmp_path / "elsewhere")
    elif harm == "its Python is gone":
        (venv / "bin" / "python").unlink()
        (venv / "bin" / "python").symlink_to("/nowhere/python3")
    else:
        shutil.rmtree(venv)
        venv.write_text("a file", "utf-8")

    assert set_up(harmed, look).stdout == "False False\n"


def test_a_python_without_ensurepip_is_told_what_to_install(tmp_path: Path) -> None:
    """Debian keeps it in a package of its own."""
    done = set_up(copy_project(tmp_path / "project"), WITHOUT_ENSUREPIP + ENSURE)

    assert "`sudo apt install python3-venv`" in refusal(done)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """The sentence names the folder and what to do."""
    project = copy_project(tmp_path / "project")
    (project / ".dev").write_text("a file in the place of the folder", "utf-8")

    done = set_up(project)

    assert refusal(done).startswith(f"Cannot write to .dev in {project} (File exists): move the project")


def test_a_package_registry_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    """npm's own words fill a screen; ours name the network and the mirror."""
    project = copy_project(tmp_path / "project")
    lock = json.loads((project / "dev" / "package-lock.json").read_text("utf-8"))
    lock["packages"] = {name: lock["packages"][name] for name in ("", "node_modules/azurite")}
    lock["packages"]["node_modules/azurite"].pop("dependencies")
    (project / "dev" / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    (project / ".venv").symlink_to(sys.prefix)

    done = set_up(
        project,
        "from dev import node; node.ensure_packages()",
        npm_config_registry=UNREACHABLE,
        npm_config_fetch_retries="0",
        npm_config_cache=str(tmp_path / "cache"),
    )

    assert refusal(done).startswith("The npm registry cannot be reached: check the network, or set npm_config_registry")
    assert not (project / "dev" / "node_modules" / "dev-stamp").exists()


def test_two_set_ups_do_not_meet(tmp_path: Path) -> None:
    """The second waits for the first, and says why nothing happens."""
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
def test_a_python_outside_the_range_is_refused(version: tuple[int, int], age: str) -> None:
    """The sentence says which Pythons will do, and where to get one."""
    with pytest.raises(
        SetupError, match=rf"Python {version[0]}\.{version[1]} is too {age}: 3\.11 to 3\.14 is needed; .+"
    ):
        check_python(version)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13), (3, 14)])
def test_a_python_in_the_range_is_accepted(version: tuple[int, int]) -> None:
    """From what Azure offers to the newest."""
    check_python(version)


@pytest.mark.parametrize("name", ["__init__", "__main__", "environment", "setup"])
def test_what_an_old_python_meets_first_is_in_its_own_grammar(name: str) -> None:
    """Else it would show a SyntaxError where it should say that it is too old."""
    ast.parse((ROOT / "dev" / f"{name}.py").read_text("utf-8"), feature_version=(3, 8))


def test_the_npm_lock_pins_one_package_and_no_registry() -> None:
    """A mirror may serve the packages, since what they must hash to stands in the lock and where they come from not."""
    package = json.loads((ROOT / "dev" / "package.json").read_text("utf-8"))
    lock = json.loads((ROOT / "dev" / "package-lock.json").read_text("utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}

    assert lock["packages"][""]["dependencies"] == package["dependencies"]
    assert packages["node_modules/azurite"]["version"] == package["dependencies"]["azurite"]
    assert all("integrity" in entry and "resolved" not in entry for entry in packages.values())


@pytest.mark.parametrize(
    ("own", "refused"),
    [
        ({"TABLES_ENDPOINT": "https://real", "TWILIO_AUTH_TOKEN_NEXT": "real", "TWILIO_EDGE": "sydney"}, True),
        ({"TWILIO_ACCOUNT_SID": "ACreal", "TABLES_ENDPOINT": "", "OTHER": "x"}, False),
    ],
)
def test_core_tools_are_not_started_where_they_would_use_real_settings(
    own: dict[str, str], refused: bool, tmp_path: Path
) -> None:
    """`func` prefers our environment only where it has a value, so what we leave blank must be blank there too."""
    project = copy_project(tmp_path / "project")
    shutil.copyfile(ROOT / "local.settings.json.example", project / "local.settings.json.example")
    (project / "local.settings.json").write_text(json.dumps({"Values": own}), "utf-8")

    done = set_up(project, "from dev.app_settings import check_for_core_tools; check_for_core_tools()")

    assert (done.returncode != 0) is refused
    if refused:
        assert refusal(done).startswith(
            "local.settings.json sets TABLES_ENDPOINT, TWILIO_AUTH_TOKEN_NEXT, TWILIO_EDGE, which `func` would use"
        )

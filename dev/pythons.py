"""The Python that `.venv` is created with.

It is the newest of PREFERRED on this machine, else the one that runs this; DEV_PYTHON=3.11 chooses another version.
Parses on Python 3.8, as `dev/environment.py` does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dev.setup import SetupError

OLDEST, NEWEST = (3, 11), (3, 14)
WINDOWS = os.name == "nt"
# Microsoft's library for running functions exists from 3.13 on.
PREFERRED = ((3, 14), (3, 13))
# A venv names its base here; a venv of a venv, or of the `.venv` that is being replaced, would not last.
BASE = 'getattr(sys, "_base_executable", "") or sys.executable'
DESCRIBE = f"import sys, venv, ensurepip; print(*sys.version_info[:2], {BASE})"


@dataclass(frozen=True)
class Python:
    """A Python that can create a venv, by the path of its executable."""

    version: tuple[int, int]
    executable: str


def dotted(version: tuple[int, int]) -> str:
    """Return a version as people write it."""
    return f"{version[0]}.{version[1]}"


def chosen_version() -> tuple[int, int] | None:
    """Return the version that DEV_PYTHON asks for, or None; raise SetupError when it is not supported."""
    text = os.environ.get("DEV_PYTHON", "")
    if not text:
        return None
    versions = {f"3.{minor}": (3, minor) for minor in range(OLDEST[1], NEWEST[1] + 1)}
    if text not in versions:
        raise SetupError(f"DEV_PYTHON is {text[:20]!r}; expected one of {', '.join(versions)}.")
    return versions[text]


def choose() -> Python:
    """Return the Python for a new `.venv`; raise SetupError when the machine does not have the one of DEV_PYTHON."""
    wanted = chosen_version()
    if wanted is None:
        return newest() or this_python()
    python = find(wanted)
    if python is None:
        raise SetupError(
            f"DEV_PYTHON is {dotted(wanted)}, and no such Python with the modules venv and ensurepip is on the PATH, "
            "in the `py` launcher or in pyenv: install it, or unset DEV_PYTHON."
        )
    return python


def newest() -> Python | None:
    """Return the newest Python of PREFERRED on this machine, or None."""
    return next(filter(None, map(find, PREFERRED)), None)


def this_python() -> Python:
    """Return the Python that runs this, or its base when it is that of a venv."""
    return Python(sys.version_info[:2], getattr(sys, "_base_executable", "") or sys.executable)


def find(version: tuple[int, int]) -> Python | None:
    """Return a working Python of this version, or None."""
    this = this_python()
    if version == this.version:
        return this
    return next(filter(None, (look(command, version) for command in commands(version))), None)


def commands(version: tuple[int, int]) -> Iterator[list[str]]:
    """Yield the commands that may start a Python of this version."""
    name = f"python{dotted(version)}"
    # A shim of pyenv is on the PATH for versions that it does not start, so more than one is tried.
    for place in os.environ.get("PATH", "").split(os.pathsep):
        if place and (path := shutil.which(name, path=place)):
            yield [path]
    if WINDOWS and (launcher := shutil.which("py")):
        yield [launcher, f"-{dotted(version)}"]
    for folder in pyenv_folders():
        yield from pyenv_commands(folder, version)


def pyenv_folders() -> Iterator[Path]:
    """Yield the folders in which pyenv may keep its versions."""
    roots = [Path(os.environ[name]) for name in ("PYENV_ROOT", "PYENV") if os.environ.get(name)]
    home = Path(os.path.expanduser("~")) / ".pyenv"
    # With another HOME, the Python that runs this may still be one of pyenv's.
    mine = Path(os.path.realpath(sys.base_prefix)).parent
    folders = [*(root / "versions" for root in (*roots, home, home / "pyenv-win")), mine]
    yield from dict.fromkeys(folder for folder in folders if folder.name == "versions")


def pyenv_commands(folder: Path, version: tuple[int, int]) -> Iterator[list[str]]:
    """Yield the Pythons of one version in a folder of pyenv, the newest patch first."""
    patches = []
    for path in folder.glob(f"{dotted(version)}.*"):
        if match := re.fullmatch(rf"{re.escape(dotted(version))}\.(\d+)", path.name):
            patches.append((int(match[1]), path))
    for _, path in sorted(patches, reverse=True):
        yield [str(path / ("python.exe" if WINDOWS else "bin/python"))]


def look(command: list[str], version: tuple[int, int]) -> Python | None:
    """Return what a command starts when it is a Python of this version that can create a venv, else None."""
    try:
        done = subprocess.run(
            [*command, "-I", "-X", "utf8", "-c", DESCRIBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    prefix = f"{version[0]} {version[1]} "
    return Python(version, done.stdout[len(prefix) :].strip()) if done.stdout.startswith(prefix) else None

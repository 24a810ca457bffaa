"""The project's own Python environment: `.venv`, with exactly what requirements-run.txt or requirements-dev.txt pins.

Parses on Python 3.8, so that an old Python gets a sentence and not a traceback.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys

from dev import pythons
from dev.pythons import NEWEST, OLDEST, PREFERRED, Python, dotted
from dev.setup import LOGS, ROOT, SetupError, clear_errors, fail, hash_of, one_at_a_time, run_tool, say

VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "dev-stamp.json"
# What running the app needs; tests and checks need everything.
RUN, EVERYTHING = "requirements-run.txt", "requirements-dev.txt"
UNREACHABLE = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ReadTimeoutError", "ProxyError")


def check_python(version: tuple[int, int]) -> None:
    """Raise SetupError when this version of Python cannot run the project."""
    if OLDEST <= version <= NEWEST:
        return
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    other = next((name for name in names if shutil.which(name) and runs([name], "")), None)
    advice = f"this machine has {other}, so type `{other} -m dev`" if other else "get one at https://www.python.org"
    age = "old" if version < OLDEST else "new"
    raise SetupError(f"Python {dotted(version)} is too {age}: 3.11 to 3.14 is needed; {advice}.")


def ensure(requirements: str = EVERYTHING) -> None:
    """Install what is pinned into `.venv`; return within milliseconds when that is done already."""
    if is_ready(requirements):
        return
    with one_at_a_time():
        if is_ready(requirements):
            return
        if not can_be_kept():
            make_venv(pythons.choose())
        say(f"Installing what {requirements} names into .venv ... (half a minute, and only when it changes)")
        write_stamp(None, requirements)
        pip_install(requirements)
        write_stamp(pins(), requirements)


def pins() -> str:
    """Return a hash of the pinned requirements."""
    return hash_of("requirements.txt", RUN, EVERYTHING)


def is_ready(requirements: str = EVERYTHING) -> bool:
    """Whether the stamp matches these pins and this folder, and `.venv` has a working Python of the right version."""
    done = [{"folder": str(ROOT), "pins": pins(), "installed": name} for name in (requirements, EVERYTHING)]
    return read_stamp() in done and runs([str(PYTHON)], "") and has_right_version()


def can_be_kept() -> bool:
    """Whether pip can update the present `.venv`: it works, is complete, was not moved, and has the right version."""
    stamp = read_stamp()
    undamaged = stamp == {} or (stamp.get("folder") == str(ROOT) and stamp.get("pins") is not None)
    return undamaged and runs([str(PYTHON)], "import pip") and has_right_version()


def has_right_version() -> bool:
    """Whether the version of `.venv` is that of DEV_PYTHON or, without it, one that need not be replaced."""
    version, wanted = venv_version(), pythons.chosen_version()
    if wanted is not None:
        return version == wanted
    # An activated shell and the tests run in `.venv` itself, so it must not be replaced under them.
    return version in PREFERRED or os.path.realpath(sys.prefix) == os.path.realpath(VENV) or pythons.newest() is None


def venv_version() -> tuple[int, int] | None:
    """Return the version of the Python in `.venv`, or None when there is no `.venv`."""
    try:
        found = re.search(r"^version(?:_info)? = (\d+)\.(\d+)", (VENV / "pyvenv.cfg").read_text("utf-8"), re.MULTILINE)
    except (OSError, ValueError):
        return None
    return (int(found[1]), int(found[2])) if found else None


def read_stamp() -> dict[str, str | None]:
    """Return what the last installation recorded; empty when there was none."""
    try:
        return dict(json.loads(STAMP.read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def write_stamp(installed: str | None, requirements: str) -> None:
    """Record which pins of which file are installed; None for an installation that has begun and not ended."""
    with clear_errors("write to .venv"):
        STAMP.write_text(json.dumps({"folder": str(ROOT), "pins": installed, "installed": requirements}), "utf-8")


def runs(python: list[str], code: str) -> bool:
    """Whether this is a working Python of a version that we support, which can run this code."""
    check = f"import sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    try:
        return (
            subprocess.run([*python, "-I", "-c", f"{code}\n{check}"], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False


def make_venv(python: Python) -> None:
    """Create `.venv` with this Python; replaces what is there."""
    needed = ("venv", "ensurepip")
    if python == pythons.this_python() and not all(importlib.util.find_spec(module) for module in needed):
        raise SetupError(
            "This Python comes without the modules venv and ensurepip, which create .venv: install them "
            "(Debian and Ubuntu: `sudo apt install python3-venv`) and try again."
        )
    old = venv_version()
    replaced = f" in place of the one with Python {dotted(old)}" if old and old != python.version else ""
    say(f"Creating .venv with Python {dotted(python.version)}{replaced} ...")
    with clear_errors("create .venv"):
        if VENV.exists():
            shutil.rmtree(VENV)
        VENV.mkdir()
    done = run_tool([python.executable, "-I", "-m", "venv", str(VENV)], "venv.log", clean_environ())
    if done.returncode != 0:
        fail("Python could not create .venv", done.stdout, "venv.log")


def pip_install(requirements: str) -> None:
    """Install a requirements file into `.venv`."""
    # Python compiles what it imports; to compile everything here would take a third longer.
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-compile", "--retries", "2"]
    # These would install elsewhere than into .venv.
    unwanted = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX")
    env = {name: value for name, value in venv_environ().items() if name not in unwanted}
    command = [str(PYTHON), "-I", "-m", "pip", "install", *options, "-r", str(ROOT / requirements)]
    done = run_tool(command, "pip.log", env)
    if done.returncode == 0:
        return
    if any(word in done.stdout for word in UNREACHABLE):
        raise SetupError(
            "The Python package index cannot be reached: check the network, or set PIP_INDEX_URL to a mirror, "
            "and try again (what pip said is in .dev/pip.log)."
        )
    fail(f"pip could not install {requirements}", done.stdout, "pip.log")


def clean_environ() -> dict[str, str]:
    """Return the environment variables without those that bend a Python."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}


def venv_environ() -> dict[str, str]:
    """Return the environment variables as an activated `.venv` has them, with a folder of our own for bytecode.

    Where PYTHONDONTWRITEBYTECODE is set, as in many containers, each of our processes would compile all its imports.
    """
    env = {**clean_environ(), "PYTHONPYCACHEPREFIX": str(LOGS / "bytecode")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**env, "VIRTUAL_ENV": str(VENV), "PATH": f"{PYTHON.parent}{os.pathsep}{env.get('PATH', '')}"}

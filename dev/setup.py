"""Shared by all parts of the set-up: errors of one sentence, logs of the tools, one installation at a time.

Parses on Python 3.8, as `dev/environment.py` does.
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".dev"


class SetupError(Exception):
    """Something that `python3 -m dev` needs is missing; the message says what to do about it."""


def say(text: str) -> None:
    """Print a line for the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


def hash_of(*names: str) -> str:
    """Return a hash of some files of the repository."""
    digest = hashlib.sha256()
    for name in names:
        digest.update((ROOT / name).read_bytes() + b"\0")
    return digest.hexdigest()


def run_tool(
    command: list[str], log: str, env: Mapping[str, str], cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, and keep its output in a log in `.dev`."""
    with clear_errors("write to .dev"):
        LOGS.mkdir(exist_ok=True)
        with (LOGS / log).open("w", encoding="utf-8") as file:
            done = subprocess.run(
                command,
                cwd=cwd,
                env=env,
                encoding="utf-8",
                errors="replace",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
            file.write(done.stdout)
    return done


def fail(what: str, output: str, log: str) -> NoReturn:
    """Raise SetupError with the most useful line of a tool's output."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["nothing"]
    line = next((line for line in reversed(lines) if "error" in line.lower()), lines[-1])
    raise SetupError(f"{what}; it said: {line} (all of it is in .dev/{log}).")


@contextlib.contextmanager
def clear_errors(doing: str) -> Iterator[None]:
    """Turn an OSError into a SetupError that says what to do."""
    try:
        yield
    except OSError as error:
        raise SetupError(
            f"Cannot {doing} in {ROOT} ({error.strerror}): move the project to a folder that you can write to, "
            "or close the programs that use its files, and try again."
        ) from error


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let only one `python3 -m dev` install; a second one waits for the first."""
    with clear_errors("write to .dev"):
        LOGS.mkdir(exist_ok=True)
        lock = (LOGS / "lock").open("a")
    with lock:
        if not try_lock(lock.fileno()):
            say("Waiting for another `python3 -m dev`, which is installing ...")
            while not try_lock(lock.fileno()):
                time.sleep(0.2)
        yield  # closing the file, or the end of this process, unlocks it


def try_lock(descriptor: int) -> bool:
    """Lock an open file against other processes; return False when another process has locked it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True

"""Time that importing the app adds to a cold start, after what the worker has imported already."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.table import Row
from dev.setup import ROOT

NOT_DEPLOYED = ("bench", "dev", "fake_twilio", "infra", "tests")
MEASURE = """
from time import perf_counter
started = perf_counter()
import azure.functions
imported = perf_counter()
import function_app
print(imported - started, perf_counter() - imported)
"""


def measure(say: Callable[[str], None], quick: bool) -> list[Row]:
    """Import both in fresh processes, first without bytecode of the app, as from a read-only package, then with it."""
    rounds = 5 if quick else 20
    with TemporaryDirectory() as folder:
        copy_app(Path(folder))
        without = [imports(Path(folder), "1") for _ in range(rounds)]
        imports(Path(folder), "")
        bytecode = [imports(Path(folder), "") for _ in range(rounds)]
    say(f"{rounds} imports without bytecode and as many with it")
    return [row("import function_app", bytecode), row("import function_app, without bytecode", without)]


def copy_app(folder: Path) -> None:
    """Copy what is deployed, sources only."""
    shutil.copy(ROOT / "function_app.py", folder)
    for package in ROOT.glob("*/__init__.py"):
        name = package.parent.name
        if name not in NOT_DEPLOYED:
            shutil.copytree(package.parent, folder / name, ignore=shutil.ignore_patterns("__pycache__"))


def imports(folder: Path, dont_write_bytecode: str) -> tuple[float, float]:
    """Return the milliseconds for azure.functions, and for the app after it."""
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": dont_write_bytecode, "PYTHONPATH": ""}
    command = [sys.executable, "-c", MEASURE]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True)
    library, app = map(float, done.stdout.split())
    return 1000 * library, 1000 * app


def row(what: str, measured: list[tuple[float, float]]) -> Row:
    """Return the row of the medians."""
    library, app = (median(column) for column in zip(*measured, strict=True))
    return Row(what, f"{app:.1f} ms more", f"{library:.1f} ms azure.functions", app, 40, "ms")

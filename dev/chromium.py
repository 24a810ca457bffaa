"""A Chromium for the tests of web pages: the machine's own, else Playwright's, else Debian's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from dev.environment import PYTHON, venv_environ
from dev.setup import ROOT, SetupError, run_tool, say

COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
)
MAC_APPS = ("Google Chrome", "Chromium", "Microsoft Edge")
WINDOWS_APPS = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")
PLAYWRIGHT_PATH = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""
IMPORT = re.compile(r"^(?:from|import) playwright\b", re.MULTILINE)


def for_tests(arguments: Sequence[str]) -> str | None:
    """Return a Chromium for the tests that these arguments of pytest select, or None.

    Raises SetupError when they need one and there is none under CI.
    """
    if not is_needed(arguments):
        return None
    browser = find_or_install()
    if browser is None:
        if os.environ.get("CI") in ("true", "1"):
            raise SetupError("There is no Chromium for the tests of web pages, and under CI they must run.")
        say("There is no Chromium here and none could be installed: the tests of web pages are skipped.")
    return browser


def is_needed(arguments: Sequence[str]) -> bool:
    """Whether a selected test file imports Playwright; pytest runs all tests when none is selected."""
    selected, files = False, list[Path]()
    for before, argument in pairwise(["", *arguments]):
        path = ROOT / argument.split("::")[0]
        if path.is_relative_to(ROOT / "tests") and path.exists():
            files += path.rglob("test_*.py") if path.is_dir() else [path]
            # What follows a long option may be its value, as in `--ignore tests/app`.
            selected = selected or not before.startswith("--")
    return not selected or any(IMPORT.search(file.read_text("utf-8")) for file in files)


def find() -> str | None:
    """Return the Chromium, Chrome or Edge of this machine, or None."""
    return next((path for path in places() if works(path)), None)


def places() -> Iterator[str]:
    """Yield the paths where a browser may be; the CHROMIUM variable comes first."""
    yield os.environ.get("CHROMIUM", "")
    for command in COMMANDS:
        yield shutil.which(command) or ""
    if sys.platform == "darwin":
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            for app in MAC_APPS:
                yield str(folder / f"{app}.app" / "Contents" / "MacOS" / app)
    if sys.platform == "win32":
        for variable in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData"):
            for app in WINDOWS_APPS:
                yield str(Path(os.environ.get(variable, "")) / app)


def works(path: str) -> bool:
    """Whether the browser starts: Ubuntu's `chromium-browser` only points to snap, and libraries may be missing."""
    if not path or not Path(path).is_file():
        return False
    if sys.platform == "win32":
        return True  # there `--version` opens a window
    try:
        return subprocess.run([path, "--version"], capture_output=True, check=False, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def find_or_install() -> str | None:
    """Return a Chromium, or None; installs one when the machine has none and it can be installed."""
    return find() or from_playwright() or from_debian()


def from_playwright() -> str | None:
    """Return Playwright's own Chromium, or None; downloads it when it is missing."""
    asked = run_tool([str(PYTHON), "-I", "-c", PLAYWRIGHT_PATH], "playwright.log", venv_environ())
    path = asked.stdout.strip()
    if asked.returncode == 0 and not works(path):
        say("Downloading Chromium for the tests of web pages ...")
        command = [str(PYTHON), "-I", "-m", "playwright", "install", "--no-shell", "chromium"]
        run_tool(command, "playwright.log", venv_environ())
    return path if works(path) else None


def from_debian() -> str | None:
    """Return Debian's Chromium after installing it, or None; only root may install it."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    say("Installing Debian's Chromium for the tests of web pages ...")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]):
        run_tool(command, "apt.log", env)
    return find()

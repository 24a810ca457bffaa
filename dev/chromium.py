"""A Chromium for the tests of the phones page: the machine's own, else Playwright's, else Debian's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from dev.environment import PYTHON, venv_environ
from dev.setup import run_tool, say

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


def find() -> str | None:
    """Return the Chromium, Chrome or Edge of this machine, or None."""
    return next((path for path in places() if works(path)), None)


def places() -> Iterator[str]:
    """Yield where a browser may be, the one that CHROMIUM names first."""
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
    """Whether the browser starts: Ubuntu has a `chromium-browser` that only talks of snap, and libraries may lack."""
    if not path or not Path(path).is_file():
        return False
    if sys.platform == "win32":
        return True  # there `--version` opens a window
    try:
        return subprocess.run([path, "--version"], capture_output=True, check=False, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def find_or_install() -> str | None:
    """Return a Chromium, installing one where the machine has none and that is possible."""
    return find() or from_playwright() or from_debian()


def from_playwright() -> str | None:
    """Return Playwright's own Chromium, downloading it when it is not there."""
    asked = run_tool([str(PYTHON), "-I", "-c", PLAYWRIGHT_PATH], "playwright.log", venv_environ())
    path = asked.stdout.strip()
    if asked.returncode == 0 and not works(path):
        say("Downloading Chromium for the tests of the phones page ...")
        command = [str(PYTHON), "-I", "-m", "playwright", "install", "--no-shell", "chromium"]
        run_tool(command, "playwright.log", venv_environ())
    return path if works(path) else None


def from_debian() -> str | None:
    """Return Debian's Chromium after installing it, which only root may do."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    say("Installing Debian's Chromium for the tests of the phones page ...")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]):
        run_tool(command, "apt.log", env)
    return find()

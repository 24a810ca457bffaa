"""A newcomer's first minute: a fresh clone, an empty home, no Node, and the commands of README as they are written."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from dev import node
from tests.support.documents import commands, text_of

ROOT = Path(__file__).parents[2]
# Variables of this machine that a newcomer does not have.
OURS = ("PYTHON", "PYTEST", "VIRTUAL_ENV", "XDG_", "TWILIO_", "npm_config_cache")

pytestmark = pytest.mark.skipif(os.name != "posix" or not shutil.which("curl"), reason="needs a POSIX shell and curl")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a copy of what a clone by git contains, with the packages of npm that are installed here.

    They are 200 MB of small files; `python3 -m dev test` itself has installed them, in the same way.
    """
    clone = tmp_path / "clone"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clone / name)
    (clone / "dev" / "node_modules").symlink_to(node.MODULES)
    return clone


@pytest.fixture
def newcomer(tmp_path: Path) -> dict[str, str]:
    """Return the environment of somebody who has a Python, a shell and curl, and nothing else."""
    programs = tmp_path / "bin"
    programs.mkdir()
    python = getattr(sys, "_base_executable", sys.executable)
    # Not a link: Python finds its library by the path of its executable.
    (programs / "python3").write_text(f'#!/bin/sh\nexec "{python}" "$@"\n', "utf-8")
    (programs / "python3").chmod(0o755)
    for name in ("sh", "curl"):
        (programs / name).symlink_to(str(shutil.which(name)))
    home = tmp_path / "home"
    home.mkdir()
    env = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**env, "HOME": str(home), "PATH": str(programs)}


def answer_of(command: str, env: dict[str, str]) -> dict[str, Any]:
    """Run a printed command in a shell, and return the JSON that it prints."""
    done = subprocess.run(["sh", "-c", command], env=env, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def wait_for_status(link: str, status: str) -> dict[str, Any]:
    """Return the activity of a call or message once it has this status."""
    deadline = time.monotonic() + 60
    while True:
        found: dict[str, Any] = requests.get(link, timeout=10).json()
        if found["status"] == status:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def left_behind(folder: Path) -> list[str]:
    """Return the command lines of the processes that work in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder) or str(folder) in " ".join(process.cmdline()):
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


@pytest.mark.usefixtures("usual_ports")
def test_the_first_commands_of_the_readme_lead_to_a_call_and_a_text(clone: Path, newcomer: dict[str, str]) -> None:
    """A phone rings, with no account and no Node; Ctrl-C leaves no process behind."""
    command, *curl_lines = commands(text_of("README.md"))[:4]
    assert command == "python3 -m dev run"
    run = subprocess.Popen(
        ["sh", "-c", f"exec {command}"],
        cwd=clone,
        env=newcomer,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    patience = threading.Timer(300, run.kill)
    patience.start()
    try:
        assert run.stdout is not None
        printed = ""
        while "Ctrl-C stops everything." not in printed:
            line = run.stdout.readline()
            assert line, f"it ended:\n{printed}"
            printed += line
        assert "Installing Node into .venv" in printed
        app, phones = re.findall(r"^ +(?:App|Phones) +(\S+)", printed, re.MULTILINE)
        printed_lines = re.findall(r"^ +(curl .*)$", printed, re.MULTILINE)
        assert [line.replace(app, "http://127.0.0.1:7071/api") for line in printed_lines] == curl_lines
        assert "<html" in requests.get(phones, timeout=10).text.lower()

        make_call, send_sms, activity = printed_lines
        call = answer_of(make_call, newcomer)
        text = answer_of(send_sms, newcomer)
        wait_for_status(call["links"]["activity"], "ringing")
        answered = requests.post(f"{phones}/_phones/{call['to']}/answer", timeout=10)
        listed = [item["sid"] for item in answer_of(activity, newcomer)["items"]]

        assert answered.status_code == 204
        assert listed == [text["sid"], call["sid"]]
        wait_for_status(text["links"]["activity"], "delivered")
        finished = wait_for_status(call["links"]["activity"], "completed")
        statuses = [event["status"] for event in finished["events"]]
        assert statuses[-3:] == ["ringing", "in-progress", "completed"]

        os.killpg(run.pid, signal.SIGINT)  # as a terminal does
        rest = run.communicate(timeout=30)[0]
        assert run.returncode == 0, rest
        assert left_behind(clone) == []
    finally:
        patience.cancel()
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.communicate()

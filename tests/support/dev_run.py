"""A running `python3 -m dev run` or `services`, for tests."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import requests

from tests.support.app import ROOT


class Run:
    """A running `python3 -m dev`."""

    def __init__(self, *arguments: str, **env: str) -> None:
        """Start it; its output is read when it has ended, or line by line."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dev", *arguments],
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = ""

    def read_until(self, words: str) -> str:
        """Return the output up to the line with these words."""
        assert self.process.stdout is not None
        with self.patience():
            while words not in self.output:
                line = self.process.stdout.readline()
                assert line, f"it ended:\n{self.output}"
                self.output += line
        return self.output

    def api(self) -> str:
        """Return the printed address of the app."""
        found = re.search(r"App +(\S+)", self.output)
        assert found
        return found[1]

    def phones(self) -> str:
        """Return the printed address of the phones page."""
        found = re.search(r"Phones +(\S+)", self.output)
        assert found
        return found[1]

    def page(self) -> dict[str, Any]:
        """Return what the phones page is told."""
        with requests.get(f"{self.phones()}/_phones/events", stream=True, timeout=10) as events:
            state: dict[str, Any] = json.loads(next(events.iter_lines()).removeprefix(b"data: "))
        return state

    def family(self) -> list[psutil.Process]:
        """Return all processes that it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, how: signal.Signals | None = signal.SIGINT) -> int:
        """Send a signal, read what is left and return the exit code."""
        if how is not None:
            self.process.send_signal(how)
        with self.patience():
            self.output += self.process.communicate()[0]
        return self.process.returncode

    @contextmanager
    def patience(self) -> Iterator[None]:
        """End the process when a line does not come within a minute, so that the test fails instead of hanging."""
        timer = threading.Timer(60, self.process.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

"""A service: a child process with a name, its output, a check that it is ready, and a guaranteed end."""

from __future__ import annotations

import contextlib
import random
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from dev import guard

KEPT_LINES = 40
# Not the shared generator, to which tests give a seed.
RANDOM = random.SystemRandom()


class ServiceError(Exception):
    """A service did not start, or ended before it was told to. The message ends with the last lines it wrote."""


class Service:
    """A command in its own process group, started through `dev/guard.py` so that none of its processes outlives us.

    `sink` is called with the service's name and each line it writes. As a context manager: started and ready inside,
    stopped outside.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        ready: Callable[[], bool] = lambda: True,
        sink: Callable[[str, str], None] | None = None,
        cwd: Path | None = None,
        listener: socket.socket | None = None,
    ) -> None:
        """Describe the service; `env` is its whole environment, ours when None; `listener` is a socket it inherits."""
        self.name = name
        self.command = list(command)
        self.env = env
        self.ready = ready
        self.sink = sink
        self.cwd = cwd
        self.listener = listener
        self.pid = 0
        self.last_lines: deque[str] = deque(maxlen=KEPT_LINES)

    def start(self) -> None:
        """Start the command; its process id is in `pid` afterwards."""
        self.last_lines.clear()
        self.guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, *self.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.env,
            cwd=self.cwd,
            **self.inherited(),
            **guard.NEW_GROUP,
        )
        assert self.guard.stderr is not None
        with self.guard.stderr as answer:
            line = answer.readline().decode(errors="replace").strip()
        if not line.isdecimal():
            self.guard.communicate()
            raise ServiceError(f"{self.name} could not be started: {line}")
        self.pid = int(line)
        self.reader = threading.Thread(target=self.read_output, name=f"output of {self.name}", daemon=True)
        self.reader.start()

    def inherited(self) -> dict[str, Any]:
        """Return the options of Popen that hand the listener on."""
        if self.listener is None:
            return {}
        self.listener.set_inheritable(True)
        return {"close_fds": False} if sys.platform == "win32" else {"pass_fds": [self.listener.fileno()]}

    def read_output(self) -> None:
        """Keep the last lines and hand each line on, until the service and its children have closed their output."""
        assert self.guard.stdout is not None
        with self.guard.stdout as output:
            for raw in output:
                line = raw.decode(errors="replace").rstrip()
                self.last_lines.append(line)
                if self.sink is not None:
                    self.sink(self.name, line)

    @property
    def running(self) -> bool:
        """Whether the command has been started and not ended yet."""
        return self.pid != 0 and self.guard.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code once the command has ended, as a shell gives it (128 + signal)."""
        return self.guard.poll() if self.pid else None

    def check(self) -> None:
        """Raise ServiceError when the command has ended."""
        if not self.running:
            raise self.failure(f"{self.name} ended with exit code {self.exit_code}, so everything was stopped")

    def wait_until_ready(self, timeout: float = 60) -> None:
        """Return when `ready` does; raise ServiceError when the service ends before that, or takes too long."""
        deadline = time.monotonic() + timeout
        while True:
            if not self.running:  # asked first: another program may answer on the port that this one could not get
                raise self.failure(f"{self.name} ended with exit code {self.exit_code}")
            if self.ready():
                return
            if time.monotonic() > deadline:
                raise self.failure(f"{self.name} did not answer within {timeout:g} seconds")
            time.sleep(0.05)

    def failure(self, what: str) -> ServiceError:
        """Return an error with what happened and the last lines of output."""
        if not self.running:
            self.reader.join(timeout=2)
        lines = "\n".join(f"  {line}" for line in self.last_lines) or "  (nothing)"
        return ServiceError(f"{what}. The last lines it wrote:\n{lines}")

    def stop(self) -> None:
        """End the command and everything it started. Harmless when it never ran or has ended."""
        if self.pid == 0:
            return
        assert self.guard.stdin is not None
        with contextlib.suppress(OSError):
            self.guard.stdin.close()
        try:
            self.guard.wait(guard.GRACE + 5)
        except subprocess.TimeoutExpired:
            self.guard.kill()
            self.guard.wait()
        if self.guard.returncode < 0:  # killed, so that it could not do its work
            guard.kill(self.pid)
        self.reader.join(timeout=2)
        self.pid = 0

    def __enter__(self) -> Service:
        """Start, and wait until ready."""
        self.start()
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()


def free_port() -> int:
    """Return a port that is free now, at random, so that two processes that ask do not get the same one.

    From below 32768: the systems take ports above for outgoing connections and for listeners on port 0.
    """
    for port in RANDOM.sample(range(20_000, 32_000), 100):
        with contextlib.suppress(OSError):
            return listen_for_a_moment(port)
    raise ServiceError("100 ports between 20000 and 32000 are in use.")


def listen_for_a_moment(port: int, address: str = "127.0.0.1") -> int:
    """Return the port, or a free one for 0; raise OSError when nothing can listen there."""
    with listen(port, address) as probe:
        return int(probe.getsockname()[1])


def listen(port: int, address: str = "127.0.0.1") -> socket.socket:
    """Return a socket that listens on the port, or on a free one for 0; raise OSError when that is not possible."""
    # On POSIX this sets SO_REUSEADDR, so connections of an earlier run do not block the port.
    return socket.create_server((address, port), backlog=128)


def answers(url: str, status: int | None = None) -> bool:
    """Whether an HTTP server answers there now, with this status or, for None, with any."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as response:
            return status in (None, response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return status in (None, error.code)
    except OSError:
        return False

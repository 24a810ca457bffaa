"""The app as a part of a run: restarted when one of its files changes."""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dev import environment
from dev.processes import Service, ServiceError, listen
from dev.setup import ROOT, SetupError, say
from dev.terminal import Terminal
from dev.unavailable import Unavailable


class ReloadedApp:
    """The app on its host, restarted when its files change.

    The listening socket belongs to this process, and each host inherits it: requests wait during a restart, and no
    other program can take the port. When the changed app does not start, every request is answered with 503 and the
    reason, until the next change.
    """

    name = "app"

    def __init__(
        self,
        command: Sequence[str],
        environ: Callable[[], Mapping[str, str]],
        settings_file: Path,
        address: tuple[int, str],
        ready: Callable[[], bool],
        terminal: Terminal,
        folder: Path = ROOT,
    ) -> None:
        """Describe the app. `environ` is called for each start, and reads `settings_file`, which is watched too."""
        self.environ = environ
        self.terminal = terminal
        self.address = address
        self.listening = threading.Event()
        self.watching = threading.Event()
        self.app = Service(
            self.name, command, ready=lambda: self.listening.is_set() and ready(), sink=self.hear, cwd=folder
        )
        self.watcher = Service(
            "watcher",
            [str(environment.PYTHON), "-m", "dev.watch", str(settings_file)],
            {**environment.venv_environ(), "PYTHONPATH": str(ROOT)},
            ready=self.watching.is_set,
            sink=self.note_change,
            cwd=folder,
        )
        self.changes: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
        self.restart_began: float | None = None
        """When a restart began that is not done yet."""
        self.changed: set[str] = set()
        """The files that have changed since the app last started or failed to."""
        self.stopping = False
        self.unavailable: Unavailable | None = None
        self.listener: socket.socket | None = None
        self.watches = True
        self.runtime = ""
        """What the app says it runs on."""

    def start(self) -> None:
        """Start the app and the watcher of its files."""
        try:
            self.app.listener = self.listener = listen(*self.address)
        except OSError as error:
            raise ServiceError(
                f"the app cannot listen on {self.address[1]}:{self.address[0]}: {error.strerror}"
            ) from error
        self.app.command += ["--listener", str(self.listener.fileno())]
        self.watcher.start()
        self.start_app()

    def wait_until_ready(self) -> None:
        """Return when the app is ready and watched; raise ServiceError when it does not start."""
        self.app.wait_until_ready()
        try:
            self.watcher.wait_until_ready()
        except ServiceError as error:
            self.watches = False
            say(f"Changes of files are not noticed, so restart this command after a change: {error}")
        if self.runtime:
            say(f"The app {self.runtime}.")

    def stop(self) -> None:
        """End everything, and close the port."""
        self.watcher.stop()
        self.stop_app()
        if self.listener is not None:
            self.listener.close()

    def check(self) -> None:
        """Restart the app when its files have changed; raise ServiceError when it has ended for another reason."""
        if self.watches and not self.watcher.running:
            self.watches = False
            self.terminal(self.name, "the watcher of its files has ended, so restart this command after a change")
        if self.note_changed_files():
            self.restart()
        elif self.restart_began is not None:
            self.follow_restart(self.restart_began)
        elif self.unavailable is None:
            self.app.check()

    def start_app(self) -> None:
        """Start the app with the settings of now."""
        self.listening.clear()
        self.app.env = self.environ()
        self.app.start()

    def restart(self) -> None:
        """Stop the app, and start it again or answer in its place."""
        self.stop_app()
        self.restart_began = time.monotonic()
        try:
            self.start_app()
        except (SetupError, ServiceError) as error:
            self.answer_instead(str(error))

    def stop_app(self) -> None:
        """Stop the app, or what answers in its place."""
        self.stopping = True  # an app that is stopped while it starts prints a traceback
        self.app.stop()
        self.stopping = False
        if self.unavailable is not None:
            self.unavailable.close()
            self.unavailable = None

    def follow_restart(self, began: float) -> None:
        """Say that the restart is done, or answer in place of an app that ended instead of listening."""
        if self.listening.is_set():
            names = sorted(self.changed)
            files = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            self.terminal(self.name, f"reloaded in {time.monotonic() - began:.1f} s: {files} changed")
            self.end_restart()
        elif not self.app.running:
            self.app.stop()
            self.answer_instead(self.app.last_lines[-1] if self.app.last_lines else "it ended without a message")

    def answer_instead(self, reason: str) -> None:
        """Answer 503 with the reason until a file changes."""
        assert self.listener is not None
        self.end_restart()
        self.unavailable = Unavailable(self.listener, reason)
        self.terminal(self.name, f"does not start, so requests get 503 until a change fixes it: {reason}")

    def end_restart(self) -> None:
        """Forget what caused the restart."""
        self.restart_began = None
        self.changed.clear()

    def hear(self, name: str, line: str) -> None:
        """Pass a line of the app on, but for what it says at each start, which is noted."""
        if line.startswith("listening on "):
            self.listening.set()
        elif line.startswith("runs on "):
            self.runtime = line
        elif not self.stopping:
            self.terminal(name, line)

    def note_change(self, name: str, line: str) -> None:
        """Note the files that the watcher reports, or show what else it says."""
        if line.startswith("["):
            self.watching.set()
            self.changes.put(json.loads(line))
        else:
            self.terminal(self.name, f"{name}: {line}")

    def note_changed_files(self) -> bool:
        """Note the files that have changed since the last call; return whether there are any."""
        found = False
        while not self.changes.empty():
            names = self.changes.get()
            self.changed.update(names)
            found = found or bool(names)
        return found

"""Print which files of the app in this folder change, a line of JSON for each change: python -m dev.watch SETTINGS.

This is a separate process, because `python3 -m dev` itself runs without the packages in `.venv`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from watchfiles import Change, DefaultFilter, watch

HERE = Path.cwd()
# After the timeout `watch` yields an empty set, which shows that it has begun.
OPTIONS: dict[str, Any] = {"rust_timeout": 100, "yield_on_timeout": True, "raise_interrupt": False}


class Watcher(DefaultFilter):
    """Watches the app's folders, and in a second thread the files next to them."""

    def __init__(self, settings: Path) -> None:
        """Watch this settings file too, wherever it is."""
        super().__init__()
        self.settings = settings
        self.folders = app_folders()
        self.folders_changed = threading.Event()
        self.top_level_watched = threading.Event()

    def run(self) -> None:
        """Watch until the process is ended. The first line is an empty list: every later change is reported."""
        threading.Thread(target=self.watch_top_level, daemon=True).start()
        started = False
        while True:
            self.folders_changed.clear()
            self.folders = app_folders()
            for changes in watch(*self.folders, stop_event=self.folders_changed, **OPTIONS):
                if not started and self.top_level_watched.wait():
                    started = True
                    print("[]", flush=True)
                report(changes)
            if not self.folders_changed.is_set():  # interrupted
                return

    def watch_top_level(self) -> None:
        """Watch the directories, not each file: many editors replace a file, and its watch would end with it."""
        for changes in watch(HERE, self.settings.parent, watch_filter=self, recursive=False, **OPTIONS):
            self.top_level_watched.set()
            # The other thread may lose changes as it starts again, but the new folder is a change itself.
            report(changes)
            if self.folders != app_folders():
                self.folders_changed.set()

    def __call__(self, change: Change, path: str) -> bool:
        """Whether this change outside the app's folders is the settings file, a module, host.json or a new folder."""
        file = Path(path)
        if file.parent != HERE or not super().__call__(change, path):
            return file == self.settings
        return (
            file in {self.settings, HERE / "host.json", *set(app_folders()) ^ set(self.folders)} or file.suffix == ".py"
        )


def app_folders() -> list[Path]:
    """Return the top-level folders that are deployed: those that `.funcignore` does not name."""
    lines = (HERE / ".funcignore").read_text("utf-8").splitlines()
    ignored = [line for line in lines if line and not line.startswith(("#", "!"))]
    return [
        path
        for path in sorted(HERE.iterdir())
        if path.is_dir() and not any(fnmatch(path.name, pattern) for pattern in ignored)
    ]


def report(changes: Iterable[tuple[Change, str]]) -> None:
    """Print the names of the files, relative to the app's folder."""
    if names := sorted(os.path.relpath(path, HERE) for _, path in changes):
        print(json.dumps(names), flush=True)


if __name__ == "__main__":
    Watcher(Path(sys.argv[1]).resolve()).run()

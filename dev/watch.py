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

from watchfiles import Change, DefaultFilter, watch

HERE = Path.cwd()
READY = "[]"  # the first line: nothing has changed


def main(settings: Path) -> None:
    """Watch until the process is ended."""
    folders_changed = threading.Event()
    threading.Thread(target=watch_top_level, args=(settings, folders_changed), daemon=True).start()
    print(READY, flush=True)
    while True:
        folders_changed.clear()
        for changes in watch(*app_folders(), stop_event=folders_changed, raise_interrupt=False):
            report(path for _, path in changes)
        if not folders_changed.is_set():  # interrupted
            return


def watch_top_level(settings: Path, folders_changed: threading.Event) -> None:
    """Watch the files outside the app's folders; note when a folder is added or removed.

    This watches the directory and not each file: many editors replace a file, and its watch would end with it.
    """
    by_default = DefaultFilter()

    def is_watched(change: Change, path: str) -> bool:
        file = Path(path)
        if file.parent == HERE and change is not Change.modified and not file.is_file():
            folders_changed.set()
        return is_app_file(file, settings) and by_default(change, path)

    for changes in watch(HERE, settings.parent, watch_filter=is_watched, recursive=False, raise_interrupt=False):
        report(path for _, path in changes)


def is_app_file(file: Path, settings: Path) -> bool:
    """Whether a file outside the app's folders is part of the app or of its settings."""
    return file == settings or (file.parent == HERE and (file.suffix == ".py" or file.name == "host.json"))


def app_folders() -> list[Path]:
    """Return the top-level folders that are deployed: those that `.funcignore` does not name."""
    lines = (HERE / ".funcignore").read_text("utf-8").splitlines()
    ignored = [line for line in lines if line and not line.startswith(("#", "!"))]
    return [
        path
        for path in sorted(HERE.iterdir())
        if path.is_dir() and not any(fnmatch(path.name, pattern) for pattern in ignored)
    ]


def report(files: Iterable[str]) -> None:
    """Print the names, relative to the app's folder."""
    print(json.dumps(sorted(os.path.relpath(file, HERE) for file in files)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())

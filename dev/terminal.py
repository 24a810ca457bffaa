"""The lines of several services on one terminal, each behind the name of the service that wrote it."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import TextIO

COLOURS = ("36", "35", "33", "32", "34")  # cyan, magenta, yellow, green, blue
RESET = "\x1b[0m"


class Terminal:
    """A sink for services; thread-safe, and quiet until `show` is set."""

    def __init__(self, names: Sequence[str], stream: TextIO, *, show: bool = True) -> None:
        """Write for these services, whose names are padded to one width."""
        self.stream = stream
        self.show = show
        self.lock = threading.Lock()
        width = max(map(len, names))
        self.prefixes = {name: f"{name:<{width}} | " for name in names}
        if has_colour(stream):
            for name, colour in zip(names, COLOURS * len(names), strict=False):
                self.prefixes[name] = f"\x1b[{colour}m{self.prefixes[name]}{RESET}"

    def __call__(self, name: str, line: str) -> None:
        """Write one line of a service."""
        if self.show:
            with self.lock:
                print(f"{self.prefixes[name]}{line}", file=self.stream, flush=True)


def has_colour(stream: TextIO) -> bool:
    """Whether a person looks at this stream on a terminal that knows colours (https://no-color.org)."""
    knows_colours = os.name != "nt" or "WT_SESSION" in os.environ
    return stream.isatty() and knows_colours and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

"""The lines of several services on one terminal, each after the name of the service that wrote it."""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TextIO

COLOURS = ("36", "35", "33", "32", "34")  # cyan, magenta, yellow, green, blue
RESET = "\x1b[0m"

# A line of the host, such as `INFO host: POST /api/status_callback 204 CA... ringing 2.1 ms`.
REQUEST = re.compile(r"INFO host: \S+ \S+ (?P<status>\d{3})(?P<callback> \S+ \S+)? \S+ ms")
CLIENT_ERROR, SERVER_ERROR = "33", "31"  # yellow, red
MOST_REMEMBERED = 1000


class Terminal:
    """A sink for services; thread-safe, and quiet until `show` is set."""

    def __init__(self, names: Sequence[str], stream: TextIO, *, show: bool = True, repeat: bool = True) -> None:
        """Write for these services, whose names are padded to one width.

        Without `repeat`, a callback that was answered with 204 is shown once for each SID and status.
        """
        self.stream = stream
        self.show = show
        self.repeat = repeat
        self.lock = threading.Lock()
        self.shown: OrderedDict[str, None] = OrderedDict()
        self.colour = has_colour(stream)
        width = max(map(len, names))
        self.prefixes = {name: f"{name:<{width}} | " for name in names}
        if self.colour:
            for name, colour in zip(names, COLOURS * len(names), strict=False):
                self.prefixes[name] = coloured(self.prefixes[name], colour)

    def __call__(self, name: str, line: str) -> None:
        """Write one line of a service."""
        if not self.show:
            return
        request = REQUEST.fullmatch(line)
        with self.lock:
            if request:
                if request["status"] == "204" and not self.repeat and self.was_shown(request["callback"]):
                    return
                line = self.with_colour(line, request["status"])
            print(f"{self.prefixes[name]}{line}", file=self.stream, flush=True)

    def was_shown(self, callback: str | None) -> bool:
        """Whether this callback is among the last ones that were shown; note that it now is."""
        if callback is None:
            return False
        known = callback in self.shown
        self.shown[callback] = None
        if len(self.shown) > MOST_REMEMBERED:
            self.shown.popitem(last=False)
        return known

    def with_colour(self, line: str, status: str) -> str:
        """Return a request's line, coloured where it failed."""
        if not self.colour or status < "400":
            return line
        return coloured(line, CLIENT_ERROR if status < "500" else SERVER_ERROR)


def coloured(text: str, colour: str) -> str:
    """Return the text in a colour."""
    return f"\x1b[{colour}m{text}{RESET}"


def has_colour(stream: TextIO) -> bool:
    """Whether this stream is a terminal that shows colours (https://no-color.org)."""
    knows_colours = os.name != "nt" or "WT_SESSION" in os.environ
    return stream.isatty() and knows_colours and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

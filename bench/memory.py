"""Growth of memory with the number of messages sent."""

from collections.abc import Callable
from itertools import islice

import psutil

from bench import load
from bench.sends import messages
from bench.services import Server, running_app
from bench.table import Row

FIRST = 1_000
LAST = 10_000
LAST_IN_SHORT = 3_000
MIB = 1024 * 1024


def measure(say: Callable[[str], None], quick: bool) -> list[Row]:
    """Compare the resident memory of the app's process after many sends and after few."""
    last = LAST_IN_SHORT if quick else LAST
    with running_app() as app:
        before = resident_after(app, FIRST)
        say(f"{before:.1f} MiB after {FIRST:,} sends")
        after = resident_after(app, last - FIRST)
        say(f"{after:.1f} MiB after {last:,} sends")
    what = f"resident memory after {last:,} sends - after {FIRST:,}"
    return [Row(what, f"{after:.1f} MiB", f"{before:.1f} MiB", after - before, 5, "MiB")]


def resident_after(app: Server, sends: int) -> float:
    """Return the resident memory in MiB after so many more sends."""
    load.run(app, islice(messages(), sends))
    return psutil.Process(app.pid).memory_info().rss / MIB

"""Cost of a callback and of the list's first page with few calls in the log and with many."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from statistics import median

from bench import load
from bench.callbacks import callback
from bench.log_rows import fill
from bench.services import running_azurite, running_host
from bench.table import Row

FEW = 100
MANY = 100_000
MANY_IN_SHORT = 10_000
FIRST_PAGE = load.get("/api/activity?limit=50")
FIRST_NEW_EVENT = 4  # the rows have the events before it already
LIMIT = 1.2


class Log:
    """An app whose log has `size` calls; the newest of them get the same number of new events, whatever the size."""

    def __init__(self, stack: ExitStack, size: int) -> None:
        self.size = size
        self.tables = stack.enter_context(running_azurite())
        self.newest = asyncio.run(fill(self.tables.port, size))[:FEW]
        self.app = stack.enter_context(running_host(tables_port=self.tables.port))
        self.sequence = FIRST_NEW_EVENT
        self.pages: list[load.Load] = []
        self.callbacks: list[load.Load] = []
        self.azurite_ms = 0.0

    def measure(self, pages: int) -> None:
        """Measure some pages, then one more event for each of the newest calls; one caller, so that nothing waits."""
        before = load.cpu_seconds(self.tables)
        self.pages.append(self.send([FIRST_PAGE] * pages))
        self.azurite_ms = 1000 * (load.cpu_seconds(self.tables) - before) / pages
        self.callbacks.append(self.send(list(self.events())))
        self.sequence += 1

    def send(self, requests: Sequence[bytes]) -> load.Load:
        """Send requests one after the other."""
        return load.run(self.app, requests, callers=1)

    def events(self) -> Iterator[bytes]:
        """Yield an event that is not the last for each of the newest calls."""
        for sid, started in self.newest:
            yield callback(sid, started, self.sequence, "in-progress")


def measure(say: Callable[[str], None], quick: bool) -> list[Row]:
    """Measure the small log and the large one in turn."""
    rounds, pages, many = (2, 15, MANY_IN_SHORT) if quick else (5, 20, MANY)
    with ExitStack() as stack:
        say(f"filling logs with {FEW:,} and {many:,} calls")
        small, large = Log(stack, FEW), Log(stack, many)
        for number in range(rounds + 1):
            for log in (small, large):
                log.measure(pages)
                say(f"{log.size:,} calls: page {show(log.pages[-1])}, callback {show(log.callbacks[-1])}")
                if number == 0:  # imports and first connections
                    log.pages.clear()
                    log.callbacks.clear()
    sizes = f"at {many:,} calls / at {FEW}"
    note = (
        f"Azurite's own processor time for it was {large.azurite_ms:.0f} ms at {many:,} calls and "
        f"{small.azurite_ms:.0f} ms at {FEW}: it reads the whole table for each query; Azure Table Storage does not."
    )
    return [
        row(f"CPU of a status callback {sizes}", cpu_ms, large.callbacks, small.callbacks),
        row(f"latency of a status callback {sizes}", latency_ms, large.callbacks, small.callbacks),
        row(f"CPU of the list's first page {sizes}", cpu_ms, large.pages, small.pages),
        row(f"latency of the list's first page {sizes}", latency_ms, large.pages, small.pages, note),
    ]


def cpu_ms(measured: load.Load) -> float:
    """Return the CPU time of a request in milliseconds."""
    return measured.cpu_ms


def latency_ms(measured: load.Load) -> float:
    """Return the median latency in milliseconds."""
    return 1000 * median(measured.latencies)


def show(measured: load.Load) -> str:
    """Return both for a line of progress."""
    return f"{cpu_ms(measured):.2f} ms CPU, {latency_ms(measured):.1f} ms"


def row(
    what: str, read: Callable[[load.Load], float], large: list[load.Load], small: list[load.Load], note: str = ""
) -> Row:
    """Return the comparison of one reading."""
    ours, reference = median(map(read, large)), median(map(read, small))
    return Row(what, f"{ours:.2f} ms", f"{reference:.2f} ms", ours / reference, LIMIT, note=note)

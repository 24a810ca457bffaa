"""CPU of a signed status callback, checked and stored, and of the same request to an empty function."""

import time
from collections.abc import Callable
from contextlib import ExitStack

from bench import load
from bench.callbacks import calls
from bench.services import running_azurite, running_host
from bench.table import Row

WARM_UP = 50


def measure(say: Callable[[str], None], quick: bool) -> list[Row]:
    """Send the events of calls to the app and to the empty function in turn."""
    rounds, size = (3, 150) if quick else (5, 500)
    started = time.time_ns() // 1000
    with ExitStack() as stack:
        tables = stack.enter_context(running_azurite())
        app = stack.enter_context(running_host(tables_port=tables.port))
        empty = stack.enter_context(running_host("bench/empty_app/function_app.py"))

        def events(number: int) -> list[bytes]:
            return list(calls(number * size, size if number else WARM_UP, started))

        app_ms, empty_ms = load.in_turn(app, empty, rounds, events, say)
    results = f"{app_ms:.2f} ms", f"{empty_ms:.3f} ms"
    return [Row("CPU of a status callback / an empty function", *results, app_ms / empty_ms, 4)]

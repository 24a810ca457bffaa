"""Measure the app and print one table: python3 -m dev bench [name ...]."""

import argparse
import platform
import sys
import time
import traceback
from collections.abc import Callable, Mapping

from bench import callback_cpu, cold_start, growth, memory, scripts, sends
from bench.table import Row, to_text
from dev.host.runtimes import DEFAULT

# A benchmark gets a function that prints its progress, and whether to measure less.
Say = Callable[[str], None]
Benchmark = Callable[[Say, bool], list[Row]]

MODULES = {
    "sends": sends,
    "callback": callback_cpu,
    "scripts": scripts,
    "cold_start": cold_start,
    "memory": memory,
    "growth": growth,
}


def main() -> int:
    """Run the named benchmarks; return the exit code, which is 1 when a benchmark failed."""
    parser = argparse.ArgumentParser(
        prog="python3 -m dev bench",
        description="Measure speed and memory. Everything in the table comes from this one run on this machine.",
    )
    parser.add_argument("name", nargs="*", help=f"one of {', '.join(MODULES)}; all without a name")
    parser.add_argument("--list", action="store_true", help="print what is measured, and measure nothing")
    parser.add_argument("--quick", action="store_true", help="measure less, in about a minute, for a first impression")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.name if name not in MODULES]:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(MODULES)}")
    if arguments.list:
        for name, module in MODULES.items():
            print(f"{name:12}{module.__doc__}")
        return 0
    print(f"Python {platform.python_version()}; all functions run in the {DEFAULT} runtime of dev/host", flush=True)
    return measure({name: MODULES[name].measure for name in arguments.name or MODULES}, arguments.quick)


def measure(benchmarks: Mapping[str, Benchmark], quick: bool) -> int:
    """Run the benchmarks in order, continue when one fails, and print the table."""
    rows: list[Row] = []
    failed: list[str] = []
    for name, benchmark in benchmarks.items():
        started = time.monotonic()
        try:
            rows += benchmark(progress_of(name), quick)
        except Exception:
            traceback.print_exc()
            failed.append(name)
        progress_of(name)(f"done in {time.monotonic() - started:.0f} s")
    print(f"\n{to_text(rows)}" if rows else "")
    if failed:
        print(f"Could not be measured: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def progress_of(name: str) -> Say:
    """Return a function that prints progress under the benchmark's name."""
    return lambda words: print(f"{name}: {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""The app's host in a process that is forked from one with everything imported, so that it starts in 0.1 seconds."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.process import parent_process
from pathlib import Path

from dev.processes import answers

ROOT = Path(__file__).resolve().parents[2]
FRESH = multiprocessing.get_context("spawn")
if sys.platform == "win32":  # which cannot fork
    FORKED = FRESH
else:
    FORKED = multiprocessing.get_context("forkserver")
    HOST = ["dev.host.__main__", "dev.host.runtimes", "function_app"]
    IMPORTED_BY_REQUESTS = ["azure.data.tables.aio", "phonenumbers", "twilio.rest"]
    FORKED.set_forkserver_preload([__name__, *HOST, *IMPORTED_BY_REQUESTS])


@contextmanager
def host_process(
    arguments: Sequence[str], env: Mapping[str, str], output: Path, url: str, fresh: bool = False
) -> Iterator[None]:
    """Run `python -m dev.host` until the block ends; its output goes to a file. It is ready when the URL answers.

    Where what is read at import depends on `env`, the process has to be fresh: it imports everything itself.
    """
    process = (FRESH if fresh else FORKED).Process(
        target=run, args=(list(arguments), dict(env), str(output)), daemon=True
    )
    process.start()
    try:
        deadline = time.monotonic() + 60
        while not answers(url):
            assert process.is_alive(), f"the app has ended:\n{output.read_text('utf-8')}"
            assert time.monotonic() < deadline, f"the app does not answer:\n{output.read_text('utf-8')}"
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.join(5)
        process.kill()


def run(arguments: list[str], env: dict[str, str], output: str) -> None:
    """Be the host, and end when the tests end, however they do."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    with open(output, "ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["dev.host", *arguments]
    from dev.host.__main__ import main

    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def end_with_parent() -> None:
    """End this process when its parent has ended."""
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)

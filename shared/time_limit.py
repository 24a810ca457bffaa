"""The time that a request has for storage: every operation in it ends by then, however many there are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

deadline: ContextVar[float] = ContextVar("deadline")


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Limit the operations in this block, and in the tasks that it starts; an outer limit that ends earlier stays."""
    token = deadline.set(min(time.monotonic() + seconds, deadline.get(float("inf"))))
    try:
        yield
    finally:
        deadline.reset(token)


def within(seconds: float) -> asyncio.Timeout:
    """Return a time-out of `seconds`, or less if the request has less time left."""
    return asyncio.timeout(min(seconds, deadline.get(float("inf")) - time.monotonic()))

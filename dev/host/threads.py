"""Threads for handlers that are plain functions."""

from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any


class ContextThreads(ThreadPoolExecutor):
    """Runs each call in the context of its caller, so that what it logs is known to belong to its request.

    The default size of the pool is the worker's: min(32, processors + 4).
    """

    def submit(self, fn: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        """Run a call in a thread."""
        return super().submit(copy_context().run, fn, *arguments, **named)

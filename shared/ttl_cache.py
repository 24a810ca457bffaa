"""A cache in memory whose entries expire after some seconds."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

MAX_ENTRIES = 1000


class TtlCache(Generic[Key, Value]):
    """Values that are loaded when they are first needed and kept for `seconds`. A full cache is emptied."""

    def __init__(self, seconds: float) -> None:
        """Start empty."""
        self.seconds = seconds
        self.entries: dict[Key, tuple[float, Value]] = {}

    async def get(self, key: Key, load: Callable[[], Awaitable[Value]]) -> Value:
        """Return the cached value for `key`, else the result of `load`. A failed `load` leaves nothing in the cache."""
        entry = self.entries.get(key)
        if entry and time.monotonic() < entry[0]:
            return entry[1]
        value = await load()
        if len(self.entries) >= MAX_ENTRIES:
            self.entries.clear()
        self.entries[key] = (time.monotonic() + self.seconds, value)
        return value

    def forget(self, key: Key) -> None:
        """Load the value for `key` again the next time."""
        self.entries.pop(key, None)

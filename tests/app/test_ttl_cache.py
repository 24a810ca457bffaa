"""The cache whose entries expire."""

from __future__ import annotations

import asyncio
import time

import pytest

from shared.ttl_cache import MAX_ENTRIES, TtlCache


def test_a_value_is_loaded_once_until_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """`None` is a value too."""
    cache: TtlCache[str, int | None] = TtlCache(seconds=3)
    values = iter([None, 2])

    async def load() -> int | None:
        return next(values)

    def at(seconds: float) -> int | None:
        monkeypatch.setattr(time, "monotonic", lambda: seconds)
        return asyncio.run(cache.get("key", load))

    assert [at(0), at(2.9), at(3), at(5.9)] == [None, None, 2, 2]


def test_a_failed_load_is_not_cached() -> None:
    """The next request tries again."""
    cache: TtlCache[str, str] = TtlCache(seconds=60)

    async def fail() -> str:
        raise ConnectionError

    async def load() -> str:
        return "value"

    async def story() -> str:
        with pytest.raises(ConnectionError):
            await cache.get("key", fail)
        return await cache.get("key", load)

    assert asyncio.run(story()) == "value"


def test_the_cache_does_not_grow_without_limit() -> None:
    """A stranger may choose the keys."""
    cache: TtlCache[int, int] = TtlCache(seconds=60)

    async def story() -> None:
        for number in range(2 * MAX_ENTRIES + 5):
            await cache.get(number, lambda: asyncio.sleep(0, 1))

    asyncio.run(story())
    assert len(cache.entries) <= MAX_ENTRIES

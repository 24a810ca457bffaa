"""Whether the app can do its work, looked at seldom enough to be asked by any monitor."""

from __future__ import annotations

import asyncio
import time

from shared.errors import NotConfigured, StorageUnavailable
from shared.settings import settings
from shared.storage.tables import SIDS, get

LOOK_EVERY_SECONDS = 10.0


class Storage:
    """The tables' state as last seen. One look at a time, however many ask."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.word = "unknown"
        self.looked = float("-inf")
        self.lock = asyncio.Lock()

    async def look(self) -> str:
        """Return `ok` or `unreachable`: one point read of an entity that need not be there."""
        async with self.lock:
            if time.monotonic() - self.looked > LOOK_EVERY_SECONDS:
                try:
                    await get(SIDS, "health", "health")
                    self.word = "ok"
                except StorageUnavailable:
                    self.word = "unreachable"
                self.looked = time.monotonic()
        return self.word


storage = Storage()


async def readiness() -> dict[str, str]:
    """Return one word for each part: `ok` when it is ready."""
    try:
        settings()
    except NotConfigured:
        return {"settings": "wrong", "storage": "unknown"}
    return {"settings": "ok", "storage": await storage.look()}

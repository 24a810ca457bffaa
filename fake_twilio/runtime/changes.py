"""Waiting without polling: each change of state wakes the tasks that wait for one."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Changes:
    """Wakes waiting tasks whenever the state of the emulator has changed."""

    def __init__(self) -> None:
        self.waiting: set[asyncio.Future[None]] = set()
        self.count = 0

    def tell(self) -> None:
        """Report a change: wake all waiting tasks."""
        self.count += 1
        waiting, self.waiting = self.waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def next(self) -> None:
        """Wait for the next change."""
        future = asyncio.get_running_loop().create_future()
        self.waiting.add(future)
        try:
            await future
        finally:
            self.waiting.discard(future)

    async def after(self, count: int) -> None:
        """Wait for a change after the first `count` changes."""
        if self.count == count:
            await self.next()

    async def until(self, look: Callable[[], T | None], seconds: float) -> T | None:
        """Return what `look` finds as soon as it finds something; None after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while not (found := look()):
                    await self.next()
        except TimeoutError:
            return look()
        return found

"""Waiting without sleeping: whoever waits is woken by each change and looks again."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Changes:
    """A bell that rings whenever the state of the fake has changed."""

    def __init__(self) -> None:
        self.waiting: set[asyncio.Future[None]] = set()
        self.count = 0

    def tell(self) -> None:
        """Wake everybody who waits."""
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
        """Wait for a change that `count` has not counted."""
        if self.count == count:
            await self.next()

    async def until(self, look: Callable[[], T | None], seconds: float) -> T | None:
        """What `look` finds once it finds something; None when so many seconds have gone by."""
        try:
            async with asyncio.timeout(seconds):
                while not (found := look()):
                    await self.next()
        except TimeoutError:
            return look()
        return found

"""Background tasks, and several things at once until the first of them is done."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any

from .work import Work

GENERATION: ContextVar[object] = ContextVar("GENERATION", default=None)
"""The generation of tasks that the running code belongs to. After `start_over` an older one can spawn nothing."""


class Tasks:
    """The background tasks of one simulator, on one event loop."""

    def __init__(self, work: Work, on_error: Callable[[Exception], None]) -> None:
        self.on_error = on_error
        self.running: set[asyncio.Task[None]] = set()
        self.start_over(work)

    def start_over(self, work: Work) -> None:
        """Cancel all tasks; new ones count in `work`."""
        self.stop()
        self.work = work

    def stop(self) -> None:
        """Cancel all tasks. They end as at a hang-up, but send nothing any more."""
        self.generation = object()
        for task in self.running:
            task.cancel()

    async def close(self) -> None:
        """Cancel all tasks and wait until they have ended."""
        self.stop()
        await asyncio.gather(*self.running, return_exceptions=True)

    def spawn(self, coroutine: Coroutine[Any, Any, object]) -> None:
        """Run a coroutine in the background; it counts as work until it ends."""
        if GENERATION.get() not in (None, self.generation):
            coroutine.close()
            return
        # Entered here and not in the task, so that it counts from this moment.
        going_on = self.work.going_on()
        going_on.__enter__()

        async def run() -> None:
            GENERATION.set(self.generation)
            try:
                await coroutine
            except Exception as error:
                self.on_error(error)
            finally:
                going_on.__exit__(None, None, None)

        task = asyncio.get_running_loop().create_task(run())
        self.running.add(task)
        task.add_done_callback(self.running.discard)


async def first(*doings: Coroutine[Any, Any, object]) -> int:
    """Do all of them; the place of the one that is done first. The others are cancelled, and its error is raised."""
    tasks = [asyncio.ensure_future(doing) for doing in doings]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        place = next(place for place, task in enumerate(tasks) if task.done())
        tasks[place].result()
        return place
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

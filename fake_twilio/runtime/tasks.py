"""Background tasks, and `first`: several coroutines until the first of them is done."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any

from fake_twilio.runtime.idle_tracker import IdleTracker

GENERATION: ContextVar[object] = ContextVar("GENERATION", default=None)
"""The generation of tasks that the running code belongs to. After `start_over` an older one can spawn nothing."""


class Tasks:
    """The background tasks of one simulator, on one event loop."""

    def __init__(self, idle: IdleTracker, on_error: Callable[[Exception], None]) -> None:
        self.on_error = on_error
        self.running: set[asyncio.Task[None]] = set()
        self.start_over(idle)

    def start_over(self, idle: IdleTracker) -> None:
        """Cancel all tasks; new ones count in `idle`."""
        self.stop()
        self.idle = idle

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
        going_on = self.idle.working()
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


async def first(*coroutines: Coroutine[Any, Any, object]) -> int:
    """Run coroutines until the first is done; return its place, or raise its error. The others are cancelled."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        place = next(place for place, task in enumerate(tasks) if task.done())
        tasks[place].result()
        return place
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

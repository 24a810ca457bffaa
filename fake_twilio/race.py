"""Several things at once, until the first of them is done."""

import asyncio
from collections.abc import Coroutine
from typing import Any


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

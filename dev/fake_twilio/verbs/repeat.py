"""The `loop` of Say and Play."""

import asyncio

from ..session import Session


async def repeat(session: Session, loop: int, seconds: float) -> None:
    """Take the time of `loop` repetitions; 0 goes on until somebody hangs up."""
    if loop == 0:
        with session.exchange.work.resting(session.call):
            await asyncio.Event().wait()
    await session.pass_time(loop * seconds)

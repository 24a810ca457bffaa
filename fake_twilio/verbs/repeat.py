"""The `loop` of Say and Play."""

from ..session import Session


async def repeat(session: Session, loop: int, seconds: float) -> None:
    """Take the time of `loop` repetitions; 0 goes on until somebody hangs up."""
    if loop == 0:
        await session.rest()
    await session.pass_time(loop * seconds)

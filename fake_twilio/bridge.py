"""Two calls that hear each other."""

import asyncio
from contextlib import suppress

from .call import Call
from .ears import Ears
from .race import first
from .session import Session


class Bridge:
    """It lasts until one of the two goes."""

    def __init__(self, one: Call, other: Call) -> None:
        self.calls = (one, other)
        self.over = asyncio.Event()

    def end(self) -> None:
        """Part the two."""
        if self.over.is_set():
            return
        self.over.set()
        for call in self.calls:
            call.wake()

    async def stay(self, session: Session, *, seconds: float | None = None, star: bool = False) -> None:
        """Stay connected until the other one goes, the time is over, or `*` is pressed where that counts."""
        call = session.call
        call.line.connected_to = [other.person for other in self.calls if other is not call]
        session.exchange.changes.tell()
        patience = None if seconds is None else session.exchange.clock.patience(seconds)
        try:
            with (
                session.listening(Ears("*" if star else "")) as ears,
                session.exchange.work.resting(call),
                suppress(TimeoutError),
            ):
                async with asyncio.timeout(patience):
                    await first(self.over.wait(), ears.something.wait())
        finally:
            call.line.connected_to = []
            self.end()
            session.exchange.changes.tell()

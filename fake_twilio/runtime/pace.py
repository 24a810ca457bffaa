"""How fast people are: the pace of speech, pauses and radio waves."""

import asyncio


class Clock:
    """`pace` 1 is real life, 0.5 twice as fast, 0 at once."""

    def __init__(self, pace: float = 1.0) -> None:
        self.pace = pace

    async def human(self, seconds: float) -> None:
        """Let pass what would take a person, or a network, `seconds`."""
        await asyncio.sleep(seconds * self.pace)

    def patience(self, seconds: float) -> float:
        """How long to wait for a person before giving up. At pace 0 that stays real: nobody can answer in no time."""
        return seconds * (self.pace or 1.0)

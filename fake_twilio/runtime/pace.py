"""How long people and networks take: speech, pauses, delivery."""

import asyncio


class Pace:
    """Scales the time that people and networks take: factor 1 is real time, 0.5 half of it, 0 no time."""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor

    async def human(self, seconds: float) -> None:
        """Wait as long as a person, or a network, takes for something that really takes `seconds`."""
        await asyncio.sleep(seconds * self.factor)

    def patience(self, seconds: float) -> float:
        """Return how long to wait for a person. At factor 0 that is real time: a person needs time to answer."""
        return seconds * (self.factor or 1.0)

"""Two calls that hear each other."""

import asyncio

from fake_twilio.model.call import Call


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

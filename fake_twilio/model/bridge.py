"""The connection between two calls."""

import asyncio

from fake_twilio.model.call import Call


class Bridge:
    """Two connected calls, until one of them ends."""

    def __init__(self, one: Call, other: Call) -> None:
        self.calls = (one, other)
        self.over = asyncio.Event()

    def end(self) -> None:
        """Disconnect the two calls."""
        if self.over.is_set():
            return
        self.over.set()
        for call in self.calls:
            call.wake()

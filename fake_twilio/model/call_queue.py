"""Where calls meet: queues and conferences, by name."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from fake_twilio.dates import now
from fake_twilio.model.bridge import Bridge
from fake_twilio.model.call import Call
from fake_twilio.twiml.source import Source


@dataclass(eq=False)
class Waiting:
    """One call in a queue."""

    call: Call
    since: datetime = field(default_factory=now)
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    bridge: Bridge | None = None
    greeting: Source | None = None
    """What the caller hears before being connected."""

    @property
    def seconds(self) -> int:
        """How long it has waited."""
        return round((now() - self.since).total_seconds())


class CallQueue:
    """Those who wait, in the order they came, and those who wait for them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sid = f"QU{uuid4().hex}"
        self.waiting: list[Waiting] = []
        self.agents: deque[tuple[Call, asyncio.Future[Waiting]]] = deque()
        self.waits: list[int] = []
        """How long those waited who wait no more."""

    @property
    def average(self) -> int:
        """The average of these waits, in seconds."""
        return round(sum(self.waits) / len(self.waits)) if self.waits else 0

    def join(self, waiting: Waiting) -> None:
        """Wait at the end; an agent who waits already gets the call at once."""
        self.waiting.append(waiting)
        while self.agents:
            agent, future = self.agents.popleft()
            if not future.done():
                future.set_result(waiting)
                agent.wake()
                return

    def leave(self, waiting: Waiting) -> None:
        """Wait no more."""
        if waiting in self.waiting:
            self.waiting.remove(waiting)
            self.waits.append(waiting.seconds)
            del self.waits[:-100]

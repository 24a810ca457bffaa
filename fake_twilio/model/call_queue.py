"""Call queues: what Enqueue fills and a Dial to a Queue empties."""

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
    """A call that waits in a queue."""

    call: Call
    since: datetime = field(default_factory=now)
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    bridge: Bridge | None = None
    greeting: Source | None = None
    """The document that the caller hears before being connected."""

    @property
    def seconds(self) -> int:
        """Seconds that the call has waited."""
        return round((now() - self.since).total_seconds())


class CallQueue:
    """The waiting calls in order of arrival, and the agents who wait for a call."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sid = f"QU{uuid4().hex}"
        self.waiting: list[Waiting] = []
        self.agents: deque[tuple[Call, asyncio.Future[Waiting]]] = deque()
        self.waits: list[int] = []
        """The waiting times of calls that have left."""

    @property
    def average(self) -> int:
        """The average waiting time, in seconds."""
        return round(sum(self.waits) / len(self.waits)) if self.waits else 0

    def join(self, waiting: Waiting) -> None:
        """Add a call at the end. If an agent is waiting, the agent gets it immediately."""
        self.waiting.append(waiting)
        while self.agents:
            agent, future = self.agents.popleft()
            if not future.done():
                future.set_result(waiting)
                agent.wake()
                return

    def leave(self, waiting: Waiting) -> None:
        """Remove a call."""
        if waiting in self.waiting:
            self.waiting.remove(waiting)
            self.waits.append(waiting.seconds)
            del self.waits[:-100]

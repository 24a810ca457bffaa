"""A bad day on the internet, the same one for the same seed."""

import asyncio
import random
from collections import deque
from dataclasses import dataclass
from typing import Literal

Kind = Literal["late", "hang", "drop", 429, 500, 503]


@dataclass(frozen=True)
class Plan:
    """What happens to one callback. It arrives at least once, whatever the plan."""

    delay: float = 0.0
    """Seconds before the first attempt."""
    held: bool = False
    """It waits until the callback after it has been delivered."""
    lost: float | None = None
    """The first attempt never arrives; the next one is made so many seconds later."""
    unheard: bool = False
    """It arrives, but the answer is lost, so it is sent once more with the same idempotency token."""
    duplicate: float | None = None
    """It is delivered a second time, so many seconds later, as if it were another one."""


class Chaos:
    """Decides from the seed, the number of the call or text, and the event; no order of things changes a decision."""

    def __init__(self, seed: int | str, longest: float = 0.3) -> None:
        self.seed = seed
        self.longest = longest

    def plan(self, number: int, event: str) -> Plan:
        """What happens to the callback of `event` of the call or text that was created as the `number`th."""
        dice = random.Random(f"{self.seed}/{number}/{event}")
        rolls = [dice.random() for _ in range(5)]
        times = [dice.uniform(0, self.longest) for _ in range(3)]
        return Plan(
            delay=times[0] if rolls[0] < 0.5 else 0.0,
            held=rolls[1] < 0.25,
            lost=times[1] if rolls[2] < 0.2 else None,
            unheard=rolls[3] < 0.2,
            duplicate=times[2] if rolls[4] < 0.25 else None,
        )

    def early(self, number: int) -> bool:
        """Whether the first callback comes before the request that created the `number`th call or text is answered."""
        return random.Random(f"{self.seed}/{number}").random() < 0.3


@dataclass(frozen=True)
class RestFailure:
    """What happens to one create."""

    kind: Kind
    """`late`: answered after `seconds`. `hang`: never answered. `drop`: the connection is cut. Or a status."""
    accepted: bool = False
    """Whether the call or text is created all the same, so that only the answer is lost."""
    seconds: float = 0.0
    retry_after: str | None = None


class RestFailures:
    """Those to come, in order."""

    def __init__(self) -> None:
        self.coming: deque[RestFailure] = deque()
        self.over = asyncio.Event()
        """Set to let go of the requests that hang."""

    def end(self) -> None:
        """No more failure, not even for the requests that hang."""
        self.coming.clear()
        self.over.set()
        self.over = asyncio.Event()

    def next(self) -> RestFailure | None:
        """What happens to the create that has just come in."""
        return self.coming.popleft() if self.coming else None

"""Chaos: status callbacks that are delayed, reordered, repeated or lost, as a seed decides."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """What happens to one status callback. Every plan delivers it at least once."""

    delay: float = 0.0
    """Seconds before the first attempt."""
    held: bool = False
    """Whether it waits until the callback after it has been delivered."""
    lost: float | None = None
    """Seconds after which it is sent again because the first attempt was lost."""
    unheard: bool = False
    """Whether its answer is lost, so that it is sent again with the same idempotency token."""
    duplicate: float | None = None
    """Seconds after which it is delivered a second time, as if it were another callback."""


class Chaos:
    """Decide from the seed, the number of the call or message, and the event only, so that timing changes nothing."""

    def __init__(self, seed: int | str, longest: float = 0.3) -> None:
        self.seed = seed
        self.longest = longest

    def plan(self, number: int, event: str) -> Plan:
        """Return the plan for one callback of the call or message that was created as the `number`th."""
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
        """Tell whether the first callback arrives before the answer to the request that created the call or message."""
        return random.Random(f"{self.seed}/{number}").random() < 0.3

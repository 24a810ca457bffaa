"""Bad moments of Twilio's own REST API, on request: for tests and demonstrations."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Literal

Kind = Literal["late", "hang", "drop", 429, 500, 503]


@dataclass(frozen=True)
class Trouble:
    """What happens to one create."""

    kind: Kind
    """`late`: answered after `seconds`. `hang`: never answered. `drop`: the connection is cut. Or a status."""
    accepted: bool = False
    """Whether the call or text is created all the same, so that only the answer is lost."""
    seconds: float = 0.0
    retry_after: str | None = None


class Troubles:
    """Those to come, in order."""

    def __init__(self) -> None:
        self.coming: deque[Trouble] = deque()
        self.over = asyncio.Event()
        """Set to let go of the requests that hang."""

    def end(self) -> None:
        """No more trouble, not even for the requests that hang."""
        self.coming.clear()
        self.over.set()
        self.over = asyncio.Event()

    def next(self) -> Trouble | None:
        """What happens to the create that has just come in."""
        return self.coming.popleft() if self.coming else None

"""Failures of REST requests on purpose: late, hanging or cut answers, and error statuses."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Literal

Kind = Literal["late", "hang", "drop", 429, 500, 503]


@dataclass(frozen=True)
class RestFailure:
    """What happens to one request that creates a call or message."""

    kind: Kind
    """`late`: answered after `seconds`. `hang`: never answered. `drop`: the connection is cut. Or a status."""
    accepted: bool = False
    """Whether the call or message is created all the same, so that only the answer is lost."""
    seconds: float = 0.0
    retry_after: str | None = None


class RestFailures:
    """The failures of the next creates, in order."""

    def __init__(self) -> None:
        self.coming: deque[RestFailure] = deque()
        self.over = asyncio.Event()
        """Set to end the requests that hang."""

    def end(self) -> None:
        """Drop the failures to come, and let the requests that hang end."""
        self.coming.clear()
        self.over.set()
        self.over = asyncio.Event()

    def next(self) -> RestFailure | None:
        """Return the failure for the create that has just arrived, if any."""
        return self.coming.popleft() if self.coming else None

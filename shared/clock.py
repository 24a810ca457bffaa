"""Times: stored as microseconds since 1970 in UTC, shown as RFC 3339."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> int:
    """Return the time in microseconds since 1970, UTC."""
    return time.time_ns() // 1000


def as_datetime(moment: int) -> datetime:
    """Return microseconds since 1970 as a UTC time."""
    return datetime.fromtimestamp(moment / 1_000_000, UTC)


def rfc3339(moment: int) -> str:
    """Return microseconds since 1970 as RFC 3339 text in UTC, to the millisecond."""
    return as_datetime(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")

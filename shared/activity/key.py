"""Where the row of a call or a message stands in the table `activity`.

PartitionKey = shard + `-` + inverted day, RowKey = inverted time + `-` + SID. Inverted numbers make newest first the
natural order; the 16 shards, by the SID's hash, stay far below the 2,000 entities a second that one partition takes
(https://learn.microsoft.com/azure/storage/tables/scalability-targets). The shard comes first so that one query a shard
reads on from day to day, however many days without a call lie between.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

from shared.clock import as_datetime

SHARDS = "0123456789abcdef"
# Sorts behind every day of a shard, and behind every SID.
AFTER_ALL = "~"

LAST_DAY = 99_999_999
LAST_MICROSECOND = 9_999_999_999_999_999


class RowKey(NamedTuple):
    """The two keys of one row."""

    partition: str
    row: str


def row_key(sid: str, started: int) -> RowKey:
    """Return the keys of the call or message `sid` that started at `started` microseconds since 1970."""
    return RowKey(partition_for(shard_of(sid), started), f"{inverted(started)}-{sid}")


def shard_of(sid: str) -> str:
    """Return the one hexadecimal digit that spreads rows evenly; a SID's own digits need not be evenly spread."""
    return SHARDS[zlib.crc32(sid.encode()) % len(SHARDS)]


def partition_for(shard: str, moment: int) -> str:
    """Return the partition of a shard that holds the day of `moment`."""
    return f"{shard}-{LAST_DAY - int(as_datetime(moment).strftime('%Y%m%d')):08d}"


def inverted(moment: int) -> str:
    """Return `moment` as the number that sorts newest first."""
    return f"{LAST_MICROSECOND - moment:016d}"


def started_of(row: str) -> int:
    """Return the start that stands in a RowKey."""
    return LAST_MICROSECOND - int(row.partition("-")[0])

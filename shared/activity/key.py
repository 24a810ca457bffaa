"""Row keys of a call or message in the table `activity`.

PartitionKey = shard + `-` + inverted day, RowKey = inverted time + `-` + SID. Inverted numbers sort the newest first.
The SID's hash selects one of 16 shards, because one partition takes at most 2,000 entities per second
(https://learn.microsoft.com/azure/storage/tables/scalability-targets). The shard comes first, so that one query per
shard continues from day to day, however many days without a call are in between.
"""

from __future__ import annotations

import re
import zlib
from typing import NamedTuple

from shared.clock import as_datetime

# What the log accepts as a SID: Twilio's, and the app's own `unknown-…`. All of it is safe in a key.
SID = re.compile(r"[\w-]{1,64}", re.ASCII)

SHARDS = "0123456789abcdef"
# Sorts after every day of a shard, and after every SID.
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
    """Return the shard, one hexadecimal digit of a hash: a SID's own digits may not be evenly distributed."""
    return SHARDS[zlib.crc32(sid.encode()) % len(SHARDS)]


def partition_for(shard: str, moment: int) -> str:
    """Return the PartitionKey of a shard for the day of `moment`."""
    return f"{shard}-{LAST_DAY - int(as_datetime(moment).strftime('%Y%m%d')):08d}"


def inverted(moment: int) -> str:
    """Return `moment` as the number that sorts newest first."""
    return f"{LAST_MICROSECOND - moment:016d}"


def started_of(row: str) -> int:
    """Return the start time in a RowKey."""
    return LAST_MICROSECOND - int(row.partition("-")[0])

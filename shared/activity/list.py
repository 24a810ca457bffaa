"""The list of the activity log, newest first: sixteen ordered streams, one per shard, merged into one page.

A page costs one query per shard, however many rows the log has and however old they are.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from shared.activity.key import AFTER_ALL, SHARDS, inverted, partition_for, started_of
from shared.activity.log import PART_OF, Row, summary_of, whole
from shared.activity.state import Summary
from shared.storage.tables import ACTIVITY, SCAN_READ_SECONDS, SCAN_SECONDS, on_table

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

# Rows read for one page when a filter leaves few of them.
MOST_SCANNED = 2000
FILTERED_BATCH = 100

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows to list; times are microseconds since 1970, `since` inclusive, `until` exclusive."""

    kind: str | None = None
    status: str | None = None
    to: str | None = None
    from_: str | None = None
    since: int | None = None
    until: int | None = None

    @property
    def needs_events(self) -> bool:
        """Whether it depends on what only the events of a row tell, so that the service cannot filter by it."""
        return any(part is not None for part in (self.status, self.to, self.from_))

    def includes(self, summary: Summary) -> bool:
        """Return whether a row matches in what its events tell."""
        pairs = ((self.status, summary.status), (self.to, summary.to), (self.from_, summary.from_))
        return all(wanted in (None, there) for wanted, there in pairs)


@dataclass(frozen=True, slots=True)
class Page:
    """Summaries, newest first, and the RowKey after which the next page begins (None on the last page)."""

    items: list[Summary]
    after: str | None


async def read_page(wanted: Filter, limit: int, after: str | None = None) -> Page:
    """Return up to `limit` matching summaries that follow the RowKey `after`.

    With a filter on the status or a number a page may have fewer items, even none, although more follow: no request
    reads more than MOST_SCANNED rows. Raises StorageUnavailable.
    """
    streams = [rows_of(shard, wanted, after, batch_size(limit, wanted)) for shard in SHARDS]
    items: list[Summary] = []
    scanned = 0
    try:
        heads = await all_of(next_row(stream) for stream in streams)
        heap = [(row["RowKey"], index, row) for index, row in enumerate(heads) if row is not None]
        heapq.heapify(heap)
        while heap and len(items) < limit and scanned < MOST_SCANNED:
            after, index, row = heap[0]
            scanned += 1
            if PART_OF not in row:
                summary = summary_of(await whole(row))
                if wanted.includes(summary):
                    items.append(summary)
            following = await next_row(streams[index])
            if following is None:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (following["RowKey"], index, following))
    finally:
        await asyncio.gather(*(stream.aclose() for stream in streams))
    return Page(items, after if heap else None)


async def all_of(awaitables: Iterable[Awaitable[Result]]) -> list[Result]:
    """Return all results. An exception is raised only after all have ended, so that the streams can be closed."""
    results = await asyncio.gather(*awaitables, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results  # type: ignore[return-value]


def batch_size(limit: int, wanted: Filter) -> int:
    """Return how many rows to request from a shard: twice its fair share, so that a second query is rare."""
    return FILTERED_BATCH if wanted.needs_events else max(4, 2 * -(-limit // len(SHARDS)))


async def next_row(stream: AsyncIterator[Row]) -> Row | None:
    """Return the stream's next row, or None at its end."""
    return await anext(stream, None)


async def rows_of(shard: str, wanted: Filter, after: str | None, batch: int) -> AsyncGenerator[Row, None]:
    """Yield a shard's rows in order, fetching `batch` at a time.

    The first query reads the partition of the day on which the page begins, where the service seeks the RowKey; the
    second reads all earlier days as a range of partitions. (One query for both would scan the newer rows of that day.)
    """
    conditions = []
    if wanted.kind:
        conditions.append(f"kind eq '{wanted.kind}'")
    oldest = f"{shard}-{AFTER_ALL}"
    if wanted.since is not None:
        conditions.append(f"RowKey lt '{inverted(wanted.since)}-{AFTER_ALL}'")
        oldest = partition_for(shard, wanted.since)
    newer = f"{shard}-"
    if after is None and wanted.until is not None:
        after = f"{inverted(wanted.until)}-{AFTER_ALL}"
    if after is not None:
        newer = partition_for(shard, started_of(after))
        async for row in query([f"PartitionKey eq '{newer}'", f"RowKey gt '{after}'", *conditions], batch):
            yield row
    async for row in query([f"PartitionKey gt '{newer}'", f"PartitionKey le '{oldest}'", *conditions], batch):
        yield row


async def query(conditions: list[str], batch: int) -> AsyncGenerator[Row, None]:
    """Yield the rows of `activity` that meet all conditions, in the order of their keys."""
    token: str | None = None

    async def fetch(table: TableClient) -> tuple[list[Row], str | None]:
        pages = table.query_entities(
            " and ".join(conditions), results_per_page=batch, read_timeout=SCAN_READ_SECONDS
        ).by_page(token)
        rows: list[Row] = [row async for row in await anext(pages)]
        return rows, pages.continuation_token  # type: ignore[attr-defined]

    while True:
        rows, token = await on_table(ACTIVITY, fetch, seconds=SCAN_SECONDS)
        for row in rows:
            yield row
        if token is None:
            return

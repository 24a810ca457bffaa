"""Fill the log with past calls, in the layout that the app writes, faster than the app can."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

from azure.core.exceptions import ResourceExistsError
from azure.data.tables.aio import TableClient

from bench.callbacks import EVENTS
from dev.azurite import connection_string
from shared.activity.event import Event, name_of, to_json
from shared.activity.key import row_key
from shared.activity.log import sid_entry
from shared.clock import now, rfc3339
from shared.storage.tables import ACTIVITY, SIDS

# https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
TRANSACTION = 100
AT_ONCE = 8
DAYS = 30
MICROSECONDS_A_DAY = 86_400_000_000

Entity = dict[str, Any]


async def fill(tables_port: int, count: int) -> list[tuple[str, int]]:
    """Write `count` calls, spread evenly over the last days; return (SID, start) of each, newest first."""
    newest = now()
    step = DAYS * MICROSECONDS_A_DAY // count
    calls = [(f"CA{number:032x}", newest - number * step) for number in range(count)]
    connection = connection_string(tables_port)
    async with TableClient.from_connection_string(connection, ACTIVITY) as activity:
        await create(activity)
        await write(activity, (row(*call) for call in calls))
    async with TableClient.from_connection_string(connection, SIDS) as sids:
        await create(sids)
        # Only those that are looked up: each has its own partition, so each takes a transaction.
        await write(sids, (sid_entry(sid, row_key(sid, started)) for sid, started in calls[:TRANSACTION]))
    return calls


async def create(table: TableClient) -> None:
    """Create a table if there is none."""
    try:
        await table.create_table()
    except ResourceExistsError:
        return


def row(sid: str, started: int) -> Entity:
    """Return the row of a call that was answered and ended."""
    key = row_key(sid, started)
    at = rfc3339(started)
    events = [
        Event(status=status, at=at, received=at, sequence=sequence, to="+14155550123", from_="+15005550006")
        for sequence, status in enumerate(EVENTS)
    ]
    properties = {name_of(event): to_json(event) for event in events}
    return {"PartitionKey": key.partition, "RowKey": key.row, "sid": sid, "kind": "call", **properties}


async def write(table: TableClient, entities: Iterator[Entity]) -> None:
    """Write entities in transactions, several in parallel."""
    partitions: dict[str, list[Entity]] = defaultdict(list)
    for entity in entities:
        partitions[entity["PartitionKey"]].append(entity)
    batches = iter(
        [part[at : at + TRANSACTION] for part in partitions.values() for at in range(0, len(part), TRANSACTION)]
    )
    while group := list(islice(batches, AT_ONCE)):
        await asyncio.gather(*(table.submit_transaction([("upsert", one) for one in batch]) for batch in group))

"""The log of calls and messages: one row each, and every event is one merge into it.

    activity   a row for each call or message (keys: shared/activity_key.py), a property for each event
    sids       PartitionKey = SID: where that row stands

Each write is an unconditional insert-or-merge of a property of its own, so writes commute: no order, duplicate, race or
retry changes the result, and a callback that is faster than the send's own write simply creates the row.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from shared.activity_event import Event, from_json, name_of, to_json
from shared.activity_key import RowKey, now, rfc3339, row_key, started_of
from shared.activity_state import FINAL, event_as_shown, in_order, state_of
from shared.errors import StorageUnavailable
from shared.settings import settings
from shared.tables import ACTIVITY, SIDS, EntityFull, get, insert, upsert

log = logging.getLogger(__name__)

EVENT_PREFIX = "event_"
# The one row of a partition of `sids`.
SID_ROW = "row"
# Digits of a time in microseconds, for the next 250 years.
LONGEST_STARTED = 16
# A caller hears silence meanwhile.
PATIENCE_SECONDS = 3.0

Row = Mapping[str, Any]


async def start(sid: str, kind: str, started: int, event: Event) -> None:
    """Log an event, and make sure that the row can be found by its SID; both writes at once."""
    key = row_key(sid, started)
    await asyncio.gather(add_event(sid, kind, key, event), add_sid(sid, key))


async def add(sid: str, kind: str, started: str | None, event: Event) -> None:
    """Log an event that a callback brought: one operation, two for the last of a row.

    `started` is what our own callback addresses carry. Without it, as for an inbound call, the row is looked up by its
    SID, and begun where there is none. Raises StorageUnavailable.
    """
    if started and started.isdecimal() and len(started) <= LONGEST_STARTED:
        if event.status in FINAL:
            # Heals what a failed write at the send left open.
            await start(sid, kind, int(started), event)
        else:
            await add_event(sid, kind, row_key(sid, int(started)), event)
    else:
        await add_event(sid, kind, await find_row(sid) or await begin_row(sid), event)


async def begin_row(sid: str) -> RowKey:
    """Choose the keys of a row that starts now; whoever notes them first decides for all."""
    key = row_key(sid, now())
    if await insert(SIDS, sid_entry(sid, key)):
        return key
    return await find_row(sid) or key


async def add_event(sid: str, kind: str, key: RowKey, event: Event) -> None:
    """Merge one event into the row, which the first event creates; one operation. Raises StorageUnavailable."""
    properties = {"sid": sid, "kind": kind, name_of(event): to_json(event)}
    try:
        await upsert(ACTIVITY, {"PartitionKey": key.partition, "RowKey": key.row, **properties})
    except EntityFull:
        log.error("the row of %s is full; its event %s is not kept", sid, name_of(event))


async def add_sid(sid: str, key: RowKey) -> None:
    """Note where the row of `sid` stands; noting it again changes nothing."""
    await upsert(SIDS, sid_entry(sid, key))


def sid_entry(sid: str, key: RowKey) -> dict[str, Any]:
    """Return the entity that says where the row of `sid` stands."""
    return {"PartitionKey": sid, "RowKey": SID_ROW, "partition": key.partition, "row": key.row}


async def find_row(sid: str) -> RowKey | None:
    """Return the keys of the row of `sid`; one point read."""
    entry = await get(SIDS, sid, SID_ROW)
    return RowKey(entry["partition"], entry["row"]) if entry else None


async def read_row(sid: str) -> Row | None:
    """Return the row of `sid`, or None when the log does not hold it; two point reads."""
    key = await find_row(sid)
    return await get(ACTIVITY, *key) if key else None


def details_of(row: Row) -> dict[str, Any]:
    """Return what a row adds up to, with the time line."""
    return {**summary_of(row), "events": [event_as_shown(event) for event in in_order(events_of(row))]}


def summary_of(row: Row) -> dict[str, Any]:
    """Return what a row adds up to, without the time line: sid, kind, started, the state, and a link."""
    return {
        "sid": row["sid"],
        "kind": row["kind"],
        "started": rfc3339(started_of(row["RowKey"])),
        **state_of(events_of(row)),
        "links": links_for(row["sid"]),
    }


def events_of(row: Row) -> list[Event]:
    """Return the events that a row holds, in no order."""
    return [from_json(value) for name, value in row.items() if name.startswith(EVENT_PREFIX)]


def links_for(sid: str) -> dict[str, str]:
    """Return the addresses of what is known of one call or message."""
    return {"activity": settings().url(f"activity/{sid}")}


async def log_for_caller(fields: Mapping[str, str], event: Event) -> None:
    """Log what a webhook tells of while somebody waits for its answer: for a moment at most, and whatever happens."""
    sid = fields.get("CallSid") or fields.get("MessageSid") or ""
    kind = "call" if fields.get("CallSid") else "message"
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await add(sid, kind, fields.get("started"), event)
    except (StorageUnavailable, TimeoutError):
        log.error("an event of %s could not be logged", sid)

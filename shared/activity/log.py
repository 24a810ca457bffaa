"""The log of calls and messages: one row each, and every event is one merge into it.

    activity   a row for each call or message (keys: shared/activity/key.py), a property for each event
    sids       PartitionKey = SID: where that row stands

Each write is an unconditional insert-or-merge of a property of its own, so writes commute: no order, duplicate, race or
retry changes the result, and a callback that is faster than the send's own write simply creates the row.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from shared.activity.event import Event, arrival_of, event_of, from_json, name_of, to_json
from shared.activity.key import RowKey, row_key, started_of
from shared.activity.state import FINAL, event_as_shown, in_order, state_of
from shared.clock import now, rfc3339
from shared.settings import settings
from shared.storage.tables import ACTIVITY, SIDS, EntityFull, get, insert, upsert

log = logging.getLogger(__name__)

EVENT_PREFIX = "event_"
# The one row of a partition of `sids`.
SID_ROW = "row"
# Digits of a time in microseconds, for the next 250 years.
LONGEST_STARTED = 16
# A caller hears silence meanwhile.
PATIENCE_SECONDS = 3.0

Row = Mapping[str, Any]


async def add_findable(sid: str, kind: str, started: int, event: Event) -> None:
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
            await add_findable(sid, kind, int(started), event)
        else:
            await add_event(sid, kind, row_key(sid, int(started)), event)
    else:
        await add_event(sid, kind, await find_row(sid) or await begin_row(sid), event)


async def begin_row(sid: str) -> RowKey:
    """Choose the keys of a row that starts now; whoever notes them first decides for all."""
    key = row_key(sid, now())
    earlier = await insert(SIDS, sid_entry(sid, key))
    return key if earlier is None else key_in(earlier)


async def add_event(sid: str, kind: str, key: RowKey, event: Event) -> None:
    """Merge one event into the row, which the first event creates; one operation. Raises StorageUnavailable."""
    properties = {"sid": sid, "kind": kind, name_of(event): to_json(event)}
    keys = {"PartitionKey": key.partition, "RowKey": key.row}
    try:
        await upsert(ACTIVITY, {**keys, **properties})
    except EntityFull:
        log.error("the row of %s is full", sid)
        if event.status:
            await add_to_full_row(keys, event)


async def add_to_full_row(keys: dict[str, str], event: Event) -> None:
    """Put a status where something less important stands: a call must come to its end in the log as well."""
    row = await get(ACTIVITY, *keys.values()) or {}
    for name, value in row.items():
        if name.startswith(EVENT_PREFIX) and from_json(value).what:
            await upsert(ACTIVITY, {**keys, name: to_json(event)})
            return


async def add_sid(sid: str, key: RowKey) -> None:
    """Note where the row of `sid` stands; noting it again changes nothing."""
    await upsert(SIDS, sid_entry(sid, key))


def sid_entry(sid: str, key: RowKey) -> dict[str, Any]:
    """Return the entity that says where the row of `sid` stands."""
    return {"PartitionKey": sid, "RowKey": SID_ROW, "partition": key.partition, "row": key.row}


async def find_row(sid: str) -> RowKey | None:
    """Return the keys of the row of `sid`; one point read."""
    entry = await get(SIDS, sid, SID_ROW)
    return key_in(entry) if entry else None


def key_in(entry: Mapping[str, Any]) -> RowKey:
    """Return the keys that an entity of `sids` holds."""
    return RowKey(entry["partition"], entry["row"])


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
    """Return the events that a row holds, each once, in no order."""
    events = (from_json(value) for name, value in row.items() if name.startswith(EVENT_PREFIX))
    return list({name_of(event): event for event in events}.values())


def links_for(sid: str) -> dict[str, str]:
    """Return the addresses of what is known of one call or message."""
    return {"activity": settings().url(f"activity/{sid}")}


async def log_arrival(fields: Mapping[str, str]) -> None:
    """Log an inbound call or text while somebody waits for its answer; a call that comes back has arrived already."""
    if fields.get("CallStatus", "ringing") == "ringing":
        await log_while_waiting(fields, arrival_of(fields))


async def log_what_happened(fields: Mapping[str, str]) -> None:
    """Log what a request for TwiML tells of, keys that were pressed, say, while somebody waits for its answer."""
    event = event_of(fields)
    if event.what:
        await log_while_waiting(fields, event)


async def log_while_waiting(fields: Mapping[str, str], event: Event) -> None:
    """Log an event within a moment or not at all; never raises. Only an inbound call or text begins a row here."""
    sid = fields.get("CallSid") or fields.get("MessageSid") or ""
    kind = "call" if fields.get("CallSid") else "message"
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            key = await find_row(sid)
            if key is None and fields.get("Direction", "inbound") == "inbound":
                key = await begin_row(sid)
            if key is not None:
                await add_event(sid, kind, key, event)
                return
    except Exception as error:  # the answer matters more
        log.error("an event of %.64r could not be logged (%s)", sid, type(error).__name__)
        return
    log.error("an event of %.64r could not be logged: it has no row yet", sid)

"""The activity log: one row per call, message or conference; each event is one merge into its row.

    activity   one row per call, message or conference (keys: shared/activity/key.py), one property per event
    sids       PartitionKey = SID: the keys of that row

Each write is an unconditional insert-or-merge of its own property. Therefore order, duplicates, races and retries
cannot change the result, and a callback that arrives before the send's own write creates the row.

A callback without a start time that arrives before the row can be found begins another one. As soon as the first is
findable the two are one: the first names the other, the other is marked as part of it, and each reader reads
both (`whole`) and skips the part.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import msgspec

from shared.activity.event import Event, arrival_of, event_of, from_json, name_of, to_json
from shared.activity.key import RowKey, row_key, started_of
from shared.activity.state import FINAL, INIT, UNKNOWN, Summary, TimelineEvent, in_order, state_of, timeline_event
from shared.clock import now, rfc3339
from shared.errors import StorageUnavailable
from shared.settings import settings
from shared.storage.tables import ACTIVITY, PATIENCE_SECONDS, SIDS, EntityFull, get, insert, upsert

log = logging.getLogger(__name__)

EVENT_PREFIX = "event_"
# The RowKey of the only row in a partition of `sids`.
SID_ROW = "row"
# In an entity of `sids`: the row was begun by a callback that did not know its start.
BEGUN = "begun"
# In a row, before the start of another row of the same SID that is part of this one.
ALSO = "also_"
# In a row that is part of another one: the start of that one.
PART_OF = "part_of"
# Digits of a time in microseconds, for the next 250 years.
LONGEST_STARTED = 16

Row = Mapping[str, Any]


class Details(Summary, kw_only=True, frozen=True):
    """A summary with the time line.

    events      what happened, in Twilio's order
    candidates  of an unknown outcome: the SIDs at Twilio that may be it
    """

    events: list[TimelineEvent]
    candidates: list[str] | None = None


async def add_findable(sid: str, kind: str, started: int, event: Event) -> None:
    """Log an event, and write the entry that finds the row by its SID; both writes run concurrently."""
    key = row_key(sid, started)
    await asyncio.gather(add_event(sid, kind, key, event), add_sid(sid, kind, key))


async def add(sid: str, kind: str, started: str | None, event: Event) -> None:
    """Log the event of a callback: one write, two for a final status.

    `started` comes from the callback URL that the app gave Twilio. Without it, as for an inbound call, the row is
    looked up by its SID, and created if there is none. Raises StorageUnavailable.
    """
    if started and started.isdecimal() and len(started) <= LONGEST_STARTED:
        if event.status in FINAL:
            # Writes the entry in `sids` again, in case that write failed when the call or message was created.
            await add_findable(sid, kind, int(started), event)
        else:
            await add_event(sid, kind, row_key(sid, int(started)), event)
    else:
        await add_event(sid, kind, await find_row(sid) or await begin_row(sid), event)


async def begin_row(sid: str) -> RowKey:
    """Choose the keys of a row that starts now; of concurrent requests the first one that stores its keys wins."""
    key = row_key(sid, now())
    earlier = await insert(SIDS, {**sid_entry(sid, key), BEGUN: True})
    return key if earlier is None else key_in(earlier)


async def add_event(sid: str, kind: str, key: RowKey, event: Event) -> None:
    """Merge one event into the row, which the first event creates; one write. Raises StorageUnavailable."""
    properties = {"sid": sid, "kind": kind, name_of(event): to_json(event)}
    keys = {"PartitionKey": key.partition, "RowKey": key.row}
    try:
        await upsert(ACTIVITY, {**keys, **properties})
    except EntityFull:
        log.error("the row of %s is full", sid)
        if event.status:
            await add_to_full_row(keys, event)


async def add_to_full_row(keys: dict[str, str], event: Event) -> None:
    """Overwrite a less important event with a status, so that the log shows the call's final status."""
    row = await get(ACTIVITY, *keys.values()) or {}
    for name, value in row.items():
        if name.startswith(EVENT_PREFIX) and from_json(value).what:
            await upsert(ACTIVITY, {**keys, name: to_json(event)})
            return


async def add_sid(sid: str, kind: str, key: RowKey) -> None:
    """Store the keys of the row of `sid`; storing them again changes nothing. Raises StorageUnavailable."""
    there = await insert(SIDS, sid_entry(sid, key))
    if there is not None and key_in(there) != key:
        await unite(sid, kind, key, there)


async def unite(sid: str, kind: str, key: RowKey, there: Mapping[str, Any]) -> None:
    """Make one row of two: the one that a callback began is part of the other, else the one that cannot be found.

    The entry in `sids` is written last, so that a part that was not written is written the next time.
    """
    found = key_in(there)
    whole_key, part = (key, found) if there.get(BEGUN) else (found, key)
    links = ((whole_key, ALSO + str(started_of(part.row)), ""), (part, PART_OF, str(started_of(whole_key.row))))
    for row, name, value in links:
        entity: dict[str, object] = {
            "PartitionKey": row.partition,
            "RowKey": row.row,
            "sid": sid,
            "kind": kind,
            name: value,
        }
        try:
            await upsert(ACTIVITY, entity)
        except EntityFull:
            log.error("the row of %s is full, so it cannot be united with its other one", sid)
            return
    if whole_key == key:
        await upsert(SIDS, {**sid_entry(sid, key), BEGUN: False})


async def whole(row: Row) -> Row:
    """Return a row with the events of the rows that are part of it, which few rows have."""
    for name in [name for name in row if name.startswith(ALSO)]:
        part = await get(ACTIVITY, *row_key(row["sid"], int(name.removeprefix(ALSO))))
        row = {**(part or {}), **row}
    return row


def sid_entry(sid: str, key: RowKey) -> dict[str, Any]:
    """Return the entity of `sids` that holds the keys of the row of `sid`."""
    return {"PartitionKey": sid, "RowKey": SID_ROW, "partition": key.partition, "row": key.row}


async def find_row(sid: str) -> RowKey | None:
    """Return the keys of the row of `sid`; one point read."""
    entry = await get(SIDS, sid, SID_ROW)
    return key_in(entry) if entry else None


def key_in(entry: Mapping[str, Any]) -> RowKey:
    """Return the keys in an entity of `sids`."""
    return RowKey(entry["partition"], entry["row"])


async def start_while_waiting(fields: Mapping[str, str]) -> int | None:
    """Return the start of the call for its callback addresses, None if it is not known within PATIENCE_SECONDS."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            key = await find_row(fields.get("CallSid", ""))
    except (StorageUnavailable, TimeoutError):
        return None  # a callback without it is looked up by its SID
    return started_of(key.row) if key else None


async def read_row(sid: str) -> Row | None:
    """Return the row of `sid`, or None if it is not in the log; two point reads."""
    key = await find_row(sid)
    row = await get(ACTIVITY, *key) if key else None
    if row and PART_OF in row:
        row = await get(ACTIVITY, *row_key(sid, int(row[PART_OF]))) or row
    return await whole(row) if row else None


def summary_of(row: Row) -> Summary:
    """Return the summary of a row."""
    events = events_of(row)
    state = state_of(events)
    conferences = [event.fields["ConferenceSid"] for event in in_order(events) if "ConferenceSid" in event.fields]
    links = links_for(row["sid"])
    if conferences and row["kind"] == "call":
        links["conference"] = links_for(conferences[-1])["activity"]
    return msgspec.structs.replace(
        state,
        status=INIT if row["kind"] == "conference" and state.status == UNKNOWN else state.status,
        sid=row["sid"],
        kind=row["kind"],
        started=rfc3339(started_of(row["RowKey"])),
        links=links,
    )


def details_of(row: Row, candidates: list[str] | None = None) -> Details:
    """Return the summary of a row with its time line."""
    events = [timeline_event(event) for event in in_order(events_of(row))]
    return Details(**msgspec.structs.asdict(summary_of(row)), events=events, candidates=candidates)


def events_of(row: Row) -> list[Event]:
    """Return the events of a row in any order; of one event there may be several contents."""
    return [from_json(value) for name, value in row.items() if name.startswith(EVENT_PREFIX)]


def links_for(sid: str) -> dict[str, str]:
    """Return the links of a call or message: `activity`, its URL in the activity log."""
    return {"activity": settings().url(f"activity/{sid}")}


async def log_arrival(fields: Mapping[str, str]) -> int | None:
    """Log an inbound call or message while its caller waits; return its start, if it could be logged.

    Of a redirected call, which is not a new one, log what it reports.
    """
    if fields.get("CallStatus", "ringing") == "ringing":
        return await log_while_waiting(fields, arrival_of(fields))
    await log_what_happened(fields)
    return None


async def log_what_happened(fields: Mapping[str, str]) -> None:
    """Log what a request for TwiML reports, such as pressed keys, while the caller waits."""
    event = event_of(fields)
    if event.what:
        await log_while_waiting(fields, event)


async def log_while_waiting(fields: Mapping[str, str], event: Event) -> int | None:
    """Log an event within PATIENCE_SECONDS or not at all; never raises. Creates rows for inbound events only.

    Returns the start of the row, None if the event was not logged.
    """
    sid = fields.get("CallSid") or fields.get("MessageSid") or ""
    kind = "call" if fields.get("CallSid") else "message"
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            key = await find_row(sid)
            if key is None and fields.get("Direction", "inbound") == "inbound":
                key = await begin_row(sid)
            if key is not None:
                await add_event(sid, kind, key, event)
                return started_of(key.row)
    except Exception as error:  # the caller's answer is more important than the log
        log.error("an event of %.64r could not be logged (%s)", sid, type(error).__name__)
        return None
    log.error("an event of %.64r could not be logged: it has no row yet", sid)
    return None

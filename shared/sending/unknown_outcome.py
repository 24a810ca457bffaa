"""Settles a send of which no answer came, by looking at Twilio and at the log; never by sending again.

The send's start is in the address of its status callback, so a row that stands at that very start, to the microsecond,
under the SID of a call or message at Twilio, can only be the send's own.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import msgspec

from shared.activity import log as activity_log
from shared.activity.event import Event
from shared.activity.key import row_key, started_of
from shared.activity.state import NOT_SENT, SETTLED, UNKNOWN
from shared.clock import as_datetime, now, rfc3339
from shared.errors import TwilioFailure
from shared.storage.tables import ACTIVITY, get
from shared.twilio.client import ask_twilio, twilio_client

log = logging.getLogger(__name__)

# Twilio's times are whole seconds, of a clock that is not ours.
EARLIEST = timedelta(seconds=-5)
LATEST = timedelta(seconds=60)
LOOKED_THROUGH = 200


def is_unsettled(row: activity_log.Row) -> bool:
    """Tell whether a row is a send of which it is not known what became."""
    state = activity_log.summary_of(row)
    return bool(state["status"] == UNKNOWN and state["sid"].startswith(UNKNOWN))


async def settle(row: activity_log.Row) -> list[str]:
    """Look what became of a send, and note it in its row when it can be told.

    Returns the SIDs at Twilio that may be it, when it cannot be told yet. Raises StorageUnavailable.
    """
    state, started = activity_log.summary_of(row), started_of(row["RowKey"])
    name, kind, to = state["sid"], state["kind"], state["to"]
    try:
        at_twilio, all_seen = await created_about(kind, to, started)
    except TwilioFailure as failure:
        log.warning("%s cannot be settled now: %s", name, failure.detail)
        return []
    possible = []
    for created in at_twilio:
        if await get(ACTIVITY, *row_key(created.sid, started)):
            event = Event(
                created=True,
                status=str(created.status),
                at=rfc3339(started),
                to=to,
                from_=state.get("from", ""),
                direction=str(created.direction or ""),
            )
            await activity_log.add_findable(created.sid, kind, started, event)
            await note(name, kind, started, Event(status=SETTLED, settled_as=created.sid))
            return []
        if await activity_log.find_row(created.sid) is None:
            possible.append(created.sid)
    if all_seen and not possible and as_datetime(now()) - as_datetime(started) > LATEST:
        await note(name, kind, started, Event(status=NOT_SENT))
    return possible


async def created_about(kind: str, to: str, started: int) -> tuple[list[Any], bool]:
    """Return the calls or messages to `to` that Twilio created about then, and whether these are all.

    Twilio lists the newest first. One that it has not given a time yet may be any.
    """
    client = twilio_client()
    resource = client.calls if kind == "call" else client.messages
    listed = await ask_twilio(resource.list_async(to=to, limit=LOOKED_THROUGH, page_size=LOOKED_THROUGH))
    start = as_datetime(started)
    about = [one for one in listed if one.date_created is None or EARLIEST <= one.date_created - start <= LATEST]
    reaches_back = any(one.date_created and one.date_created - start < EARLIEST for one in listed)
    return about, reaches_back or len(listed) < LOOKED_THROUGH


async def note(name: str, kind: str, started: int, event: Event) -> None:
    """Add to the attempt's own row what became of it."""
    noted = msgspec.structs.replace(event, received=rfc3339(now()))
    await activity_log.add_event(name, kind, row_key(name, started), noted)

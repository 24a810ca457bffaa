"""Ask Twilio about a call, message or conference whose last callbacks were lost.

A row without a final status whose last event is some minutes old is looked up when someone reads it. The answer is
logged with the time, so that the next reader does not ask again immediately. The reader gets the row in any case.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.activity import log as activity_log
from shared.activity.event import Event, as_number
from shared.activity.key import RowKey
from shared.clock import as_datetime, now, rfc3339
from shared.errors import TwilioFailure
from shared.storage.tables import PATIENCE_SECONDS
from shared.twilio.client import ask_twilio, sender_of, twilio_client
from shared.twilio.error_codes import UNKNOWN_RESOURCE

if TYPE_CHECKING:
    from twilio.rest import Client

log = logging.getLogger(__name__)

STALE_AFTER = timedelta(minutes=5)
# Logged once: Twilio has deleted the record, or it is of another account.
NOT_KNOWN = "not known to Twilio"


async def up_to_date(row: activity_log.Row) -> activity_log.Row:
    """Return a row with Twilio's answer if it needs one and Twilio gives one in time; never raises."""
    if not is_stale(row):
        return row
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            event = await ask_about(row["sid"], row["kind"])
            await activity_log.add_event(row["sid"], row["kind"], RowKey(row["PartitionKey"], row["RowKey"]), event)
            return await activity_log.read_row(row["sid"]) or row
    except Exception as error:  # the reader gets what is known
        log.warning("%s could not be looked up at Twilio (%s)", row["sid"], type(error).__name__)
        return row


def is_stale(row: activity_log.Row) -> bool:
    """Return whether a row has no final status, and no event of the last minutes."""
    if activity_log.summary_of(row).final or row["sid"][:2] not in ("CA", "SM", "MM", "CF"):
        return False
    events = list(activity_log.events_of(row))
    if any(event.what == NOT_KNOWN for event in events):
        return False
    times = [max(event.at, event.received) for event in events]
    last = max(times, default="") or "1970-01-01T00:00:00Z"
    return as_datetime(now()) - datetime.fromisoformat(last) > STALE_AFTER


async def ask_about(sid: str, kind: str) -> Event:
    """Return Twilio's present status as an event, or that Twilio does not know the SID; raises TwilioFailure."""
    try:
        found = await ask_twilio(resource(twilio_client(), sid, kind).fetch_async())
    except TwilioFailure as failure:
        if failure.twilio is None or failure.twilio.code != UNKNOWN_RESOURCE:
            raise
        return Event(what=NOT_KNOWN, received=rfc3339(now()))
    ended = getattr(found, "end_time", None)
    return Event(
        status=str(found.status),
        settled=True,
        at=rfc3339(int(ended.timestamp() * 1_000_000)) if ended else "",
        received=rfc3339(now()),
        to=str(getattr(found, "to", None) or ""),
        from_=sender_of(found),
        direction=str(getattr(found, "direction", None) or ""),
        duration=as_number(str(getattr(found, "duration", None) or "")),
        error_code=as_number(str(getattr(found, "error_code", None) or "")),
    )


def resource(client: Client, sid: str, kind: str) -> Any:
    """Return the resource of Twilio's API with this SID."""
    if kind == "conference":
        return client.conferences(sid)
    return client.calls(sid) if kind == "call" else client.messages(sid)

"""Find out the outcome of a send that Twilio did not answer, from Twilio's lists and the log; nothing is sent again.

The callback URL contains the start time of the send in microseconds. So if the log has a row with that start time for
the SID of a call or message at Twilio, that call or message is the outcome of this send.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from shared.activity import log as activity_log
from shared.activity.event import Event
from shared.activity.key import row_key, started_of
from shared.activity.state import NOT_SENT, SETTLED, UNKNOWN, Summary
from shared.clock import as_datetime, now, rfc3339
from shared.errors import TwilioFailure
from shared.phone_numbers import without_parameters
from shared.storage.tables import ACTIVITY, get
from shared.twilio.client import ask_twilio, sender_of, twilio_client

log = logging.getLogger(__name__)

# Twilio's times are in whole seconds, and its clock differs from the app's.
EARLIEST = timedelta(seconds=-5)
LATEST = timedelta(seconds=60)
LOOKED_THROUGH = 200


def is_unsettled(row: activity_log.Row) -> bool:
    """Return whether a row is a send whose outcome is unknown."""
    attempt = activity_log.summary_of(row)
    return attempt.status == UNKNOWN and attempt.sid.startswith(UNKNOWN)


async def settle(row: activity_log.Row) -> list[str]:
    """Look up the outcome of a send, and log it in the row if it can be determined.

    If it cannot be determined yet, returns the SIDs at Twilio that may be it. Raises StorageUnavailable.
    """
    attempt, started = activity_log.summary_of(row), started_of(row["RowKey"])
    outcome = await look_up(attempt.kind, attempt.to, attempt.from_, started)
    if outcome.sid:
        await log_outcome(attempt, started, Event(status=SETTLED, settled_as=outcome.sid))
    elif outcome.not_sent:
        await log_outcome(attempt, started, Event(status=NOT_SENT))
    return outcome.possible


@dataclass(frozen=True, slots=True)
class Outcome:
    """What Twilio and the log show of a send: its SID, or that it was not sent, or the SIDs that may be it."""

    sid: str = ""
    not_sent: bool = False
    possible: list[str] = field(default_factory=list)


async def look_up(kind: str, to: str, from_: str, started: int) -> Outcome:
    """Return the outcome of a send. If it has a SID, its row can be found by it. Raises StorageUnavailable."""
    try:
        at_twilio, all_seen = await created_about(kind, to, started)
    except TwilioFailure as failure:
        log.warning("the outcome of a %s cannot be looked up now: %s", kind, failure.detail)
        return Outcome()
    possible = []
    for created in at_twilio:
        if await get(ACTIVITY, *row_key(created.sid, started)):
            event = Event(
                created=True,
                status=str(created.status),
                at=rfc3339(started),
                to=to,
                from_=from_ or sender_of(created),
                direction=str(created.direction or ""),
            )
            await activity_log.add_findable(created.sid, kind, started, event)
            return Outcome(sid=created.sid)
        if await activity_log.find_row(created.sid) is None:
            possible.append(created.sid)
    late = as_datetime(now()) - as_datetime(started) > LATEST
    return Outcome(not_sent=all_seen and late and not possible, possible=possible)


async def created_about(kind: str, to: str, started: int) -> tuple[list[Any], bool]:
    """Return the calls or messages to `to` that Twilio created around `started`, and whether these are all.

    Twilio lists the newest first. One without a creation time may be any, so it is included.
    """
    client = twilio_client()
    resource = client.calls if kind == "call" else client.messages
    # Twilio may list a client with the custom parameters of the call, which the log does not keep.
    client_called = to.startswith("client:")
    by_recipient = {} if client_called else {"to": to}
    listed = await ask_twilio(resource.list_async(**by_recipient, limit=LOOKED_THROUGH, page_size=LOOKED_THROUGH))
    start = as_datetime(started)
    about = [
        one
        for one in listed
        if (one.date_created is None or EARLIEST <= one.date_created - start <= LATEST)
        and (not client_called or without_parameters(str(one.to)) == to)
    ]
    reaches_back = any(one.date_created and one.date_created - start < EARLIEST for one in listed)
    return about, reaches_back or len(listed) < LOOKED_THROUGH


async def log_outcome(attempt: Summary, started: int, event: Event) -> None:
    """Add the outcome to the attempt's own row."""
    received = msgspec.structs.replace(event, received=rfc3339(now()))
    await activity_log.add_event(attempt.sid, attempt.kind, row_key(attempt.sid, started), received)

"""Requests to verify a caller ID: at most one is open for each number, so that nobody is called again and again.

The table `callerids` has one row for each number, with the latest request. Its result is in the log, in the row of the
verification call. Verified numbers are listed by Twilio alone.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass
from typing import Any

from shared.activity import log as activity_log
from shared.activity.key import row_key
from shared.clock import now
from shared.errors import StorageUnavailable, VerificationOpen
from shared.storage.tables import (
    ACTIVITY,
    CALLER_IDS,
    delete_unchanged,
    get,
    insert,
    read_partition,
    replace,
    upsert,
)
from shared.time_limit import time_limit

log = logging.getLogger(__name__)

PARTITION = "requests"
# A phone rings for a minute at most, then the code is typed. Twilio does not say how long it is valid.
OPEN_SECONDS = 180
# The time for storage before Twilio is asked, and after an error.
OPEN_STORAGE_SECONDS = 2.0
CLOSE_STORAGE_SECONDS = 1.0
# How long a request without success is listed.
LISTED_MICROSECONDS = 24 * 3600 * 1_000_000
MOST_LISTED = 1000

PENDING = "pending"
FAILED = "failed"
SUCCESS = "success"

COLUMNS = ["PartitionKey", "RowKey", "name", "started", "until", "owner", "call"]


@dataclass(frozen=True, slots=True)
class VerificationRequest:
    """A request to verify a number; times are microseconds since 1970.

    `owner` tells it from other requests for the number. `call` is the SID of the call, "" if Twilio has not named one.
    """

    number: str
    name: str
    started: int
    until: int
    owner: str
    call: str = ""

    def entity(self) -> dict[str, Any]:
        """Return the row of the table."""
        values = (PARTITION, self.number, self.name, str(self.started), str(self.until), self.owner, self.call)
        return dict(zip(COLUMNS, values, strict=True))


def request_in(entity: dict[str, Any]) -> VerificationRequest:
    """Return the request in a row of the table."""
    return VerificationRequest(
        entity["RowKey"],
        entity["name"],
        int(entity["started"]),
        int(entity["until"]),
        entity["owner"],
        entity["call"],
    )


async def open_request(number: str, name: str, delay: int) -> VerificationRequest:
    """Return the only open request for a number, whose call begins `delay` seconds from now.

    Raises VerificationOpen if there is one already, StorageUnavailable.
    """
    started = now()
    until = started + (delay + OPEN_SECONDS) * 1_000_000
    request = VerificationRequest(number, name, started, until, uuid.uuid4().hex)
    try:
        with time_limit(OPEN_STORAGE_SECONDS):
            earlier = await insert(CALLER_IDS, request.entity())
            if earlier is None:
                return request
            if await status_of(request_in(earlier)) == PENDING:
                raise already_open(request_in(earlier).until)
            if await replace(CALLER_IDS, request.entity(), instead_of=earlier):
                return request
    except StorageUnavailable:
        # The row may have been written nevertheless, and nobody is called.
        await close_request(request)
        raise
    raise already_open(until)


def already_open(until: int) -> VerificationOpen:
    """Return the error for a number whose verification is open until this time."""
    seconds = max(1, -(-(until - now()) // 1_000_000))
    return VerificationOpen(
        "A verification of this number is open: type its code in the call. Ask again when the call has ended without"
        f" success, or in {seconds} seconds.",
        headers={"Retry-After": str(seconds)},
    )


async def note_call(request: VerificationRequest, call: str) -> None:
    """Add the SID of the call to a request. Raises StorageUnavailable."""
    await upsert(CALLER_IDS, {"PartitionKey": PARTITION, "RowKey": request.number, "call": call})


async def close_request(request: VerificationRequest) -> None:
    """Remove a request for which no call was placed. If that fails, it ends by itself."""
    try:
        with time_limit(CLOSE_STORAGE_SECONDS):
            there = await get(CALLER_IDS, PARTITION, request.number)
            if there is not None and there["owner"] == request.owner:
                await delete_unchanged(CALLER_IDS, there)
    except StorageUnavailable:
        log.error("a request to verify a caller ID could not be removed")


async def status_of(request: VerificationRequest) -> str:
    """Return `success` or `failed` if Twilio has reported it, or the call or the time is over; else `pending`."""
    row = await get(ACTIVITY, *row_key(request.call, request.started)) if request.call else None
    if row is not None:
        results = [event.fields.get("VerificationStatus") for event in activity_log.events_of(row)]
        if SUCCESS in results:
            return SUCCESS
        if FAILED in results or activity_log.summary_of(row).final:
            return FAILED
    return PENDING if now() < request.until else FAILED


async def without_success() -> list[tuple[VerificationRequest, str]]:
    """Return the requests of the last day that are pending or have failed, newest first, each with its status."""
    entities = await read_partition(CALLER_IDS, PARTITION, COLUMNS, MOST_LISTED)
    requests = [request for request in map(request_in, entities) if now() - request.started < LISTED_MICROSECONDS]
    statuses = await asyncio.gather(*map(status_of, requests))
    pairs = [pair for pair in zip(requests, statuses, strict=True) if pair[1] != SUCCESS]
    return sorted(pairs, key=lambda pair: pair[0].started, reverse=True)

"""Idempotency-Key: a repeated request gets the first response again, and nothing is sent a second time.

The key is reserved in the table `idempotency`, and the attempt (kind, recipient, start) is noted in the reservation
before Twilio is asked. The response is stored for a day. An error frees the key, because nothing was sent.

A reservation without a response was left by a request that died, or whose outcome is unknown. If no attempt is noted,
Twilio was not asked, so the key is free. Otherwise a repeated request looks the outcome up: it gets the first answer,
or nothing was sent and it is processed, or the outcome is still unknown.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import uuid
from contextvars import ContextVar
from typing import Annotated, Any

import azure.functions as func
import msgspec

from shared.activity import log as activity_log
from shared.activity.event import Event
from shared.activity.state import NOT_SENT
from shared.clock import now
from shared.errors import (
    ApiError,
    FieldIssue,
    InvalidRequest,
    KeyInUse,
    KeyReused,
    OutcomeUnknown,
    StorageUnavailable,
)
from shared.responses import Handler
from shared.sending.attempt import Attempt, created_response, log_as_unknown
from shared.sending.unknown_outcome import Outcome, is_unsettled, look_up, settle
from shared.storage.tables import IDEMPOTENCY, delete_unchanged, get, insert, replace, upsert
from shared.time_limit import time_limit

log = logging.getLogger(__name__)

LONGEST_KEY = 255
KEPT_MICROSECONDS = 24 * 3600 * 1_000_000
# No request takes longer; an older reservation without a response was left by a process that died.
IN_FLIGHT_MICROSECONDS = 60 * 1_000_000
# A request that has not noted its attempt by then is presumed dead. If it is not, it finds out before it asks Twilio.
UNASKED_MICROSECONDS = 1_000_000
RETRY_AFTER = {"Retry-After": "5"}
# The time for storage, in seconds: before anything else; and after an error or Twilio's answer.
RESERVE_SECONDS = 2.0
AFTERWARDS_SECONDS = 1.0
# The RowKey of the only row in a partition of `idempotency`.
ROW = "key"

# The partition and the owner of the request's reservation.
reservation_of_request: ContextVar[tuple[str, str] | None] = ContextVar("reservation", default=None)


class IdempotencyHeader(msgspec.Struct):
    """The header that `idempotent` reads, for the OpenAPI document.

    Idempotency-Key  at most 255 characters, printable: the same request with the same key within 24 hours gets the
                     first answer, and nothing is sent again
    """

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_KEY)] | None = msgspec.field(
        default=None, name="Idempotency-Key"
    )


def idempotent(handler: Handler) -> Handler:
    """Apply the request's Idempotency-Key, if it has one; raises KeyInUse, KeyReused and the handler's exceptions."""

    @functools.wraps(handler)
    async def once(req: func.HttpRequest) -> func.HttpResponse:
        key = req.headers.get("idempotency-key")
        if key is None:
            return await handler(req)
        if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
            raise InvalidRequest(FieldIssue("Idempotency-Key", f"expected 1 to {LONGEST_KEY} printable characters"))
        partition = hashlib.sha256(f"{handler.__name__} {key}".encode()).hexdigest()
        owner = uuid.uuid4().hex
        try:
            earlier = await reserve(partition, fingerprint_of(req), owner)
        except StorageUnavailable:
            # The key may be reserved nevertheless, and nothing was sent.
            await free(partition, owner)
            raise
        if earlier is not None:
            return earlier
        token = reservation_of_request.set((partition, owner))
        try:
            response = await handler(req)
        except OutcomeUnknown:
            await save(partition, {"ended": True})
            raise
        except ApiError:
            await free(partition, owner)
            raise
        finally:
            reservation_of_request.reset(token)
        await save_response(partition, response)
        return response

    return once


def fingerprint_of(req: func.HttpRequest) -> str:
    """Return a hash of what is asked for: the body, and the SID in the route of an update."""
    about = "".join(req.route_params.values()).encode()
    return hashlib.sha256(about + req.get_body()).hexdigest()


async def noted_attempt(kind: str, to: str, from_: str) -> Attempt:
    """Return an attempt that starts now; with an Idempotency-Key it is noted in the reservation first.

    Raises KeyInUse if the request no longer owns the key, StorageUnavailable.
    """
    reservation = reservation_of_request.get()
    if reservation is None:
        return Attempt(kind, to, from_, now(), uuid.uuid4().hex)
    partition, owner = reservation
    attempt = Attempt(kind, to, from_, now(), owner)
    with time_limit(RESERVE_SECONDS):
        reserved = await get(IDEMPOTENCY, partition, ROW)
        if reserved is not None and reserved["owner"] == owner:
            noted = {**reserved, "kind": kind, "to": to, "from": from_, "started": str(attempt.started)}
            if await replace(IDEMPOTENCY, noted, instead_of=reserved):
                return attempt
    raise KeyInUse("Another request with this Idempotency-Key has started in the meantime.", headers=RETRY_AFTER)


async def reserve(partition: str, fingerprint: str, owner: str) -> func.HttpResponse | None:
    """Reserve a key for one request; returns None if it is reserved now, else the response of the first request.

    Raises KeyInUse while the first request is being processed, KeyReused if it had another body, OutcomeUnknown if it
    is not known yet whether it was sent, StorageUnavailable.
    """
    reservation = {
        "PartitionKey": partition,
        "RowKey": ROW,
        "fingerprint": fingerprint,
        "reserved": str(now()),
        "owner": owner,
    }
    with time_limit(RESERVE_SECONDS):
        earlier = await insert(IDEMPOTENCY, reservation)
    if earlier is None:
        return None
    age = now() - int(earlier["reserved"])
    asked = "started" in earlier or "status" in earlier
    if age <= KEPT_MICROSECONDS and (asked or age <= UNASKED_MICROSECONDS):
        if earlier["fingerprint"] != fingerprint:
            raise KeyReused("This Idempotency-Key was used before with another body; use a new key for a new request.")
        if "status" in earlier:
            return replay(earlier)
        if age <= IN_FLIGHT_MICROSECONDS and "ended" not in earlier:
            raise KeyInUse("A request with this Idempotency-Key is being processed.", headers=RETRY_AFTER)
        response = await first_response(earlier)
        if response is not None:
            await save_response(partition, response)
            response.headers["Idempotent-Replayed"] = "true"
            return response
    if await replace(IDEMPOTENCY, reservation, instead_of=earlier):
        return None
    raise KeyInUse("Another request with this Idempotency-Key has just started.", headers=RETRY_AFTER)


async def first_response(earlier: dict[str, Any]) -> func.HttpResponse | None:
    """Return the response that the request of a reservation would have got, or None if nothing was sent.

    Raises OutcomeUnknown, with a link to look the outcome up, while neither is known; and StorageUnavailable.
    """
    if "started" not in earlier:
        return None  # an update, which may be repeated
    attempt = Attempt(earlier["kind"], earlier["to"], earlier["from"], int(earlier["started"]), earlier["owner"])
    if row := await activity_log.read_row(attempt.name):
        if is_unsettled(row):
            await settle(row)
        summary = activity_log.summary_of(await activity_log.read_row(attempt.name) or row)
        outcome = Outcome(sid=summary.settled_as, not_sent=summary.status == NOT_SENT)
    else:
        outcome = await look_up(attempt.kind, attempt.to, attempt.from_, attempt.started)
    if outcome.not_sent:
        return None
    if outcome.sid and (created := await activity_log.read_row(outcome.sid)):
        summary = activity_log.summary_of(created)
        event = Event(status=summary.status, to=summary.to, from_=summary.from_, segments=summary.segments)
        return created_response(outcome.sid, event, attempt.started)
    link = await log_as_unknown(attempt)
    raise OutcomeUnknown(
        "It is not known yet whether an earlier request with this Idempotency-Key was sent. Repeat it later, or look up"
        f" the outcome: {link}",
        headers=RETRY_AFTER,
    )


def replay(earlier: dict[str, Any]) -> func.HttpResponse:
    """Return the stored response again, marked with `Idempotent-Replayed: true`."""
    headers = {"Idempotent-Replayed": "true"}
    if earlier["location"]:
        headers["Location"] = earlier["location"]
    return func.HttpResponse(
        earlier["body"], status_code=earlier["status"], headers=headers, mimetype=earlier["mimetype"]
    )


async def save_response(partition: str, response: func.HttpResponse) -> None:
    """Store a response under its key. If that fails, the caller gets the response nevertheless: it has been sent."""
    answer = {
        "status": response.status_code,
        "body": response.get_body().decode(),
        "mimetype": response.mimetype,
        "location": response.headers.get("Location", ""),
    }
    await save(partition, answer)


async def save(partition: str, properties: dict[str, Any]) -> None:
    """Add properties to a reservation. If that fails, a repeated request looks up the outcome."""
    try:
        with time_limit(AFTERWARDS_SECONDS):
            await upsert(IDEMPOTENCY, {"PartitionKey": partition, "RowKey": ROW, **properties})
    except StorageUnavailable:
        log.error("a response could not be stored under its Idempotency-Key; a repeated request will look it up")


async def free(partition: str, owner: str) -> None:
    """Free the key of a request that failed, if this request still owns it.

    A delete whose answer was lost is repeated, and must not remove a newer reservation. If the delete fails, the key
    stays reserved for a while, which does no harm.
    """
    try:
        with time_limit(AFTERWARDS_SECONDS):
            reserved = await get(IDEMPOTENCY, partition, ROW)
            if reserved is not None and reserved["owner"] == owner:
                await delete_unchanged(IDEMPOTENCY, reserved)
    except StorageUnavailable:
        log.error("an Idempotency-Key could not be freed")

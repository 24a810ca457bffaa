"""Idempotency-Key: a repeated request gets the first response again, and nothing is sent a second time.

The key is reserved in the table `idempotency` before Twilio is called. The response is stored for a day. So is an
unknown outcome, because a retry could send twice. An error frees the key, because nothing was sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import logging
import uuid
from typing import Any

import azure.functions as func

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
from shared.responses import Handler, problem_response
from shared.storage.tables import IDEMPOTENCY, PATIENCE_SECONDS, delete_unchanged, get, insert, replace, upsert

log = logging.getLogger(__name__)

LONGEST_KEY = 255
KEPT_MICROSECONDS = 24 * 3600 * 1_000_000
# No request takes longer; an older reservation without a response was left by a process that died.
IN_FLIGHT_MICROSECONDS = 120 * 1_000_000
# The RowKey of the only row in a partition of `idempotency`.
ROW = "key"


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
            earlier = await reserve(partition, hashlib.sha256(req.get_body()).hexdigest(), owner)
        except StorageUnavailable:
            # The key may be reserved nevertheless, and nothing was sent. Hanging storage must not delay the answer.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await free(partition, owner)
            raise
        if earlier is not None:
            return earlier
        try:
            response = await handler(req)
        except OutcomeUnknown as error:
            await save_response(partition, problem_response(error))
            raise
        except ApiError:
            await free(partition, owner)
            raise
        await save_response(partition, response)
        return response

    return once


async def reserve(partition: str, fingerprint: str, owner: str) -> func.HttpResponse | None:
    """Reserve a key for one request; returns None if it is reserved now, else the stored response of the first request.

    Raises KeyInUse while the first request is being processed, KeyReused if it had another body, OutcomeUnknown if its
    process died before it was answered, StorageUnavailable.
    """
    reservation = {
        "PartitionKey": partition,
        "RowKey": ROW,
        "fingerprint": fingerprint,
        "reserved": str(now()),
        "owner": owner,
    }
    earlier = await insert(IDEMPOTENCY, reservation)
    if earlier is None:
        return None
    age = now() - int(earlier["reserved"])
    if age > KEPT_MICROSECONDS:
        if await replace(IDEMPOTENCY, reservation, instead_of=earlier):
            return None
        raise KeyInUse("Another request with this Idempotency-Key has just started.")
    if earlier["fingerprint"] != fingerprint:
        raise KeyReused("This Idempotency-Key was used before with another body; use a new key for a new request.")
    if "status" in earlier:
        return replay(earlier)
    if age > IN_FLIGHT_MICROSECONDS:
        raise OutcomeUnknown("An earlier request with this Idempotency-Key ended without an answer.")
    raise KeyInUse("A request with this Idempotency-Key is being processed; wait for its answer.")


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
    try:
        await upsert(IDEMPOTENCY, {"PartitionKey": partition, "RowKey": ROW, **answer})
    except StorageUnavailable:
        log.error("a response could not be stored under its Idempotency-Key; a repeated request will get an error")


async def free(partition: str, owner: str) -> None:
    """Free the key of a request that failed, if this request still owns it.

    A delete whose answer was lost is repeated, and must not remove a newer reservation. If the delete fails, the key
    stays reserved for a while, which does no harm.
    """
    try:
        reserved = await get(IDEMPOTENCY, partition, ROW)
        if reserved is not None and reserved["owner"] == owner:
            await delete_unchanged(IDEMPOTENCY, reserved)
    except StorageUnavailable:
        log.error("an Idempotency-Key could not be freed")

"""Idempotency-Key on our own POSTs: a request that is sent again is answered again, and not done again.

The key is reserved in the table `idempotency` before Twilio is asked. An answer is kept for a day; so is an outcome
that is not known, since only that keeps a second try from sending twice. A refusal frees the key: nothing was sent.
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

from shared.activity.log import PATIENCE_SECONDS
from shared.clock import now
from shared.errors import (
    ApiError,
    FieldError,
    InvalidRequest,
    KeyInUse,
    KeyReused,
    OutcomeUnknown,
    StorageUnavailable,
)
from shared.responses import Handler, problem_response
from shared.storage.tables import IDEMPOTENCY, delete_unchanged, get, insert, replace, upsert

log = logging.getLogger(__name__)

LONGEST_KEY = 255
KEPT_MICROSECONDS = 24 * 3600 * 1_000_000
# Longer than any request lives; a reservation without an answer after it was left by a process that died.
IN_FLIGHT_MICROSECONDS = 120 * 1_000_000
# The one row of a partition of `idempotency`.
ROW = "key"


def idempotent(handler: Handler) -> Handler:
    """Honour the request's Idempotency-Key, if it has one; raises KeyInUse and KeyReused, and what the handler does."""

    @functools.wraps(handler)
    async def once(req: func.HttpRequest) -> func.HttpResponse:
        key = req.headers.get("idempotency-key")
        if key is None:
            return await handler(req)
        if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
            raise InvalidRequest(FieldError("Idempotency-Key", f"expected 1 to {LONGEST_KEY} printable characters"))
        partition = hashlib.sha256(f"{handler.__name__} {key}".encode()).hexdigest()
        owner = uuid.uuid4().hex
        try:
            earlier = await reserve(partition, hashlib.sha256(req.get_body()).hexdigest(), owner)
        except StorageUnavailable:
            # It may be reserved all the same, and nothing has been sent. Storage that hangs is not waited for again.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await forget(partition, owner)
            raise
        if earlier is not None:
            return earlier
        try:
            response = await handler(req)
        except OutcomeUnknown as error:
            await keep(partition, problem_response(error))
            raise
        except ApiError:
            await forget(partition, owner)
            raise
        await keep(partition, response)
        return response

    return once


async def reserve(partition: str, fingerprint: str, owner: str) -> func.HttpResponse | None:
    """Reserve a key for one request; returns None when it is ours now, else the answer of the request that had it.

    Raises KeyInUse while that one is being worked on, KeyReused when its body was another, OutcomeUnknown when its
    process died before it was answered, StorageUnavailable.
    """
    ours = {
        "PartitionKey": partition,
        "RowKey": ROW,
        "fingerprint": fingerprint,
        "reserved": str(now()),
        "owner": owner,
    }
    earlier = await insert(IDEMPOTENCY, ours)
    if earlier is None:
        return None
    age = now() - int(earlier["reserved"])
    if age > KEPT_MICROSECONDS:
        if await replace(IDEMPOTENCY, ours, instead_of=earlier):
            return None
        raise KeyInUse("Another request has just begun with this Idempotency-Key.")
    if earlier["fingerprint"] != fingerprint:
        raise KeyReused("This Idempotency-Key came before with another body; use a new key for a new request.")
    if "status" in earlier:
        return answer_again(earlier)
    if age > IN_FLIGHT_MICROSECONDS:
        raise OutcomeUnknown("An earlier request with this Idempotency-Key ended without an answer.")
    raise KeyInUse("A request with this Idempotency-Key is being worked on; wait for its answer.")


def answer_again(earlier: dict[str, Any]) -> func.HttpResponse:
    """Return the kept answer once more, marked as such."""
    headers = {"Idempotent-Replayed": "true"}
    if earlier["location"]:
        headers["Location"] = earlier["location"]
    return func.HttpResponse(
        earlier["body"], status_code=earlier["status"], headers=headers, mimetype=earlier["mimetype"]
    )


async def keep(partition: str, response: func.HttpResponse) -> None:
    """Keep an answer under its key. What was sent is sent: where this fails, the caller gets the answer anyway."""
    answer = {
        "status": response.status_code,
        "body": response.get_body().decode(),
        "mimetype": response.mimetype,
        "location": response.headers.get("Location", ""),
    }
    try:
        await upsert(IDEMPOTENCY, {"PartitionKey": partition, "RowKey": ROW, **answer})
    except StorageUnavailable:
        log.error("an answer could not be kept under its Idempotency-Key; its repetition will be refused")


async def forget(partition: str, owner: str) -> None:
    """Free a key whose request was refused, if it is still this request's: a delete that is repeated, since its first
    answer was lost, must not remove what somebody has reserved since.

    Where this fails the key stays taken for a while, which harms nobody.
    """
    try:
        reserved = await get(IDEMPOTENCY, partition, ROW)
        if reserved is not None and reserved["owner"] == owner:
            await delete_unchanged(IDEMPOTENCY, reserved)
    except StorageUnavailable:
        log.error("an Idempotency-Key could not be freed")

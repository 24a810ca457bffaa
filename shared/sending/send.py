"""What starting a call and sending a text have in common: ask Twilio, log it, answer 201."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

import azure.functions as func

from shared.activity import log as activity_log
from shared.activity.event import Event, as_number
from shared.activity.state import UNKNOWN
from shared.clock import now, rfc3339
from shared.errors import OutcomeUnknown, StorageUnavailable
from shared.responses import json_response
from shared.settings import settings
from shared.twilio.client import ask_twilio

log = logging.getLogger(__name__)

# Twilio retries a callback only when told to: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
RETRIED = "#rc=3&rp=ct,rt,5xx"
STARTED = "started"


async def send(kind: str, to: str, from_: str, create: Callable[[str], Coroutine[Any, Any, Any]]) -> func.HttpResponse:
    """Ask Twilio for a call or text with `create(status_callback)`, log it, and answer 201.

    The start is chosen before Twilio is asked and travels in the callback's address, so that a callback finds the row
    even when it is faster than Twilio's answer to us. Raises TwilioFailure; after OutcomeUnknown the log has a row of
    its own for the attempt.
    """
    started = now()
    try:
        created = await ask_twilio(create(callback_url(started)))
        if not created.sid:
            raise OutcomeUnknown("Twilio's answer names no SID.", status=502)
    except OutcomeUnknown as error:
        raise await logged_as_unknown(error, kind, to, from_, started) from None
    event = Event(
        created=True,
        status=str(created.status),
        at=rfc3339(started),
        received=rfc3339(now()),
        to=to,
        from_=from_ or str(created.from_ or ""),
        direction=str(created.direction or ""),
        segments=as_number(getattr(created, "num_segments", None)),
    )
    try:
        await activity_log.add_findable(created.sid, kind, started, event)
    except Exception:
        # It is placed: whatever is wrong here, the caller must know, and the callbacks will fill the row in.
        log.exception("%s is placed, but could not be logged", created.sid)
    return created_response(created.sid, event, started)


def callback_url(started: int | None = None) -> str:
    """Return the address that we give Twilio for what becomes of a call or text, of ours if it has a start."""
    query = "" if started is None else f"?{STARTED}={started}"
    return f"{settings().url('status_callback')}{query}{RETRIED}"


def created_response(sid: str, event: Event, started: int) -> func.HttpResponse:
    """Answer 201 with what was placed or sent, and where to see what becomes of it."""
    links = activity_log.links_for(sid)
    body: dict[str, object] = {
        "sid": sid,
        "status": event.status,
        "to": event.to,
        "from": event.from_,
        "created": rfc3339(started),
        "links": links,
    }
    if event.segments is not None:
        body["segments"] = event.segments
    return json_response(body, HTTPStatus.CREATED, {"Location": links["activity"]})


async def logged_as_unknown(error: OutcomeUnknown, kind: str, to: str, from_: str, started: int) -> OutcomeUnknown:
    """Log an attempt of which we do not know what became, under a name of ours, and tell that name in the error."""
    name = f"{UNKNOWN}-{uuid.uuid4().hex}"
    event = Event(created=True, status=UNKNOWN, at=rfc3339(started), received=rfc3339(now()), to=to, from_=from_)
    try:
        await activity_log.add_findable(name, kind, started, event)
    except StorageUnavailable:
        log.error("a %s with an unknown outcome could not be logged", kind)
        return error
    error.detail += f" Do not send it again before you have looked: {activity_log.links_for(name)['activity']}"
    return error

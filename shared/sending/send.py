"""Start a call or send a message: call Twilio, log the outcome, answer 201."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
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

# Twilio retries a callback only if its URL asks for it:
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
RETRIED = "#rc=3&rp=ct,rt,5xx"
STARTED = "started"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call or message that the app asks Twilio for; `started` is in microseconds since 1970."""

    kind: str
    to: str
    from_: str
    started: int


async def send(kind: str, to: str, from_: str, create: Callable[[str], Coroutine[Any, Any, Any]]) -> func.HttpResponse:
    """Create a call or message at Twilio with `create(status_callback)`, log it, and answer 201.

    The start time is chosen before Twilio is called and is part of the callback URL, so that a callback finds the row
    even if it arrives before Twilio's answer. Raises TwilioFailure; after OutcomeUnknown the log has a row for the
    attempt.
    """
    attempt = Attempt(kind, to, from_, started=now())
    try:
        created = await ask_twilio(create(callback_url(attempt.started)))
        if not created.sid:
            raise OutcomeUnknown("Twilio's answer names no SID.", status=502)
    except OutcomeUnknown as error:
        raise await logged_as_unknown(error, attempt) from None
    event = Event(
        created=True,
        status=str(created.status),
        at=rfc3339(attempt.started),
        received=rfc3339(now()),
        to=to,
        from_=from_ or str(created.from_ or ""),
        direction=str(created.direction or ""),
        segments=as_number(getattr(created, "num_segments", None)),
    )
    try:
        await activity_log.add_findable(created.sid, kind, attempt.started, event)
    except Exception:
        # The call or message exists at Twilio, so the caller must get its SID; the callbacks will create the row.
        log.exception("%s is placed, but could not be logged", created.sid)
    return created_response(created.sid, event, attempt.started)


def callback_url(started: int | None = None) -> str:
    """Return the URL for status callbacks of a call or message; with `started` if the app created it."""
    query = "" if started is None else f"?{STARTED}={started}"
    return f"{settings().url('status_callback')}{query}{RETRIED}"


def created_response(sid: str, event: Event, started: int) -> func.HttpResponse:
    """Answer 201 with the call or message, and the link to its status."""
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
    return json_response(body, 201, {"Location": links["activity"]})


async def logged_as_unknown(error: OutcomeUnknown, attempt: Attempt) -> OutcomeUnknown:
    """Log an attempt with an unknown outcome as `unknown-…`, and add the link to the error."""
    name = f"{UNKNOWN}-{uuid.uuid4().hex}"
    event = Event(
        created=True,
        status=UNKNOWN,
        at=rfc3339(attempt.started),
        received=rfc3339(now()),
        to=attempt.to,
        from_=attempt.from_,
    )
    try:
        await activity_log.add_findable(name, attempt.kind, attempt.started, event)
    except StorageUnavailable:
        log.error("a %s with an unknown outcome could not be logged", attempt.kind)
        return error
    error.detail += f" Before you send it again, look up the outcome: {activity_log.links_for(name)['activity']}"
    return error

"""Start a call or send a message: call Twilio, log the outcome, answer 201."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any

import azure.functions as func

from shared.activity import log as activity_log
from shared.activity.event import Event, as_number
from shared.clock import now, rfc3339
from shared.errors import OutcomeUnknown, StorageUnavailable
from shared.sending.attempt import Attempt, created_response, log_as_unknown
from shared.sending.idempotency import noted_attempt
from shared.settings import settings
from shared.twilio.client import ask_twilio, sender_of

log = logging.getLogger(__name__)

# Twilio retries a callback only if its URL asks for it:
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
RETRIED = "#rc=3&rp=ct,rt,5xx"
STARTED = "started"


async def send(kind: str, to: str, from_: str, create: Callable[[str], Coroutine[Any, Any, Any]]) -> func.HttpResponse:
    """Create a call or message at Twilio with `create(status_callback)`, log it, and answer 201.

    The start time is chosen before Twilio is called and is part of the callback URL, so that a callback finds the row
    even if it arrives before Twilio's answer. Raises TwilioFailure; after OutcomeUnknown the log has a row for the
    attempt. Raises KeyInUse or StorageUnavailable if the attempt cannot be noted under the request's Idempotency-Key.
    """
    attempt = await noted_attempt(kind, to, from_)
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
        from_=from_ or sender_of(created),
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


def leg_callbacks() -> dict[str, str]:
    """Return the attributes of a Number or Client by which the leg to it gets a row of its own in the log."""
    events = "initiated ringing answered completed"
    return {
        "status_callback": callback_url(),
        "status_callback_event": events,
        "status_callback_method": "POST",
    }


async def logged_as_unknown(error: OutcomeUnknown, attempt: Attempt) -> OutcomeUnknown:
    """Log an attempt with an unknown outcome as `unknown-…`, and add the link to the error."""
    try:
        link = await log_as_unknown(attempt)
    except StorageUnavailable:
        log.error("a %s with an unknown outcome could not be logged", attempt.kind)
        return error
    error.detail += f" Before you send it again, look up the outcome: {link}"
    return error

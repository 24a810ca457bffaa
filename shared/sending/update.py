"""Change a call or message at Twilio, log the change, and answer 200."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable
from typing import Any

import azure.functions as func
import msgspec

from shared.activity import log as activity_log
from shared.activity.event import Event
from shared.clock import now, rfc3339
from shared.errors import FieldIssue, InvalidRequest, NotFound, StorageUnavailable, TwilioFailure
from shared.responses import json_response
from shared.sending.attempt import Links
from shared.storage.tables import PATIENCE_SECONDS
from shared.twilio.client import ask_twilio
from shared.twilio.error_codes import UNKNOWN_RESOURCE

log = logging.getLogger(__name__)


class Updated(msgspec.Struct, frozen=True):
    """The answer for a call or message that was changed.

    sid     Twilio's SID
    status  its status at Twilio after the change
    links   its address in the log
    """

    sid: str
    status: str
    links: Links


def check_sid(sid: str, pattern: str, begins: str) -> str:
    """Return the SID of a route unchanged; raises InvalidRequest."""
    if not re.fullmatch(pattern, sid):
        raise InvalidRequest(FieldIssue("sid", f"expected {begins} and 32 hexadecimal digits"))
    return sid


async def update(kind: str, sid: str, request: Awaitable[Any], event: str) -> func.HttpResponse:
    """Await the change at Twilio, log it as an event, and answer; raises NotFound and TwilioFailure.

    If Twilio's answer does not arrive, the same request can be sent again.
    """
    try:
        changed = await ask_twilio(request)
    except TwilioFailure as failure:
        if failure.twilio and failure.twilio.code == UNKNOWN_RESOURCE:
            raise NotFound(f"Twilio knows no {kind} with that SID in this account.") from None
        raise
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await activity_log.add(sid, kind, None, Event(what=event, received=rfc3339(now())))
    except (StorageUnavailable, TimeoutError):
        log.error("%s is changed (%s), but that could not be logged", sid, event)
    return answered(sid, str(changed.status))


def answered(sid: str, status: str) -> func.HttpResponse:
    """Return the response to an update."""
    return json_response(Updated(sid, status, Links(**activity_log.links_for(sid))))

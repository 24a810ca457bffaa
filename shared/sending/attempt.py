"""One try to start a call or send a message: its start, its answer, and its row while the outcome is unknown."""

from __future__ import annotations

from dataclasses import dataclass

import azure.functions as func
import msgspec

from shared.activity import log as activity_log
from shared.activity.event import Event
from shared.activity.state import UNKNOWN
from shared.clock import now, rfc3339
from shared.responses import json_response


class Links(msgspec.Struct, frozen=True):
    """Links of a call or message.

    activity  its address in the log
    """

    activity: str


class Created(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer for a new call or message.

    sid       Twilio's SID
    status    Twilio's first status, such as queued
    to        the recipient
    from      the sender
    created   when it was started, RFC 3339 in UTC
    links     its address in the log
    segments  the parts of a text message, as Twilio bills them
    """

    sid: str
    status: str
    to: str
    from_: str = msgspec.field(name="from")
    created: str
    links: Links
    segments: int | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call or message that the app asks Twilio for.

    `started` is in microseconds since 1970; `unique` is part of the name in the log if the outcome is unknown.
    """

    kind: str
    to: str
    from_: str
    started: int
    unique: str

    @property
    def name(self) -> str:
        """Return the name in the log if the outcome is unknown."""
        return f"{UNKNOWN}-{self.unique}"


def created_response(sid: str, event: Event, started: int) -> func.HttpResponse:
    """Answer 201 with the call or message, and the link to its status."""
    links = Links(**activity_log.links_for(sid))
    body = Created(
        sid=sid,
        status=event.status,
        to=event.to,
        from_=event.from_,
        created=rfc3339(started),
        links=links,
        segments=event.segments,
    )
    return json_response(body, 201, {"Location": links.activity})


async def log_as_unknown(attempt: Attempt) -> str:
    """Log an attempt with an unknown outcome, and return the link for looking it up; raises StorageUnavailable."""
    event = Event(
        created=True,
        status=UNKNOWN,
        at=rfc3339(attempt.started),
        received=rfc3339(now()),
        to=attempt.to,
        from_=attempt.from_,
    )
    await activity_log.add_findable(attempt.name, attempt.kind, attempt.started, event)
    return activity_log.links_for(attempt.name)["activity"]

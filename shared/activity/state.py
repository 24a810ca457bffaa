"""The state of a call or message: a pure function of the set of its events, whatever order they arrive in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from shared.activity.event import Event, name_of
from shared.errors import TwilioReason
from shared.twilio.error_codes import reason

Value = TypeVar("Value")

# The app's own statuses, not Twilio's: the outcome of a send is unknown, and what was found out about it later
# (shared/sending/unknown_outcome.py).
UNKNOWN = "unknown"
SETTLED = "settled"
NOT_SENT = "not_sent"

# The statuses of calls and messages, in one order for both. A message's callbacks have neither a sequence number nor a
# time, so this order decides: when a carrier reports `undelivered` and then `delivered`, the message was delivered.
# https://www.twilio.com/docs/voice/api/call-resource#call-status-values
# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
ON_THE_WAY = ("scheduled", "accepted", "queued", "initiated", "sending", "ringing", "sent", "in-progress", "receiving")
FINAL = (
    "partially_delivered",
    "completed",
    "busy",
    "no-answer",
    "canceled",
    "failed",
    "undelivered",
    "received",
    "delivered",
    "read",
    NOT_SENT,
    SETTLED,
)
STATUSES = (UNKNOWN, *ON_THE_WAY, *FINAL)
RANKS = {status: rank for rank, status in enumerate(STATUSES)}
# A status that is not listed above, because Twilio added it later, ranks after those on the way and is not final.
RANK_OF_NEW = RANKS[ON_THE_WAY[-1]]


class Summary(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """A call or message as the API shows it; what is not known is left out of the JSON.

    `state_of` sets what follows from the events: the members from `status` to `error`. shared/activity/log.py adds
    what follows from the row. Times are RFC 3339 in UTC; `duration` is in seconds.
    """

    sid: str = ""
    kind: str = ""
    started: str = ""
    status: str
    final: bool
    to: str = ""
    from_: str = msgspec.field(default="", name="from")
    direction: str = ""
    answered: str = ""
    ended: str = ""
    duration: int | None = None
    segments: int | None = None
    settled_as: str = ""
    error: TwilioReason | None = None
    links: dict[str, str] = {}


class TimelineEvent(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """One event of a time line as the API shows it; what is not known is left out of the JSON."""

    status: str = ""
    what: str = ""
    at: str = ""
    received: str = ""
    sequence: int | None = None
    duration: int | None = None
    error: TwilioReason | None = None
    fields: dict[str, str] = {}


def sort_key(event: Event) -> tuple[bool, int, int, str, str, str]:
    """Return the key that orders events: final ones last, then Twilio's sequence number, then the order of statuses."""
    rank = RANKS.get(event.status, RANK_OF_NEW)
    return event.status in FINAL, event.sequence, rank, event.status, event.at, name_of(event)


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return the events as they happened: statuses in their order, the other events between them by their time."""
    events = list(events)
    statuses = sorted((event for event in events if not event.what), key=sort_key)
    times = [time_of(event) for event in statuses]
    placed = [((index, ""), event) for index, event in enumerate(statuses)]
    for event in events:
        if event.what:
            before = sum(time <= time_of(event) for time in times)
            placed.append(((before - 1, time_of(event) + name_of(event)), event))
    return [event for _, event in sorted(placed, key=lambda item: item[0])]


def time_of(event: Event) -> str:
    """Return when an event happened: Twilio's time if it sent one, else the time of receipt."""
    return event.at or event.received


def state_of(events: Iterable[Event]) -> Summary:
    """Return the state that a set of events results in. An event without a status, like a recording, changes none."""
    ordered = in_order(events)
    with_status = [event for event in ordered if event.status]
    last = with_status[-1] if with_status else Event()
    return Summary(
        status=last.status or UNKNOWN,
        final=last.status in FINAL,
        to=first((event.to for event in ordered), ""),
        from_=first((event.from_ for event in ordered), ""),
        direction=first((event.direction for event in ordered), ""),
        answered=first((event.at for event in ordered if event.status == "in-progress"), ""),
        ended=time_of(last) if last.status in FINAL else "",
        duration=first((event.duration for event in reversed(ordered)), None),
        segments=first((event.segments for event in ordered), None),
        settled_as=first((event.settled_as for event in ordered), ""),
        error=reason(last.error_code) if last.error_code else None,
    )


def first(values: Iterable[Value], unknown: Value) -> Value:
    """Return the first value that is known."""
    return next((value for value in values if value != unknown), unknown)


def timeline_event(event: Event) -> TimelineEvent:
    """Return an event as the API shows it."""
    return TimelineEvent(
        status=event.status,
        what=event.what,
        at=time_of(event),
        received=event.received,
        sequence=event.sequence if event.sequence >= 0 else None,
        duration=event.duration,
        error=reason(event.error_code) if event.error_code else None,
        fields=event.fields,
    )

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

# A conference with one participant has not begun.
INIT = "init"

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
STATUSES = (UNKNOWN, INIT, *ON_THE_WAY, *FINAL)
RANKS = {status: rank for rank, status in enumerate(STATUSES)}
# A status that is not listed above, because Twilio added it later, ranks after those on the way and is not final.
RANK_OF_NEW = RANKS[ON_THE_WAY[-1]]
# The members of an event that says nothing.
UNSAID = msgspec.structs.astuple(Event())


class Summary(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """A call or message as the API shows it; what is not known is left out of the JSON.

    `state_of` sets what follows from the events: the members from `status` to `error`. shared/activity/log.py adds
    what follows from the row. Times are RFC 3339 in UTC.

    sid          Twilio's SID, or `unknown-...` while the outcome is unknown
    kind         call, message or conference
    started      when it was started
    status       Twilio's status, or `unknown`, `settled` or `not_sent`
    final        true if the status will not change
    to           the recipient
    from         the sender
    direction    inbound, or Twilio's word for outbound
    answered     when the call was answered
    ended        when it ended
    duration     seconds
    segments     the parts of a text message, as Twilio bills them
    settled_as   the SID of a send whose outcome was unknown
    answered_by  the result of machine detection
    error        Twilio's reason, if it failed
    links        addresses in the log: `activity`, and of a call in a conference `conference`
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
    answered_by: str = ""
    error: TwilioReason | None = None
    links: dict[str, str] = {}


class TimelineEvent(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """One event of a time line as the API shows it; what is not known is left out of the JSON.

    status    the status that it reports
    settled   true if the app has asked Twilio for it
    what      what happened, if it is no status
    at        when it happened, RFC 3339 in UTC
    received  when the app received it
    sequence  Twilio's number of the event
    duration  seconds
    error     Twilio's reason
    fields    more fields of Twilio's event
    """

    status: str = ""
    settled: bool = False
    what: str = ""
    at: str = ""
    received: str = ""
    sequence: int | None = None
    duration: int | None = None
    error: TwilioReason | None = None
    fields: dict[str, str] = {}


def identity_of(event: Event) -> tuple[object, ...]:
    """Return what tells an event from the others of its row: its number, its status, or its whole content."""
    if event.created:
        return ("created",)
    if event.sequence >= 0:
        return event.series, event.sequence
    return ("what", name_of(event)) if event.what or not event.status else ("status", event.status)


def distinct(events: Iterable[Event]) -> list[Event]:
    """Return each event once.

    Of several contents of one event a final status counts, then the one that says more, then the later one.
    """
    best: dict[tuple[object, ...], Event] = {}
    for event in events:
        identity = identity_of(event)
        best[identity] = max(best.get(identity, event), event, key=weight)
    return list(best.values())


def weight(event: Event) -> tuple[bool, int, str, str, str]:
    """Return the key that compares several contents of one event; the receipt, in which copies differ, comes last."""
    known = sum(value != default for value, default in zip(msgspec.structs.astuple(event), UNSAID, strict=True))
    return event.status in FINAL, known + len(event.fields), event.at, name_of(event), event.received


def sort_key(event: Event) -> tuple[bool, int, int, str, str, str]:
    """Return the key that orders statuses: final ones last, then Twilio's sequence number, then their usual order."""
    rank = RANKS.get(event.status, RANK_OF_NEW)
    return event.status in FINAL, event.sequence, rank, event.status, event.at, name_of(event)


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return the events as they happened: statuses in their order, the other events between them by their time."""
    events = distinct(events)
    statuses = sorted((event for event in events if not event.what), key=sort_key)
    times = [when(event) for event in statuses]
    placed = [((index, ("", "", "")), event) for index, event in enumerate(statuses)]
    for event in events:
        if event.what:
            before = sum(time <= when(event) for time in times)
            placed.append(((before - 1, (*when(event), name_of(event))), event))
    return in_series([event for _, event in sorted(placed, key=lambda item: item[0])])


def when(event: Event) -> tuple[str, str]:
    """Return the key that orders by time: most of Twilio's are whole seconds, so within one the receipt counts."""
    return time_of(event)[: len("2026-11-21T10:00:00")], event.received


def in_series(events: list[Event]) -> list[Event]:
    """Return the events with those of each series in the order of their numbers, in the places that the series has."""
    series: dict[str, list[int]] = {}
    for place, event in enumerate(events):
        if event.series:
            series.setdefault(event.series, []).append(place)
    ordered = list(events)
    for places in series.values():
        numbered = sorted((events[place] for place in places), key=lambda event: (event.sequence, event.at))
        for place, event in zip(places, numbered, strict=True):
            ordered[place] = event
    return ordered


def time_of(event: Event) -> str:
    """Return when an event happened: Twilio's time if it sent one, else the time of receipt."""
    return event.at or event.received


def state_of(events: Iterable[Event]) -> Summary:
    """Return the state that a set of events results in. An event without a status, like a recording, changes none."""
    ordered = in_order(events)
    last = max((event for event in ordered if event.status), key=sort_key, default=Event())
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
        answered_by=first((event.fields.get("AnsweredBy", "") for event in reversed(ordered)), ""),
        error=reason(last.error_code) if last.error_code else None,
    )


def first(values: Iterable[Value], unknown: Value) -> Value:
    """Return the first value that is known."""
    return next((value for value in values if value != unknown), unknown)


def timeline_event(event: Event) -> TimelineEvent:
    """Return an event as the API shows it."""
    return TimelineEvent(
        status=event.status,
        settled=event.settled,
        what=event.what,
        at=time_of(event),
        received=event.received,
        sequence=event.sequence if event.sequence >= 0 else None,
        duration=event.duration,
        error=reason(event.error_code) if event.error_code else None,
        fields=event.fields,
    )

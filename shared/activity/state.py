"""What became of a call or a message: a pure function of the set of its events, in whatever order they came."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.activity.event import Event, name_of
from shared.twilio.error_codes import explain

# Ours, not Twilio's: a send of which no answer came, and what was found out about it since
# (shared/sending/unknown_outcome.py).
UNKNOWN = "unknown"
SETTLED = "settled"
NOT_SENT = "not_sent"

# The statuses of calls and of messages, in one order that holds for both. A message's callbacks carry neither number
# nor time, so this order decides; a carrier that says `undelivered` and then `delivered` has delivered it.
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
RANKS = {status: rank for rank, status in enumerate((UNKNOWN, *ON_THE_WAY, *FINAL))}
# A status that Twilio has added since: later than those on the way, and not final.
RANK_OF_NEW = RANKS[ON_THE_WAY[-1]]


def place_in_time(event: Event) -> tuple[bool, int, int, str, str, str]:
    """Return what events are sorted by: final ones come last, then Twilio's number, then the order of the statuses."""
    rank = RANKS.get(event.status, RANK_OF_NEW)
    return event.status in FINAL, event.sequence, rank, event.status, event.at, name_of(event)


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return the events as they happened: statuses in their order, and what else happened where its time puts it."""
    events = list(events)
    statuses = sorted((event for event in events if not event.what), key=place_in_time)
    times = [time_of(event) for event in statuses]
    placed = [((index, ""), event) for index, event in enumerate(statuses)]
    for event in events:
        if event.what:
            before = sum(time <= time_of(event) for time in times)
            placed.append(((before - 1, time_of(event) + name_of(event)), event))
    return [event for _, event in sorted(placed, key=lambda item: item[0])]


def time_of(event: Event) -> str:
    """Return when an event happened: by Twilio's clock where it said so, else by ours."""
    return event.at or event.received


def state_of(events: Iterable[Event]) -> dict[str, Any]:
    """Return the state that a set of events adds up to, as it is shown: status, final, to, from, duration, error…

    Members that are not known are absent. Events without a status (a machine detection, say) change no status.
    """
    ordered = in_order(events)
    with_status = [event for event in ordered if event.status]
    last = with_status[-1] if with_status else Event()
    state: dict[str, Any] = {
        "status": last.status or UNKNOWN,
        "final": last.status in FINAL,
        "to": first_known(event.to for event in ordered),
        "from": first_known(event.from_ for event in ordered),
        "direction": first_known(event.direction for event in ordered),
        "answered": first_known(event.at for event in ordered if event.status == "in-progress"),
        "ended": time_of(last) if last.status in FINAL else None,
        "duration": first_known(event.duration for event in reversed(ordered)),
        "segments": first_known(event.segments for event in ordered),
        "settled_as": first_known(event.settled_as for event in ordered),
        "error": error_of(last),
    }
    return {name: value for name, value in state.items() if value not in (None, "")}


def error_of(event: Event) -> dict[str, Any] | None:
    """Return the error that an event carries, with the words that explain it."""
    if not event.error_code:
        return None
    return {
        "code": event.error_code,
        "message": explain(event.error_code),
        "more_info": f"https://www.twilio.com/docs/errors/{event.error_code}",
    }


def first_known(values: Iterable[Any]) -> Any:
    """Return the first value that is there."""
    return next((value for value in values if value not in (None, "")), None)


def event_as_shown(event: Event) -> dict[str, Any]:
    """Return one line of the time line."""
    shown = {
        "status": event.status,
        "what": event.what,
        "at": time_of(event),
        "received": event.received,
        "sequence": event.sequence if event.sequence >= 0 else None,
        "duration": event.duration,
        "error": error_of(event),
        "fields": event.fields,
    }
    return {name: value for name, value in shown.items() if value not in (None, "", {})}

"""The state of a call or message: a function of the set of its events, whatever order they arrive in."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import encode
from msgspec.structs import replace

from shared.activity.event import Event, event_of, from_json, name_of, to_json
from shared.activity.state import FINAL, ON_THE_WAY, Summary, TimelineEvent, in_order, state_of, timeline_event


def call_event(number: int, status: str, second: int) -> dict[str, str]:
    """Return one callback of a call."""
    timestamp = f"Sat, 21 Nov 2026 10:00:{second:02d} +0000"
    return {"CallSid": "CA1", "CallStatus": status, "SequenceNumber": str(number), "Timestamp": timestamp}


CALL = [
    call_event(0, "initiated", 0),
    call_event(1, "ringing", 1),
    call_event(2, "in-progress", 4),
    {**call_event(3, "completed", 16), "CallDuration": "12"},
]
TEXT = [
    {"MessageSid": "SM1", "MessageStatus": "queued"},
    {"MessageSid": "SM1", "MessageStatus": "sending"},
    {"MessageSid": "SM1", "MessageStatus": "sent"},
    {"MessageSid": "SM1", "MessageStatus": "delivered", "RawDlrDoneDate": "2611211000"},
]


def merged(forms: list[dict[str, str]]) -> list[Event]:
    """Return the events of a row after these callbacks: merged by name, written as JSON and read."""
    row: dict[str, str] = {}
    for form in forms:
        event = event_of(form)
        row[name_of(event)] = to_json(event)
    return [from_json(value) for value in row.values()]


def outcome(forms: list[dict[str, str]]) -> tuple[Summary, list[TimelineEvent]]:
    """Return state and time line, without the times of receipt, which are those of the test."""
    events = [replace(event, received="") for event in merged(forms)]
    return state_of(events), [timeline_event(event) for event in in_order(events)]


@pytest.mark.parametrize("story", [CALL, TEXT], ids=["call", "text"])
def test_every_order_of_the_callbacks_gives_the_same_state_and_time_line(story: list[dict[str, str]]) -> None:
    """All permutations of the callbacks of a call, and of a message."""
    expected = outcome(story)

    for permutation in itertools.permutations(story):
        assert outcome(list(permutation)) == expected


@given(story=st.sampled_from([CALL, TEXT]), picks=st.data())
def test_duplicates_in_any_order_change_nothing(story: list[dict[str, str]], picks: st.DataObject) -> None:
    """A retried or duplicated callback is the same event again."""
    extra = picks.draw(st.lists(st.sampled_from(story), max_size=6))
    shuffled = picks.draw(st.permutations(story + extra))

    assert outcome(list(shuffled)) == outcome(story)


@given(
    forms=st.lists(
        st.builds(
            lambda status, sequence, error: {
                key: value
                for key, value in {
                    "CallSid": "CA1",
                    "CallStatus": status,
                    "SequenceNumber": sequence,
                    "ErrorCode": error,
                    "Timestamp": "Sat, 21 Nov 2026 10:00:00 +0000",
                }.items()
                if value
            },
            status=st.sampled_from([*ON_THE_WAY, *FINAL, "brand-new", "Überraschung", ""]),
            sequence=st.sampled_from(["", "0", "1", "7", "-1", "x"]),
            error=st.sampled_from(["", "30003", "x"]),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda form: name_of(event_of(form)),
    ),
    data=st.data(),
)
def test_any_set_of_events_has_one_state(forms: list[dict[str, str]], data: st.DataObject) -> None:
    """The set decides, not the order, even for events that no real call has."""
    shuffled = data.draw(st.permutations(forms))

    assert outcome(list(shuffled)) == outcome(forms)


def test_a_completed_call_has_its_answer_its_end_and_its_duration() -> None:
    """Times are Twilio's, in RFC 3339."""
    state = state_of(merged(CALL))

    assert (state.status, state.final) == ("completed", True)
    assert state.answered == "2026-11-21T10:00:04.000Z"
    assert state.ended == "2026-11-21T10:00:16.000Z"
    assert state.duration == 12


@pytest.mark.parametrize("status", FINAL)
def test_a_final_status_is_never_replaced_by_an_earlier_one(status: str) -> None:
    """A late `ringing` or `sent` does not change an ended call or message."""
    for late in ON_THE_WAY:
        state = state_of([Event(status=status), Event(status=late)])

        assert (state.status, state.final) == (status, True)


@pytest.mark.parametrize(("earlier", "later"), list(itertools.pairwise(ON_THE_WAY)))
def test_the_order_of_the_statuses_decides_without_numbers_and_times(earlier: str, later: str) -> None:
    """A message's callbacks have neither."""
    assert state_of([Event(status=later), Event(status=earlier)]).status == later


def test_twilios_sequence_number_takes_precedence_over_the_order_of_the_statuses() -> None:
    """A call's callbacks have it."""
    events = [Event(status="in-progress", sequence=1), Event(status="ringing", sequence=2)]

    assert state_of(events).status == "ringing"


def test_a_status_that_the_app_does_not_know_is_shown_until_a_final_one_arrives() -> None:
    """Twilio may add statuses."""
    assert state_of([Event(status="sent"), Event(status="teleported")]).status == "teleported"
    assert state_of([Event(status="delivered"), Event(status="teleported")]).status == "delivered"


@pytest.mark.parametrize(("one", "other"), [("a.b", "a:b"), ("été", "ete"), ("x" * 65, "x" * 66)])
def test_two_statuses_never_share_a_name(one: str, other: str) -> None:
    """Names must be identifiers; statuses that differ only in other characters get different names."""
    names = {name_of(Event(status=status)) for status in (one, other)}

    assert len(names) == 2
    assert all(name.isidentifier() and name.isascii() and len(name) < 255 for name in names)


def test_a_delivery_error_has_a_code_and_a_message() -> None:
    """The code is Twilio's; the message explains it."""
    error = state_of([event_of({"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"})]).error

    assert error is not None
    assert error.code == 30003
    assert "cannot be reached" in error.message
    assert error.more_info.endswith("/30003")


def test_a_message_that_is_delivered_after_an_error_has_no_error() -> None:
    """The error belongs to the event that decides the state."""
    events = [Event(status="undelivered", error_code=30008), Event(status="delivered")]

    assert state_of(events).error is None


def test_what_is_not_known_is_left_out_of_the_json() -> None:
    """A duration of 0 and `final: false` are known."""
    state = state_of([Event(status="ringing", sequence=0, duration=0)])

    assert json.loads(encode(state)) == {"status": "ringing", "final": False, "duration": 0}


def test_fields_that_twilio_adds_are_stored() -> None:
    """Twilio adds parameters without notice."""
    event = event_of({"CallSid": "CA1", "CallStatus": "ringing", "SequenceNumber": "1", "BrandNewField": "7"})

    assert timeline_event(event).fields == {"BrandNewField": "7"}


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=3000), st.text(alphabet=st.characters(codec="utf-8"), max_size=3000), max_size=60
    )
)
def test_every_form_fits_into_one_property(form: dict[str, str]) -> None:
    """A property contains at most 32,768 characters; a larger event would be lost."""
    text = to_json(event_of({**form, "CallSid": "CA1", "CallStatus": "\x00" * 5000}))

    assert len(text) <= 32_768
    assert from_json(text)

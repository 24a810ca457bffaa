"""The state of a call or message: a function of the set of its events, whatever order they came in."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.activity.event import Event, event_of, from_json, name_of, to_json
from shared.activity.state import FINAL, ON_THE_WAY, event_as_shown, in_order, state_of


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
    """Return the events as the row holds them after these callbacks: merged by name, written as JSON and read."""
    row: dict[str, str] = {}
    for form in forms:
        event = event_of(form)
        row[name_of(event)] = to_json(event)
    return [from_json(value) for value in row.values()]


def outcome(forms: list[dict[str, str]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return state and time line, without the times at which we received the events."""
    events = merged(forms)
    lines = [event_as_shown(event) for event in in_order(events)]
    for line in lines:
        received = line.pop("received")
        if line["at"] == received:
            del line["at"]
    state = state_of(events)
    if "Timestamp" not in forms[0]:
        state.pop("ended", None)
    return state, lines


@pytest.mark.parametrize("story", [CALL, TEXT], ids=["call", "text"])
def test_every_order_of_the_callbacks_gives_the_same_state_and_time_line(story: list[dict[str, str]]) -> None:
    """All permutations of a whole life."""
    expected = outcome(story)

    for permutation in itertools.permutations(story):
        assert outcome(list(permutation)) == expected


@given(story=st.sampled_from([CALL, TEXT]), picks=st.data())
def test_duplicates_in_any_order_change_nothing(story: list[dict[str, str]], picks: st.DataObject) -> None:
    """A retried or doubled callback is the same event again."""
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
    """Even events that no real call would have: the set decides, not the order."""
    shuffled = data.draw(st.permutations(forms))

    assert outcome(list(shuffled)) == outcome(forms)


def test_a_completed_call_tells_when_it_was_answered_and_how_long_it_was() -> None:
    """Times are Twilio's, in RFC 3339."""
    state = state_of(merged(CALL))

    assert state["status"] == "completed"
    assert state["final"] is True
    assert state["answered"] == "2026-11-21T10:00:04.000Z"
    assert state["ended"] == "2026-11-21T10:00:16.000Z"
    assert state["duration"] == 12


@pytest.mark.parametrize("status", FINAL)
def test_nothing_comes_after_a_final_status(status: str) -> None:
    """A late `ringing` or `sent` does not bring an ended call or text back to life."""
    for late in ON_THE_WAY:
        state = state_of([Event(status=status), Event(status=late)])

        assert state["status"] == status
        assert state["final"] is True


@pytest.mark.parametrize(("earlier", "later"), list(itertools.pairwise(ON_THE_WAY)))
def test_statuses_on_the_way_follow_their_order(earlier: str, later: str) -> None:
    """Without numbers or times, the order of the statuses decides."""
    assert state_of([Event(status=later), Event(status=earlier)])["status"] == later


def test_twilios_number_outranks_the_order_of_the_statuses() -> None:
    """Within a call, SequenceNumber is the truth."""
    events = [Event(status="in-progress", sequence=1), Event(status="ringing", sequence=2)]

    assert state_of(events)["status"] == "ringing"


def test_a_status_that_twilio_has_added_since_is_shown() -> None:
    """An unknown status is kept and is the state until a final one comes."""
    assert state_of([Event(status="sent"), Event(status="teleported")])["status"] == "teleported"
    assert state_of([Event(status="delivered"), Event(status="teleported")])["status"] == "delivered"


@pytest.mark.parametrize(("one", "other"), [("a.b", "a:b"), ("été", "ete"), ("x" * 65, "x" * 66)])
def test_two_statuses_never_share_a_name(one: str, other: str) -> None:
    """Names must be identifiers; statuses that would look alike as one are kept apart."""
    names = {name_of(Event(status=status)) for status in (one, other)}

    assert len(names) == 2
    assert all(name.isidentifier() and name.isascii() and len(name) < 255 for name in names)


def test_a_delivery_failure_comes_with_words() -> None:
    """The code is Twilio's, the words say what it means."""
    state = state_of([event_of({"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"})])

    assert state["error"]["code"] == 30003
    assert "cannot be reached" in state["error"]["message"]
    assert state["error"]["more_info"].endswith("/30003")


def test_a_text_that_was_delivered_after_all_has_no_error() -> None:
    """The error belongs to the event that decides the state."""
    events = [Event(status="undelivered", error_code=30008), Event(status="delivered")]

    assert "error" not in state_of(events)


def test_fields_that_twilio_never_sent_before_are_kept() -> None:
    """Twilio adds parameters without notice."""
    event = event_of({"CallSid": "CA1", "CallStatus": "ringing", "SequenceNumber": "1", "BrandNewField": "7"})

    assert event_as_shown(event)["fields"] == {"BrandNewField": "7"}


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=3000), st.text(alphabet=st.characters(codec="utf-8"), max_size=3000), max_size=60
    )
)
def test_whatever_a_form_holds_fits_into_one_property(form: dict[str, str]) -> None:
    """A property holds 32,768 characters; a larger event would be lost for ever."""
    text = to_json(event_of({**form, "CallSid": "CA1", "CallStatus": "\x00" * 5000}))

    assert len(text) <= 32_768
    assert from_json(text)

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
from shared.activity.state import (
    FINAL,
    ON_THE_WAY,
    Summary,
    TimelineEvent,
    identity_of,
    in_order,
    state_of,
    timeline_event,
)

PRIVATE = [
    *("Body", "SpeechResult", "StableSpeechResult", "UnstableSpeechResult", "TranscriptionText", "TranscriptionData"),
    *("Message", "StirPassportToken", "CallToken", "ListTitle", "ListId", "ReferralBody", "ReferralHeadline"),
    *("FlowData", "ButtonText", "ButtonPayload", "InteractiveData", "Address", "Label", "Latitude", "Longitude"),
    *(
        "ProfileName",
        "WaId",
        "CallerName",
        "CallReason",
        "HandoffData",
        "AddOns",
        "ParticipantLabel",
        "CustomParameters",
    ),
    *("PaymentCardNumber", "SipHeader_X-Note", "InboundTrackLabel", "Content", "Name"),
]


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
    """Names must be identifiers, whatever the status."""
    names = {name_of(Event(status=status)) for status in (one, other)}

    assert len(names) == 2
    assert all(name.isidentifier() and name.isascii() and len(name) < 255 for name in names)


CONTENTS = st.builds(
    Event,
    status=st.sampled_from(["ringing", "undelivered", "completed"]),
    sequence=st.sampled_from([-1, 1]),
    error_code=st.sampled_from([None, 30003, 30008]),
    at=st.sampled_from(["", "2026-11-21T10:00:00.000Z", "2026-11-21T10:00:01.000Z"]),
    fields=st.sampled_from([{}, {"Duration": "1"}, {"Duration": "2"}, {"SipResponseCode": "200", "Duration": "1"}]),
)


@given(contents=st.lists(CONTENTS, min_size=1, max_size=6), data=st.data())
def test_of_several_contents_of_one_event_the_same_one_counts_in_any_order(
    contents: list[Event], data: st.DataObject
) -> None:
    """A final status, then the content that says more; each identity is listed once."""
    shuffled = data.draw(st.permutations(contents))
    events = in_order(contents)

    assert in_order(shuffled) == events
    assert len({identity_of(event) for event in events}) == len(events)
    for event in events:
        rivals = [other for other in contents if identity_of(other) == identity_of(event)]
        assert amount(event) == max(map(amount, rivals))


def amount(event: Event) -> tuple[bool, int]:
    """Return whether an event is final, and how much it says."""
    return event.status in FINAL, (event.error_code is not None) + bool(event.at) + len(event.fields)


def test_an_error_code_is_not_lost_to_a_copy_without_one_or_to_a_late_status() -> None:
    """A carrier's report may be repeated without its code."""
    forms = [
        {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"},
        {"MessageSid": "SM1", "MessageStatus": "undelivered"},
        {"MessageSid": "SM1", "MessageStatus": "sent"},
        {"MessageSid": "SM1", "MessageStatus": "queued"},
    ]
    for permutation in itertools.permutations(forms):
        state = outcome(list(permutation))[0]
        assert (state.status, state.error and state.error.code) == ("undelivered", 30003)


@pytest.mark.parametrize(
    ("form", "what"),
    [
        ({"StreamEvent": "stream-started", "StreamSid": "MZ1"}, "stream-started"),
        ({"StreamEvent": "stream-error", "StreamSid": "MZ1", "StreamError": "refused"}, "stream-error"),
        ({"SiprecEvent": "siprec-stopped", "SiprecSid": "SR1"}, "siprec-stopped"),
        ({"TranscriptionEvent": "transcription-started", "TranscriptionSid": "GT1"}, "transcription-started"),
        ({"TranscriptionStatus": "completed", "TranscriptionSid": "TR1"}, "transcription completed"),
        ({"RecordingStatus": "completed", "RecordingSid": "RE1"}, "recording completed"),
        ({"DialCallStatus": "busy", "CallStatus": "in-progress"}, "dial busy"),
        ({"QueueResult": "bridged", "QueueTime": "9", "CallStatus": "in-progress"}, "queue bridged"),
        ({"QueuePosition": "2", "QueueSid": "QU1", "QueueTime": "9", "CallStatus": "in-progress"}, "queue position 2"),
        ({"DequeingCallSid": "CA2", "QueueSid": "QU1", "QueueTime": "9"}, "queue connected"),
        ({"ConferenceSid": "CF1", "StatusCallbackEvent": "participant-join"}, "conference participant-join"),
        ({"ReferCallStatus": "completed", "CallStatus": "in-progress"}, "refer completed"),
        ({"SessionStatus": "ended", "SessionId": "VX1", "HandoffData": "words"}, "session ended"),
        ({"AnsweredBy": "human", "MachineDetectionDuration": "900"}, "answered by human"),
        ({"Digits": "1", "CallStatus": "in-progress"}, "gathered"),
        ({"CallStatus": "ringing", "SequenceNumber": "1"}, ""),
    ],
)
def test_each_kind_of_event_has_a_name(form: dict[str, str], what: str) -> None:
    """In Twilio's own words where it has some; such an event changes no status."""
    event = event_of({"CallSid": "CA1", **form})

    assert event.what == what
    assert bool(event.status) == (not what)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Sat, 21 Nov 2026 10:00:04 +0000", "2026-11-21T10:00:04.000Z"),
        ("Sat, 21 Nov 2026 11:00:04 +0100", "2026-11-21T10:00:04.000Z"),
        ("Sat, 21 Nov 2026 10:00:04 -0000", "2026-11-21T10:00:04.000Z"),
        ("2026-11-21T10:00:04Z", "2026-11-21T10:00:04.000Z"),
        ("2026-11-21T10:00:04.123456Z", "2026-11-21T10:00:04.123Z"),
        ("2026-11-21T11:00:04.5+01:00", "2026-11-21T10:00:04.500Z"),
        ("2026-11-21T10:00:04", "2026-11-21T10:00:04.000Z"),
        ("0001-01-01T00:00:00+23:00", ""),
        ("soon", ""),
        ("", ""),
    ],
)
def test_both_of_twilios_forms_of_a_time_are_read(text: str, time: str) -> None:
    """RFC 2822 for calls and conferences, ISO 8601 for streams and transcriptions."""
    assert event_of({"CallSid": "CA1", "CallStatus": "ringing", "Timestamp": text}).at == time


SECOND = "Sat, 21 Nov 2026 10:00:05 +0000"


@given(order=st.permutations(range(1, 7)), receipts=st.permutations(range(6)))
def test_the_events_of_a_conference_are_in_the_order_of_their_numbers(order: list[int], receipts: list[int]) -> None:
    """Whatever order they arrive in, and although they happened in the same second."""
    words = {1: "conference-start", 6: "conference-end"}
    events = [
        replace(
            event_of(
                {
                    "ConferenceSid": "CF1",
                    "StatusCallbackEvent": words.get(number, "participant-mute"),
                    "SequenceNumber": str(number),
                    "Timestamp": SECOND,
                },
                "conference",
            ),
            received=f"2026-11-21T10:00:0{receipt}.000Z",
        )
        for number, receipt in zip(order, receipts, strict=True)
    ]

    assert [event.sequence for event in in_order(events)] == [1, 2, 3, 4, 5, 6]
    assert state_of(events).status == "completed"


@given(st.permutations(range(5)))
def test_events_of_the_same_second_are_in_the_order_of_their_receipt(order: list[int]) -> None:
    """Twilio's times are whole seconds; a status is between them where it arrived."""
    forms = [
        {"RecordingStatus": "in-progress", "RecordingSid": "RE1"},
        {"DialCallStatus": "busy"},
        {"CallStatus": "completed", "SequenceNumber": "3"},
        {"RecordingStatus": "completed", "RecordingSid": "RE1"},
        {"TranscriptionStatus": "completed"},
    ]
    events = [
        replace(event_of({"CallSid": "CA1", **form, "Timestamp": SECOND}), received=f"2026-11-21T10:00:0{number}.000Z")
        for number, form in enumerate(forms)
    ]

    assert in_order([events[number] for number in order]) == events


@given(st.dictionaries(st.sampled_from([*PRIVATE, "AnythingNew"]), st.just("a secret"), min_size=1))
def test_only_documented_fields_without_words_or_tokens_are_kept(form: dict[str, str]) -> None:
    """Nothing that was said or written, and no field that Twilio adds later."""
    for kind in ("call", "message", "conference"):
        event = event_of({"CallSid": "CA1", "SipResponseCode": "200", **form}, kind)

        assert "a secret" not in to_json(event)
        assert event.fields["SipResponseCode"] == "200"


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

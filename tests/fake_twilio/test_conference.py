"""Several calls together: conferences and queues."""

from __future__ import annotations

import pytest

from fake_twilio.testing import PhoneCall
from tests.support.fake_twilio_stage import OURS, Stage, sound, twiml

ANN, BOB, CAT = "+15552220001", "+15552220002", "+15552220003"


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """A stage whose app answers the account's number."""
    stage.fake.serve_numbers_from(stage.app.base_url)
    stage.app.reply("/after", twiml("<Say>after</Say>"))
    stage.app.reply("/music", twiml("<Play>/a.wav</Play><Redirect/>"))
    stage.app.reply("/a.wav", sound())
    return stage


def call_in(stage: Stage, number: str, body: str) -> PhoneCall:
    """Call the account's number from a phone; the app answers with this TwiML."""
    stage.app.reply("/api/answer_call", twiml(body))
    phone_call = stage.fake.phone(number).call(OURS)
    stage.fake.wait_for(lambda: phone_call.call.answered, "the call to be answered", 5)
    return phone_call


def room(stage: Stage, number: str, attributes: str = "", dial: str = "action='/after'") -> PhoneCall:
    """Return a call that is in the conference."""
    body = f"<Dial {dial}><Conference {attributes}>room</Conference></Dial>"
    phone_call = call_in(stage, number, body)
    phone_call.wait_until_in_conference("room")
    return phone_call


def test_three_callers_meet_in_a_conference(stage: Stage) -> None:
    """It starts with the second; each hears the others; it ends when the last has left."""
    events = "statusCallback='/events' statusCallbackEvent='start end join leave'"
    ann = room(stage, ANN, events)
    assert stage.fake.ask(lambda: ann.call.line.connected_to) == []
    bob = room(stage, BOB)
    ann.wait_until_connected_to(BOB)
    cat = room(stage, CAT, "muted='true' participantLabel='cat'")
    for one, other in ((ann, CAT), (bob, CAT), (cat, ANN), (cat, BOB)):
        one.wait_until_connected_to(other)
    stage.fake.wait_until_quiet()
    for one in (bob, cat, ann):
        one.hang_up()
        one.wait_until("completed")
    stage.fake.wait_until_quiet()
    forms = stage.app.forms("/events")
    assert [form["StatusCallbackEvent"].partition("-")[2] for form in forms] == [
        "join", "join", "start", "join", "leave", "leave", "leave", "end",
    ]  # fmt: skip
    assert {form["FriendlyName"] for form in forms} == {"room"}
    assert len({form["ConferenceSid"] for form in forms}) == 1
    assert [form["SequenceNumber"] for form in forms] == [str(number) for number in range(1, 9)]
    assert (forms[3]["CallSid"], forms[3]["Muted"], forms[3]["ParticipantLabel"]) == (cat.sid, "true", "cat")
    assert (forms[-1]["CallSidEndingConference"], forms[-1]["ReasonConferenceEnded"]) == (
        ann.sid, "last-participant-left",
    )  # fmt: skip
    assert [form["DialCallStatus"] for form in stage.app.forms("/after")] == ["answered"] * 3
    assert stage.fake.faults == []


def test_a_conference_waits_for_its_moderator_and_ends_with_them(stage: Stage) -> None:
    """Waiting callers hear the waitUrl; when the moderator leaves, the others continue after their Dial."""
    ann = room(stage, ANN, "startConferenceOnEnter='false' waitUrl='/music'")
    bob = room(stage, BOB, "startConferenceOnEnter='false' waitUrl=''")
    stage.fake.wait_until_quiet()
    assert stage.fake.ask(lambda: ann.call.line.connected_to) == []
    assert [step.verb for step in ann.steps] == ["fetch", "Dial", "fetch", "Play", "Redirect"]
    moderator = room(stage, CAT, "endConferenceOnExit='true'")
    ann.wait_until_connected_to(BOB)
    moderator.hang_up()
    for one in (ann, bob):
        one.wait_until("completed")
        assert one.heard() == "after"
    stage.fake.wait_until_quiet()
    assert stage.fake.faults == []


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("hang up", ("participant_hung_up", "completed")),
        ("update", ("participant_updated_via_api", "in-progress")),
        ("complete", ("participant_updated_via_api", "completed")),
        ("moderator", ("moderator_ended_conference", "in-progress")),
    ],
)
def test_a_callback_says_why_a_participant_has_left(stage: Stage, how: str, expected: tuple[str, str]) -> None:
    """With the status of the call; an update before the call joined does not count."""
    ann = room(stage, ANN, "statusCallback='/events' statusCallbackEvent='leave end' endConferenceOnExit='true'")
    bob = call_in(stage, BOB, "<Gather timeout='60'/>")
    bob.wait_until_listening()
    document = (
        "<Response><Dial><Conference participantLabel='bob'>room</Conference></Dial><Pause length='9'/></Response>"
    )
    stage.client.calls(bob.sid).update(twiml=document)
    bob.wait_until_connected_to(ANN)
    if how == "hang up":
        bob.hang_up()
    elif how == "update":
        stage.client.calls(bob.sid).update(twiml="<Response><Pause length='9'/></Response>")
    elif how == "complete":
        stage.client.calls(bob.sid).update(status="completed")
    else:
        ann.hang_up()
    bob.wait_until("completed")
    stage.fake.wait_until_quiet()
    (left,) = [form for form in stage.app.forms("/events") if form.get("CallSid") == bob.sid]
    assert (left["ReasonParticipantLeft"], left["ParticipantCallStatus"]) == expected


def test_participants_are_listed_muted_and_removed_by_rest(stage: Stage) -> None:
    """A participant is found by the SID of the call or by the label."""
    ann = room(stage, ANN, "statusCallback='/events' statusCallbackEvent='leave end'")
    bob = room(stage, BOB, "participantLabel='bob'")
    ann.wait_until_connected_to(BOB)
    (found,) = stage.client.conferences.list(friendly_name="room", status="in-progress")
    assert stage.client.conferences.list(friendly_name="other") == []
    assert {one.call_sid for one in found.participants.list()} == {ann.sid, bob.sid}
    assert stage.client.conferences(found.sid).participants("bob").update(muted=True).muted is True
    assert stage.client.conferences(found.sid).participants(bob.sid).fetch().muted is True
    assert stage.client.conferences(found.sid).participants(bob.sid).delete() is True
    bob.wait_until("completed")
    assert stage.client.conferences(found.sid).update(status="completed").status == "completed"
    ann.wait_until("completed")
    stage.fake.wait_until_quiet()
    forms = stage.app.forms("/events")
    assert [form.get("ReasonParticipantLeft") for form in forms] == [
        "participant_updated_via_api", "conference_ended_via_api", None,
    ]  # fmt: skip
    assert forms[-1]["ReasonConferenceEnded"] == "conference-ended-via-api"
    assert stage.client.conferences.list() == []


def test_the_end_of_a_conference_names_the_label_of_the_participant_who_ended_it(stage: Stage) -> None:
    """Only a participant with a label has one."""
    ann = room(stage, ANN, "statusCallback='/events' statusCallbackEvent='end' participantLabel='ann'")
    ann.hang_up()
    ann.wait_until("completed")
    stage.fake.wait_until_quiet()
    (form,) = stage.app.forms("/events")
    assert form["ParticipantLabelEndingConference"] == "ann"


def test_a_conference_can_be_left_and_entered_again(stage: Stage) -> None:
    """With `*`, if hangupOnStar is set; afterwards the same name is a new conference."""
    ann = room(stage, ANN, "", "action='/after' hangupOnStar='true'")
    first = stage.fake.ask(lambda: stage.fake.simulator.conferences["room"].sid)
    ann.press("1*")
    ann.wait_until("completed")
    assert ann.heard() == "after"
    room(stage, ANN)
    assert stage.fake.ask(lambda: stage.fake.simulator.conferences["room"].sid) != first


def test_hangup_on_star_works_after_a_gather_in_the_wait_url(stage: Stage) -> None:
    """While the Gather runs, it gets the keys; afterwards the conference does."""
    stage.app.reply("/music", twiml("<Gather numDigits='1' action='/more'/>"))
    stage.app.reply("/more", twiml("<Say>one moment</Say>"))
    ann = room(stage, ANN, "waitUrl='/music'", "action='/after' hangupOnStar='true'")
    ann.wait_until_listening()
    ann.press("1")
    ann.wait_until_heard("one moment")
    stage.fake.wait_until_quiet()
    ann.press("*")
    ann.wait_until("completed")
    assert ann.heard() == "one moment after"


def test_a_full_conference_is_reported_to_the_action(stage: Stage) -> None:
    """The caller does not join."""
    for number in (ANN, BOB):
        room(stage, number, "maxParticipants='2'")
    body = "<Dial action='/after'><Conference maxParticipants='2'>room</Conference></Dial>"
    cat = call_in(stage, CAT, body)
    cat.wait_until("completed")
    assert [form["DialCallStatus"] for form in stage.app.forms("/after")] == ["failed"]


def test_a_conference_is_recorded(stage: Stage) -> None:
    """From its start; its callback names the conference, and no call."""
    ann = room(stage, ANN, "record='record-from-start' recordingStatusCallback='/rec'")
    bob = room(stage, BOB)
    ann.wait_until_connected_to(BOB)
    for one in (ann, bob):
        one.hang_up()
        one.wait_until("completed")
    stage.fake.wait_until_quiet()
    (form,) = stage.app.forms("/rec")
    assert (form["RecordingSource"], form["ConferenceSid"][:2], form["RecordingStatus"]) == (
        "Conference", "CF", "completed",
    )  # fmt: skip
    assert "CallSid" not in form


def enqueue(stage: Stage, number: str, attributes: str = "") -> PhoneCall:
    """Return a call that waits in the queue."""
    body = f"<Enqueue action='/after' waitUrl='/music' {attributes}>support</Enqueue><Say>never</Say>"
    phone_call = call_in(stage, number, body)
    phone_call.wait_until_in_queue("support")
    return phone_call


def test_an_agent_gets_the_first_caller_in_the_queue(stage: Stage) -> None:
    """Callers hear the waitUrl, which gets their position; the agent's document runs before the connection."""
    stage.app.reply("/greet", twiml("<Say>here is Cat</Say>"))
    ann, bob = enqueue(stage, ANN), enqueue(stage, BOB)
    stage.fake.wait_until_quiet()
    places = [(form["CallSid"], form["QueuePosition"], form["CurrentQueueSize"]) for form in stage.app.forms("/music")]
    assert places == [(ann.sid, "1", "1"), (bob.sid, "2", "2")]
    agent = call_in(stage, CAT, "<Dial action='/agent'><Queue url='/greet'>support</Queue></Dial>")
    stage.app.reply("/agent", twiml("<Hangup/>"))
    agent.wait_until_connected_to(ANN)
    ann.wait_until_connected_to(CAT)
    assert ann.heard() == "here is Cat"
    assert stage.app.forms("/greet")[0]["DequeingCallSid"] == agent.sid
    agent.hang_up()
    ann.wait_until("completed")
    stage.fake.wait_until_quiet()
    (form,) = stage.app.forms("/after")
    assert (form["QueueResult"], form["QueueSid"][:2], ann.heard()) == ("bridged", "QU", "here is Cat after")
    assert stage.app.forms("/agent")[0]["DialCallSid"] == ann.sid
    assert stage.fake.ask(lambda: (ann.call.line.queue, bob.call.line.queue)) == (None, "support")
    assert stage.fake.faults == []


def test_an_agent_waits_for_the_next_caller(stage: Stage) -> None:
    """In an empty queue; when the caller hangs up, the agent's document continues."""
    enqueue(stage, ANN).hang_up()
    agent = call_in(stage, CAT, "<Dial action='/agent'><Queue>support</Queue></Dial>")
    stage.app.reply("/agent", twiml("<Say>next please</Say>"))
    stage.fake.wait_until_quiet()
    bob = call_in(stage, BOB, "<Enqueue action='/after'>support</Enqueue>")
    agent.wait_until_connected_to(BOB)
    bob.hang_up()
    agent.wait_until("completed")
    assert agent.heard() == "next please"
    stage.fake.wait_until_quiet()
    assert [form["QueueResult"] for form in stage.app.forms("/after")] == ["hangup", "bridged"]


@pytest.mark.parametrize(
    ("queue", "status"), [("<Queue>nowhere</Queue>", "failed"), ("<Queue>support</Queue>", "no-answer")]
)
def test_a_dial_to_an_empty_queue_ends(stage: Stage, queue: str, status: str) -> None:
    """Immediately if the queue does not exist, else after the timeout."""
    enqueue(stage, ANN).hang_up()
    stage.fake.wait_until_quiet()
    agent = call_in(stage, CAT, f"<Dial action='/agent' timeout='1'>{queue}</Dial>")
    stage.app.reply("/agent", twiml(""))
    agent.wait_until("completed")
    assert [form["DialCallStatus"] for form in stage.app.forms("/agent")] == [status]


def test_the_verb_queue_connects_to_a_caller_too(stage: Stage) -> None:
    """Like the noun; then the next verb runs."""
    ann = enqueue(stage, ANN)
    agent = call_in(stage, CAT, "<Queue>support</Queue><Say>done</Say>")
    agent.wait_until_connected_to(ANN)
    ann.hang_up()
    agent.wait_until("completed")
    assert agent.heard() == "done"


def test_leave_ends_the_wait_in_a_queue(stage: Stage) -> None:
    """In the document of waitUrl; elsewhere it is a fault."""
    stage.app.reply("/music", twiml("<Gather numDigits='1' action='/leave'/>"))
    stage.app.reply("/leave", twiml("<Leave/>"))
    ann = enqueue(stage, ANN)
    ann.wait_until_listening()
    ann.press("1")
    ann.wait_until("completed")
    assert [form["QueueResult"] for form in stage.app.forms("/after")] == ["leave"]
    assert stage.fake.faults == []
    bob = call_in(stage, BOB, "<Leave/>")
    bob.wait_until("completed")
    assert ["not in a queue" in fault.detail for fault in stage.fake.faults] == [True]


def test_a_full_queue_is_reported_to_the_action(stage: Stage) -> None:
    """Immediately."""
    enqueue(stage, ANN)
    bob = call_in(stage, BOB, "<Enqueue action='/after' maxQueueSize='1'>support</Enqueue>")
    bob.wait_until("completed")
    assert [form["QueueResult"] for form in stage.app.forms("/after")] == ["queue-full"]


def test_a_verb_that_a_wait_url_must_not_use_is_a_fault(stage: Stage) -> None:
    """The caller continues to wait, without music."""
    stage.app.reply("/music", twiml("<Dial>+15559990000</Dial>"))
    ann = enqueue(stage, ANN)
    stage.fake.wait_until_quiet()
    assert ["Dial: not allowed" in fault.detail for fault in stage.fake.faults] == [True]
    assert ann.status == "in-progress"


def test_a_reset_ends_conferences_and_queues_without_callbacks(stage: Stage) -> None:
    """The next test gets no callback of a stopped call."""
    told = "statusCallback='/events' statusCallbackEvent='start end join leave'"
    room(stage, ANN, told)
    room(stage, BOB)
    recorded = call_in(stage, CAT, "<Record action='/after' recordingStatusCallback='/events'/>")
    recorded.wait_until_recording()
    stage.fake.wait_until_quiet()
    before = len(stage.app.received)
    stage.fake.reset()
    other = call_in(stage, CAT, "<Say>hello</Say>")
    other.wait_until("completed")
    stage.fake.wait_until_quiet()
    assert [received.path for received in stage.app.received[before:]] == ["/api/answer_call", "/api/status_callback"]
    assert stage.fake.faults == []

"""The life of a call: how it rings, how it ends, and what it says of itself meanwhile."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from tests.support.fake_twilio_stage import ALL_EVENTS, OURS, THEIRS, Stage, twiml


def statuses(stage: Stage) -> list[str]:
    """The statuses that were told."""
    return [form["CallStatus"] for form in stage.app.forms()]


def test_a_call_that_is_answered_goes_through_all_its_statuses(stage: Stage) -> None:
    """Initiated, ringing, in progress, completed: told in this order, numbered from 0, each signed."""
    call = stage.call()
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    assert phone_call.status == "ringing"
    phone_call.answer()
    phone_call.wait_until("completed")
    stage.fake.wait_until_quiet()
    assert statuses(stage) == ["initiated", "ringing", "in-progress", "completed"]
    assert [form["SequenceNumber"] for form in stage.app.forms()] == ["0", "1", "2", "3"]
    assert all(received.signed and received.method == "POST" for received in stage.app.received)
    fetched = stage.client.calls(call.sid).fetch()
    assert (fetched.status, fetched.duration, fetched.answered_by) == ("completed", "1", None)
    assert fetched.start_time <= fetched.end_time
    assert stage.fake.faults == []


def test_a_callback_carries_the_fields_of_twilio(stage: Stage) -> None:
    """Everything that Twilio sends at the end of a call, blanks included."""
    sid = stage.call().sid
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    form = stage.app.forms()[-1]
    assert parsedate_to_datetime(form.pop("Timestamp")).utcoffset() is not None
    expected = {
        "CallSid": sid,
        "AccountSid": stage.fake.account.sid,
        "From": OURS,
        "To": THEIRS,
        "Caller": OURS,
        "Called": THEIRS,
        "CallStatus": "completed",
        "ApiVersion": "2010-04-01",
        "Direction": "outbound-api",
        "CallDuration": "1",
        "Duration": "1",
        "SipResponseCode": "200",
        "CallbackSource": "call-progress-events",
        "SequenceNumber": "3",
    }
    for side in ("From", "To", "Caller", "Called"):
        expected |= {f"{side}City": "", f"{side}State": "", f"{side}Zip": "", f"{side}Country": "US"}
    assert form == expected


@pytest.mark.parametrize(
    ("fate", "status", "sip"),
    [("decline", "busy", "486"), ("ring_out", "no-answer", "487"), ("cancel", "canceled", "487")],
)
def test_a_call_that_is_not_answered_ends_with_its_reason(stage: Stage, fate: str, status: str, sip: str) -> None:
    """Declined, not picked up, canceled: each has its final status, no duration, and no answered event."""
    call = stage.call()
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    if fate == "cancel":
        stage.client.calls(call.sid).update(status="canceled")
    else:
        getattr(phone_call, fate)()
    phone_call.wait_until(status)
    stage.fake.wait_until_quiet()
    assert statuses(stage) == ["initiated", "ringing", status]
    last = stage.app.forms()[-1]
    assert (last["CallDuration"], last["Duration"], last["SipResponseCode"]) == ("0", "0", sip)
    assert stage.client.calls(call.sid).fetch().duration == "0"


def test_nobody_picks_up_before_the_timeout(stage: Stage) -> None:
    """The ring time is the call's Timeout, in real seconds when people take no time."""
    stage.call(timeout=1)
    stage.fake.phone(THEIRS).wait_for_call().wait_until("no-answer", timeout=3)


@pytest.mark.parametrize(("how", "status"), [("switch_off", "no-answer"), ("disconnect", "failed")])
def test_a_phone_that_cannot_be_reached_never_rings(stage: Stage, how: str, status: str) -> None:
    """A phone that is off, and a number that nobody has."""
    getattr(stage.fake.phone(THEIRS), how)()
    stage.call()
    stage.fake.phone(THEIRS).wait_for_call().wait_until(status)
    stage.fake.wait_until_quiet()
    assert statuses(stage) == ["initiated", status]


def test_a_phone_that_was_switched_on_again_rings(stage: Stage) -> None:
    """Off is not for ever."""
    phone = stage.fake.phone(THEIRS)
    phone.switch_off()
    phone.switch_on()
    stage.call()
    assert phone.wait_for_call().status == "ringing"


def test_a_phone_may_answer_by_itself(stage: Stage) -> None:
    """Nobody has to click."""
    stage.fake.phone(THEIRS).answers_by_itself()
    stage.call()
    stage.fake.wait_until_quiet()
    assert statuses(stage)[-1] == "completed"


def test_on_autopilot_every_phone_answers_by_itself() -> None:
    """As `--autopilot` has it."""
    with Stage.ready(autopilot=True) as stage:
        stage.call()
        stage.fake.wait_until_quiet()
        assert statuses(stage)[-1] == "completed"


def test_hanging_up_ends_what_runs(stage: Stage) -> None:
    """A person need not listen to the end."""
    stage.call(twiml='<Response><Say loop="0">For ever and ever</Say><Say>never heard</Say></Response>')
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    phone_call.answer()
    phone_call.wait_until_heard("For ever")
    phone_call.hang_up()
    phone_call.wait_until("completed")
    assert phone_call.heard() == "For ever and ever"


def test_the_time_limit_ends_a_call(stage: Stage) -> None:
    """TimeLimit is in real seconds when people take no time."""
    stage.call(time_limit=1, twiml='<Response><Say loop="0">For ever</Say></Response>')
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    phone_call.answer()
    phone_call.wait_until("completed", timeout=3)
    assert stage.client.calls(phone_call.sid).fetch().duration == "2"


def test_answering_twice_is_an_error_of_the_test(stage: Stage) -> None:
    """A call rings once."""
    stage.call()
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    phone_call.decline()
    with pytest.raises(AssertionError, match="does not ring"):
        phone_call.answer()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (None, ["completed"]),
        (["ringing"], ["ringing"]),
        (["answered", "completed"], ["in-progress", "completed"]),
        (ALL_EVENTS, ["initiated", "ringing", "in-progress", "completed"]),
    ],
)
def test_only_the_events_that_were_asked_for_are_told(stage: Stage, asked: list[str] | None, told: list[str]) -> None:
    """Without StatusCallbackEvent only the end is told; SequenceNumber counts what is told."""
    stage.call(status_callback_event=asked)
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    assert statuses(stage) == told
    assert [form["SequenceNumber"] for form in stage.app.forms()] == [str(number) for number in range(len(told))]


def test_without_a_callback_address_nothing_is_told(stage: Stage) -> None:
    """StatusCallback is optional."""
    stage.post("Calls.json", {"To": THEIRS, "From": OURS, "Twiml": "<Response/>"})
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    assert stage.fake.webhooks == []


def test_callbacks_by_get_carry_their_fields_in_the_query(stage: Stage) -> None:
    """StatusCallbackMethod GET: signed over the whole address."""
    stage.call(status_callback=stage.app.url("/status?key=a%20b"), status_callback_method="GET")
    stage.fake.phone(THEIRS).wait_for_call().decline()
    stage.fake.wait_until_quiet()
    received = stage.app.received[-1]
    assert (received.method, received.signed) == ("GET", True)
    assert received.path.startswith("/status?key=a%20b&CallSid=CA")


@pytest.mark.parametrize(
    ("parameters", "answered_by"),
    [
        ({}, None),
        ({"machine_detection": "Enable"}, "human"),
        ({"machine_detection": "Enable", "send_digits": "1"}, None),
    ],
)
def test_machine_detection_finds_a_person(stage: Stage, parameters: dict[str, str], answered_by: str | None) -> None:
    """AnsweredBy is told to the document, at the end, and in the resource; SendDigits switches it off."""
    url = stage.app.reply("/twiml", twiml("<Say>hi</Say>"))
    call = stage.call(url=url, **parameters)
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    assert stage.app.forms("/twiml")[0].get("AnsweredBy") == answered_by
    assert stage.app.forms()[-1].get("AnsweredBy") == answered_by
    assert stage.client.calls(call.sid).fetch().answered_by == answered_by


def test_machine_detection_beside_the_call_has_its_own_callback(stage: Stage) -> None:
    """AsyncAmd tells who answered to an address of its own."""
    call = stage.call(machine_detection="Enable", async_amd="true", async_amd_status_callback=stage.app.url("/amd"))
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    assert [(form["CallSid"], form["AnsweredBy"]) for form in stage.app.forms("/amd")] == [(call.sid, "human")]


def test_a_call_can_be_recorded(stage: Stage) -> None:
    """The recording is named at the end of the call, and told to its own callback."""
    stage.call(record=True, recording_status_callback=stage.app.url("/recorded"))
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    end, recording = stage.app.forms()[-1], stage.app.forms("/recorded")[0]
    assert end["RecordingSid"].startswith("RE")
    assert end["RecordingUrl"] == recording["RecordingUrl"]
    assert end["RecordingUrl"].endswith(end["RecordingSid"])
    assert (recording["RecordingStatus"], recording["RecordingDuration"]) == ("completed", "1")


def test_clients_and_sip_addresses_are_phones_too(stage: Stage) -> None:
    """Whatever can be called rings."""
    stage.call(to="client:alice")
    assert stage.fake.phone("client:alice").wait_for_call().status == "ringing"


def test_people_take_their_time() -> None:
    """At a pace above 0 the words take a while: the call is in progress meanwhile."""
    with Stage.ready(pace=0.1) as stage:
        stage.call(twiml="<Response><Say>one two three four five</Say><Pause length='2'/></Response>")
        phone_call = stage.fake.phone(THEIRS).wait_for_call()
        phone_call.answer()
        phone_call.wait_until_heard("one two")
        assert phone_call.status == "in-progress"
        assert [(step.verb, step.state) for step in phone_call.steps] == [("Say", "now")]
        phone_call.wait_until("completed")
        assert [(step.verb, step.state) for step in phone_call.steps] == [("Say", "done"), ("Pause", "done")]

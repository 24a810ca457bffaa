"""The lifecycle of a call: ringing, ending, and its callbacks."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from tests.support.fake_twilio_stage import ALL_EVENTS, OURS, THEIRS, Stage, refused, twiml


def statuses(stage: Stage) -> list[str]:
    """Return the statuses that were reported."""
    return [form["CallStatus"] for form in stage.app.forms()]


def test_an_answered_call_reports_all_its_statuses(stage: Stage) -> None:
    """Initiated, ringing, in progress, completed: in this order, numbered from 0, each signed."""
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


def test_the_last_callback_has_the_fields_that_twilio_sends(stage: Stage) -> None:
    """Blank ones too."""
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
def test_a_call_that_is_not_answered_ends_with_the_reason(stage: Stage, fate: str, status: str, sip: str) -> None:
    """Declined, not answered, canceled: a final status each, no duration, and no answered event."""
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


def test_a_call_rings_for_its_timeout(stage: Stage) -> None:
    """In real seconds at pace 0."""
    stage.call(timeout=1)
    stage.fake.phone(THEIRS).wait_for_call().wait_until("no-answer", timeout=3)


@pytest.mark.parametrize(("how", "status"), [("switch_off", "no-answer"), ("disconnect", "failed")])
def test_an_unreachable_phone_does_not_ring(stage: Stage, how: str, status: str) -> None:
    """A phone that is switched off, and a number that is not in service."""
    getattr(stage.fake.phone(THEIRS), how)()
    stage.call()
    stage.fake.phone(THEIRS).wait_for_call().wait_until(status)
    stage.fake.wait_until_quiet()
    assert statuses(stage) == ["initiated", status]


def test_a_phone_that_was_switched_on_again_rings(stage: Stage) -> None:
    """Switching off is not permanent."""
    phone = stage.fake.phone(THEIRS)
    phone.switch_off()
    phone.switch_on()
    stage.call()
    assert phone.wait_for_call().status == "ringing"


def test_a_phone_can_answer_by_itself(stage: Stage) -> None:
    """No person has to click."""
    stage.fake.phone(THEIRS).answers_by_itself()
    stage.call()
    stage.fake.wait_until_quiet()
    assert statuses(stage)[-1] == "completed"


def test_with_autopilot_every_phone_answers_by_itself() -> None:
    """As with the option `--autopilot`."""
    with Stage.ready(autopilot=True) as stage:
        stage.call()
        stage.fake.wait_until_quiet()
        assert statuses(stage)[-1] == "completed"


def test_hanging_up_ends_the_running_verb(stage: Stage) -> None:
    """A person need not listen to the end."""
    stage.call(twiml='<Response><Say loop="0">For ever and ever</Say><Say>never heard</Say></Response>')
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    phone_call.answer()
    phone_call.wait_until_heard("For ever")
    phone_call.hang_up()
    phone_call.wait_until("completed")
    assert phone_call.heard() == "For ever and ever"


def test_the_time_limit_ends_a_call(stage: Stage) -> None:
    """TimeLimit is in real seconds at pace 0."""
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
def test_only_the_requested_events_are_reported(stage: Stage, asked: list[str] | None, told: list[str]) -> None:
    """By default only the end; SequenceNumber counts the reported events."""
    stage.call(status_callback_event=asked)
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    assert statuses(stage) == told
    assert [form["SequenceNumber"] for form in stage.app.forms()] == [str(number) for number in range(len(told))]


def test_without_a_callback_address_nothing_is_reported(stage: Stage) -> None:
    """StatusCallback is optional."""
    stage.post("Calls.json", {"To": THEIRS, "From": OURS, "Twiml": "<Response/>"})
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    assert stage.fake.webhooks == []


def test_callbacks_by_get_have_their_parameters_in_the_query(stage: Stage) -> None:
    """StatusCallbackMethod GET: the signature covers the whole address."""
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
    """AnsweredBy is in the request for TwiML, in the last callback and in the resource; not with SendDigits."""
    url = stage.app.reply("/twiml", twiml("<Say>hi</Say>"))
    call = stage.call(url=url, **parameters)
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    assert stage.app.forms("/twiml")[0].get("AnsweredBy") == answered_by
    assert stage.app.forms()[-1].get("AnsweredBy") == answered_by
    assert stage.client.calls(call.sid).fetch().answered_by == answered_by


def test_asynchronous_machine_detection_has_its_own_callback(stage: Stage) -> None:
    """AsyncAmd reports to an address of its own."""
    call = stage.call(machine_detection="Enable", async_amd="true", async_amd_status_callback=stage.app.url("/amd"))
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    assert [(form["CallSid"], form["AnsweredBy"]) for form in stage.app.forms("/amd")] == [(call.sid, "human")]


def test_a_call_can_be_recorded(stage: Stage) -> None:
    """The recording is named in the last callback of the call, and has a callback of its own."""
    stage.call(record=True, recording_status_callback=stage.app.url("/recorded"))
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    end, recording = stage.app.forms()[-1], stage.app.forms("/recorded")[0]
    assert end["RecordingSid"].startswith("RE")
    assert end["RecordingUrl"] == recording["RecordingUrl"]
    assert end["RecordingUrl"].endswith(end["RecordingSid"])
    assert (recording["RecordingStatus"], recording["RecordingDuration"]) == ("completed", "1")


def test_clients_and_sip_addresses_are_phones_too(stage: Stage) -> None:
    """Every valid callee rings."""
    stage.call(to="client:alice")
    assert stage.fake.phone("client:alice").wait_for_call().status == "ringing"


def test_above_pace_0_verbs_take_time() -> None:
    """The call is in progress meanwhile."""
    with Stage.ready(pace=0.1) as stage:
        stage.call(twiml="<Response><Say>one two three four five</Say><Pause length='2'/></Response>")
        phone_call = stage.fake.phone(THEIRS).wait_for_call()
        phone_call.answer()
        phone_call.wait_until_heard("one two")
        assert phone_call.status == "in-progress"
        assert [(step.verb, step.state) for step in phone_call.steps] == [("Say", "now")]
        phone_call.wait_until("completed")
        assert [(step.verb, step.state) for step in phone_call.steps] == [("Say", "done"), ("Pause", "done")]


def test_a_call_is_recorded_by_rest(stage: Stage) -> None:
    """Started, paused, resumed and stopped; the callbacks say so, and what still runs ends with the call."""
    call = stage.call(twiml="<Response><Pause length='600'/><Gather timeout='600'/></Response>")
    with refused(21220):
        call.recordings.create()
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    phone_call.answer()
    phone_call.wait_until_listening()
    events = ["in-progress", "completed"]
    told = {"recording_status_callback": stage.app.url("/told"), "recording_status_callback_event": events}
    first = call.recordings.create(recording_channels="dual", **told)
    statuses = [
        call.recordings("Twilio.CURRENT").update(status=status).status
        for status in ("paused", "in-progress", "stopped")
    ]
    second = call.recordings.create(**told)
    with refused(21220):
        call.recordings(first.sid).update(status="paused")
    phone_call.hang_up()
    stage.fake.wait_until_quiet()

    assert statuses == ["paused", "in-progress", "completed"]
    assert (first.source, first.channels, call.recordings(second.sid).fetch().status) == (
        "StartCallRecordingAPI",
        2,
        "completed",
    )
    told_about = [(form["RecordingSid"], form["RecordingStatus"]) for form in stage.app.forms("/told")]
    assert told_about == [(sid, event) for sid in (first.sid, second.sid) for event in events]

"""Dial: another phone rings, the two are connected, and the action gets the outcome."""

from __future__ import annotations

import pytest

from fake_twilio.testing import PhoneCall
from tests.support.fake_twilio_stage import ALL_EVENTS, OURS, THEIRS, Stage, twiml

ANN, BOB = "+15552220001", "+15552220002"


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """A stage whose app answers the account's number, and gets the outcome of a Dial."""
    stage.fake.serve_numbers_from(stage.app.base_url)
    stage.app.reply("/after", twiml("<Say>after</Say>"))
    return stage


def call_in(stage: Stage, body: str) -> PhoneCall:
    """Call the account's number from a phone; the app answers with this TwiML."""
    stage.app.reply("/api/answer_call", twiml(body))
    return stage.fake.phone(THEIRS).call(OURS)


def outcome(stage: Stage, phone_call: PhoneCall, *names: str) -> list[str | None]:
    """Return DialCallStatus and other parameters that the action got."""
    phone_call.wait_until("completed")
    stage.fake.wait_until_quiet()
    (form,) = stage.app.forms("/after")
    return [form.get(name) for name in ("DialCallStatus", *names)]


def test_the_other_phone_rings_and_the_two_are_connected(stage: Stage) -> None:
    """The other phone shows the caller's number; when it hangs up, the action is requested."""
    phone_call = call_in(stage, f"<Dial action='/after'>{ANN}</Dial><Say>never</Say>")
    leg = stage.fake.phone(ANN).wait_for_call()
    assert (leg.call.from_, leg.call.direction, leg.call.parent_call_sid) == (THEIRS, "outbound-dial", phone_call.sid)
    leg.answer()
    phone_call.wait_until_connected_to(ANN)
    leg.wait_until_connected_to(THEIRS)
    stage.fake.wait_until_quiet()
    leg.hang_up()
    names = ("DialCallSid", "DialCallDuration", "DialBridged")
    assert outcome(stage, phone_call, *names) == ["completed", leg.sid, "1", "true"]
    assert (leg.status, phone_call.heard()) == ("completed", "after")
    assert [call.sid for call in stage.client.calls.list(parent_call_sid=phone_call.sid)] == [leg.sid]
    assert stage.fake.ask(lambda: (phone_call.call.line.connected_to, leg.call.line.connected_to)) == ([], [])
    assert stage.fake.faults == []


def test_without_an_action_the_next_verb_runs(stage: Stage) -> None:
    """After the other phone has hung up."""
    phone_call = call_in(stage, f"<Dial>{ANN}</Dial><Say>next</Say>")
    leg = stage.fake.phone(ANN).wait_for_call()
    leg.answer()
    phone_call.wait_until_connected_to(ANN)
    leg.hang_up()
    phone_call.wait_until("completed")
    assert phone_call.heard() == "next"


@pytest.mark.parametrize(("how", "status"), [("decline", "busy"), ("ring_out", "no-answer")])
def test_a_phone_that_is_not_answered_is_reported_to_the_action(stage: Stage, how: str, status: str) -> None:
    """Busy or no answer; nobody was connected."""
    phone_call = call_in(stage, f"<Dial action='/after'><Number>{ANN}</Number></Dial>")
    leg = stage.fake.phone(ANN).wait_for_call()
    getattr(leg, how)()
    assert outcome(stage, phone_call, "DialCallSid", "DialCallDuration") == [status, leg.sid, None]


def test_a_dial_gives_up_after_its_timeout(stage: Stage) -> None:
    """And the phone stops ringing."""
    phone_call = call_in(stage, f"<Dial action='/after' timeout='1'>{ANN}</Dial>")
    leg = stage.fake.phone(ANN).wait_for_call()
    assert outcome(stage, phone_call) == ["no-answer"]
    assert leg.status == "no-answer"


def test_a_number_that_is_not_in_service_fails(stage: Stage) -> None:
    """As in a call that the app places."""
    stage.fake.phone(ANN).disconnect()
    assert outcome(stage, call_in(stage, f"<Dial action='/after'>{ANN}</Dial>")) == ["failed"]


def test_clients_and_sip_addresses_are_phones_too(stage: Stage) -> None:
    """They ring like numbers."""
    dial = "<Client><Identity>alice</Identity></Client><Sip>sip:bob@example.com</Sip>"
    phone_call = call_in(stage, f"<Dial action='/after'>{dial}</Dial>")
    alice, bob = (stage.fake.phone(name).wait_for_call() for name in ("client:alice", "sip:bob@example.com"))
    bob.answer()
    phone_call.wait_until_connected_to("sip:bob@example.com")
    bob.hang_up()
    assert outcome(stage, phone_call, "DialCallSid") == ["completed", bob.sid]
    assert alice.status == "canceled"


def test_several_phones_ring_in_parallel_and_the_first_to_answer_is_connected(stage: Stage) -> None:
    """The others stop ringing; if one declines, the rest still ring."""
    numbers = f"<Number>{ANN}</Number><Number>{BOB}</Number><Number>+15552220003</Number>"
    phone_call = call_in(stage, f"<Dial action='/after'>{numbers}</Dial>")
    ann, bob, third = (stage.fake.phone(number).wait_for_call() for number in (ANN, BOB, "+15552220003"))
    ann.decline()
    bob.answer()
    phone_call.wait_until_connected_to(BOB)
    third.wait_until("canceled")
    stage.fake.wait_until_quiet()
    bob.hang_up()
    assert outcome(stage, phone_call, "DialCallSid") == ["completed", bob.sid]


def test_phones_can_ring_in_sequence(stage: Stage) -> None:
    """The second rings after the first was not answered."""
    dial = f"<Dial action='/after' sequential='true'><Number>{ANN}</Number><Number>{BOB}</Number></Dial>"
    phone_call = call_in(stage, dial)
    ann = stage.fake.phone(ANN).wait_for_call()
    stage.fake.wait_until_quiet()
    assert BOB not in stage.fake.ask(lambda: list(stage.fake.simulator.phones.by_number))
    ann.decline()
    bob = stage.fake.phone(BOB).wait_for_call()
    bob.answer()
    phone_call.wait_until_connected_to(BOB)
    bob.hang_up()
    assert outcome(stage, phone_call, "DialCallSid") == ["completed", bob.sid]


@pytest.mark.parametrize("accepts", [True, False])
def test_the_document_for_the_callee_runs_before_the_connection(stage: Stage, accepts: bool) -> None:
    """A callee who does not press the key has not accepted the call."""
    stage.app.reply("/whisper", twiml("<Gather numDigits='1' action='/accepted'><Say>a call</Say></Gather><Hangup/>"))
    stage.app.reply("/accepted", twiml(""))
    phone_call = call_in(stage, f"<Dial action='/after'><Number url='/whisper'>{ANN}</Number></Dial>")
    leg = stage.fake.phone(ANN).wait_for_call()
    leg.answer()
    leg.wait_until_listening()
    assert stage.fake.ask(lambda: phone_call.call.line.connected_to) == []
    if accepts:
        leg.press("1")
        phone_call.wait_until_connected_to(ANN)
        leg.hang_up()
    else:
        leg.keep_silent()
    assert outcome(stage, phone_call, "DialBridged") == (["completed", "true"] if accepts else ["no-answer", "false"])
    asked = stage.app.forms("/whisper")[0]
    assert (asked["CallSid"], asked["ParentCallSid"], leg.heard()) == (leg.sid, phone_call.sid, "a call")


def test_the_document_for_the_callee_may_not_dial(stage: Stage) -> None:
    """It can speak and ask only."""
    stage.app.reply("/whisper", twiml(f"<Dial>{BOB}</Dial>"))
    phone_call = call_in(stage, f"<Dial action='/after'><Number url='/whisper'>{ANN}</Number></Dial>")
    leg = stage.fake.phone(ANN).wait_for_call()
    leg.answer()
    phone_call.wait_until_connected_to(ANN)
    assert ["Dial: not allowed" in fault.detail for fault in stage.fake.faults] == [True]


def test_the_other_leg_has_callbacks_of_its_own(stage: Stage) -> None:
    """The events that the noun asks for, with the caller's SID as ParentCallSid."""
    noun = f"<Number statusCallback='/leg' statusCallbackEvent='{' '.join(ALL_EVENTS)}'>{ANN}</Number>"
    phone_call = call_in(stage, f"<Dial action='/after' callerId='{OURS}'>{noun}</Dial>")
    leg = stage.fake.phone(ANN).wait_for_call()
    leg.answer()
    phone_call.wait_until_connected_to(ANN)
    leg.hang_up()
    outcome(stage, phone_call)
    forms = stage.app.forms("/leg")
    assert [form["CallStatus"] for form in forms] == ["initiated", "ringing", "in-progress", "completed"]
    assert {(form["CallSid"], form["ParentCallSid"], form["Direction"], form["From"]) for form in forms} == {
        (leg.sid, phone_call.sid, "outbound-dial", OURS)
    }


@pytest.mark.parametrize(
    ("dial", "code"),
    [
        (f"<Dial action='/after' callerId='+15559999999'>{ANN}</Dial>", 13214),
        ("<Dial action='/after'>911x</Dial>", 13223),
        ("<Dial action='/after'><Client>no body</Client></Dial>", 13223),
        ("<Dial action='/after'/>", None),
    ],
)
def test_an_invalid_target_fails(stage: Stage, dial: str, code: int | None) -> None:
    """With Twilio's code; then the action is requested."""
    assert outcome(stage, call_in(stage, dial), "DialCallSid") == ["failed", None]
    assert [fault.code for fault in stage.fake.faults] == ([code] if code else [])


def test_an_application_is_shown_and_skipped(stage: Stage) -> None:
    """The noun is not simulated."""
    noun = "<Application><ApplicationSid>AP00000000000000000000000000000001</ApplicationSid></Application>"
    phone_call = call_in(stage, f"<Dial action='/after'>{noun}</Dial>")
    assert outcome(stage, phone_call) == ["failed"]
    (step,) = [step for step in phone_call.steps if step.verb == "Application"]
    assert "not simulated" in step.about["detail"]


@pytest.mark.parametrize("connected", [True, False])
def test_when_the_caller_hangs_up_the_other_call_ends_too(stage: Stage, connected: bool) -> None:
    """A ringing phone stops ringing; the action is requested, though nobody hears its answer."""
    phone_call = call_in(stage, f"<Dial action='/after'>{ANN}</Dial>")
    leg = stage.fake.phone(ANN).wait_for_call()
    if connected:
        leg.answer()
        phone_call.wait_until_connected_to(ANN)
    phone_call.hang_up()
    assert outcome(stage, phone_call, "CallStatus") == ["completed" if connected else "canceled", "completed"]
    assert leg.status == ("completed" if connected else "canceled")
    assert phone_call.heard() == ""


@pytest.mark.parametrize(("attribute", "key"), [("hangupOnStar='true'", "*"), ("timeLimit='1'", "")])
def test_a_connection_can_end_before_anybody_hangs_up(stage: Stage, attribute: str, key: str) -> None:
    """By `*` or by timeLimit: the caller's document continues, the other call ends."""
    phone_call = call_in(stage, f"<Dial action='/after' {attribute}>{ANN}</Dial>")
    leg = stage.fake.phone(ANN).wait_for_call()
    leg.answer()
    phone_call.wait_until_connected_to(ANN)
    phone_call.press(f"1{key}")
    assert outcome(stage, phone_call) == ["completed"]
    assert (leg.status, phone_call.heard()) == ("completed", "after")


def test_answer_on_bridge_answers_the_caller_with_the_other_phone(stage: Stage) -> None:
    """The caller's call is not answered if the other phone is not."""
    dial = f"<Dial answerOnBridge='true'>{ANN}</Dial>"
    phone_call = call_in(stage, dial)
    leg = stage.fake.phone(ANN).wait_for_call()
    assert phone_call.status == "ringing"
    leg.answer()
    phone_call.wait_until("in-progress")
    leg.hang_up()
    phone_call.wait_until("completed")
    again = call_in(stage, dial)
    stage.fake.phone(ANN).wait_for_call().decline()
    again.wait_until("busy")


def test_send_digits_are_pressed_for_the_callee(stage: Stage) -> None:
    """Before the two are connected."""
    phone_call = call_in(stage, f"<Dial><Number sendDigits='w12'>{ANN}</Number></Dial>")
    leg = stage.fake.phone(ANN).wait_for_call()
    leg.answer()
    phone_call.wait_until_connected_to(ANN)
    assert [(step.verb, step.about["digits"]) for step in leg.steps] == [("Play", "w12")]


def test_a_connection_is_recorded(stage: Stage) -> None:
    """From the answer; the action and the callback of the recording have its address."""
    phone_call = call_in(
        stage, f"<Dial action='/after' record='record-from-answer-dual' recordingStatusCallback='/rec'>{ANN}</Dial>"
    )
    leg = stage.fake.phone(ANN).wait_for_call()
    assert phone_call.recordings == []
    leg.answer()
    phone_call.wait_until_connected_to(ANN)
    leg.hang_up()
    status, url = outcome(stage, phone_call, "RecordingUrl")
    (form,) = stage.app.forms("/rec")
    assert (status, url, form["RecordingChannels"], form["RecordingSource"]) == (
        "completed", form["RecordingUrl"], "2", "DialVerb",
    )  # fmt: skip


def test_an_update_by_rest_moves_the_other_call_to_another_document(stage: Stage) -> None:
    """The caller's Dial ends."""
    phone_call = call_in(stage, f"<Dial action='/after'>{ANN}</Dial>")
    leg = stage.fake.phone(ANN).wait_for_call()
    leg.answer()
    phone_call.wait_until_connected_to(ANN)
    stage.client.calls(leg.sid).update(twiml="<Response><Say loop='0'>elsewhere</Say></Response>")
    assert outcome(stage, phone_call) == ["completed"]
    assert (leg.status, leg.heard()) == ("in-progress", "elsewhere")
    leg.hang_up()
    leg.wait_until("completed")


def test_a_call_that_the_app_placed_can_dial_too(stage: Stage) -> None:
    """The phone shows the account's number, and the two phones are connected."""
    stage.call(twiml=f"<Response><Dial>{ANN}</Dial></Response>")
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    phone_call.answer()
    leg = stage.fake.phone(ANN).wait_for_call()
    assert leg.call.from_ == OURS
    leg.answer()
    leg.wait_until_connected_to(THEIRS)


@pytest.mark.parametrize("written", ["415-555-0199", "(415) 555-0199", "1 415 555 0199", "+1 415.555.0199"])
def test_a_number_is_dialled_as_people_write_it(stage: Stage, written: str) -> None:
    """Ten digits are a North American number."""
    stage.fake.number(OURS).voice_url = stage.app.reply("/people", twiml(f"<Dial>{written}</Dial>"))
    stage.fake.phone(THEIRS).call(OURS)
    assert stage.fake.phone("+14155550199").wait_for_call().call.to == "+14155550199"
    assert stage.fake.faults == []

"""The verbs of calls apart from Dial and Enqueue: Gather, Record, Play, Sms, Refer, Start and so on."""

from __future__ import annotations

import io
import json
import wave

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from fake_twilio.testing import PhoneCall
from tests.support.fake_twilio_stage import OURS, THEIRS, UNKNOWN_HOST, Reply, Stage, sound, twiml


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """A stage whose app answers the account's number."""
    stage.fake.serve_numbers_from(stage.app.base_url)
    return stage


def call_in(stage: Stage, body: str) -> PhoneCall:
    """Call the account's number from a phone; the app answers with this TwiML."""
    stage.app.reply("/api/answer_call", twiml(body))
    return stage.fake.phone(THEIRS).call(OURS)


def codes(stage: Stage) -> list[int | None]:
    """Return the codes of the faults so far."""
    return [fault.code for fault in stage.fake.faults]


def details(phone_call: PhoneCall, verb: str) -> list[str]:
    """Return the details that the phone shows of a verb."""
    return [step.about["detail"] for step in phone_call.steps if step.verb == verb]


@pytest.mark.parametrize(
    ("attributes", "keys", "fields"),
    [
        ("numDigits='1'", "2", {"Digits": "2", "FinishedOnKey": ""}),
        ("numDigits='4'", "12#", {"Digits": "12", "FinishedOnKey": "#"}),
        ("finishOnKey='*'", "1#2*", {"Digits": "1#2", "FinishedOnKey": "*"}),
        ("finishOnKey='' numDigits='3'", "1#2", {"Digits": "1#2", "FinishedOnKey": ""}),
        ("input='dtmf speech' numDigits='1'", "7", {"Digits": "7"}),
    ],
)
def test_gather_collects_keys(stage: Stage, attributes: str, keys: str, fields: dict[str, str]) -> None:
    """The requested number of keys, or up to the finishing key."""
    stage.app.reply("/menu", twiml("<Say>thanks</Say>"))
    phone_call = call_in(stage, f"<Gather {attributes} action='/menu'><Say>press</Say></Gather><Say>never</Say>")
    phone_call.wait_until_listening()
    phone_call.press(keys)
    phone_call.wait_until("completed")
    (form,) = stage.app.forms("/menu")
    assert {name: form.get(name) for name in fields} == fields
    assert (form["From"], form["CallStatus"], phone_call.heard()) == (THEIRS, "in-progress", "press thanks")
    assert stage.fake.faults == []


def test_keys_interrupt_the_prompt(stage: Stage) -> None:
    """The prompt of this test would be repeated without end."""
    stage.app.reply("/menu", twiml("<Hangup/>"))
    phone_call = call_in(stage, "<Gather numDigits='1' action='/menu'><Say loop='0'>press</Say></Gather>")
    phone_call.wait_until_heard("press")
    stage.fake.wait_until_quiet()
    phone_call.press("1")
    phone_call.wait_until("completed")
    assert stage.app.forms("/menu")[0]["Digits"] == "1"


@pytest.mark.parametrize("empty", [False, True])
def test_without_input_gather_continues_with_the_next_verb(stage: Stage, empty: bool) -> None:
    """Unless actionOnEmptyResult is set."""
    stage.app.reply("/menu", twiml("<Say>empty</Say>"))
    extra = "actionOnEmptyResult='true'" if empty else ""
    phone_call = call_in(stage, f"<Gather action='/menu' {extra}/><Say>next</Say>")
    phone_call.wait_until_listening()
    phone_call.keep_silent()
    phone_call.wait_until("completed")
    assert phone_call.heard() == ("empty" if empty else "next")
    assert [form["Digits"] for form in stage.app.forms("/menu")] == ([""] if empty else [])


def test_gather_gives_up_after_its_timeout(stage: Stage) -> None:
    """The timeout counts for each key."""
    stage.app.reply("/menu", twiml("<Say>thanks</Say>"))
    phone_call = call_in(stage, "<Gather action='/menu' timeout='1'/>")
    phone_call.wait_until_listening()
    phone_call.press("12")
    phone_call.wait_until("completed")
    assert [form["Digits"] for form in stage.app.forms("/menu")] == ["12"]


def test_gather_accepts_speech(stage: Stage) -> None:
    """Typed words have a confidence, and partial results before them if requested."""
    stage.app.reply("/person", twiml("<Say>one moment</Say>"))
    phone_call = call_in(
        stage, "<Gather input='speech' language='en-GB' action='/person' partialResultCallback='/partial'/>"
    )
    phone_call.wait_until_listening()
    assert stage.fake.ask(lambda: phone_call.call.line.waiting_for) == {
        "verb": "Gather", "input": ["speech"], "num_digits": None, "finish_on_key": "#", "timeout": 5,
    }  # fmt: skip
    phone_call.press("1")
    phone_call.say("sales please")
    phone_call.wait_until("completed")
    stage.fake.wait_until_quiet()
    (form,) = stage.app.forms("/person")
    assert (form["SpeechResult"], form["Language"], 0 < float(form["Confidence"]) <= 1) == (
        "sales please", "en-GB", True,
    )  # fmt: skip
    assert "Digits" not in form
    partial = stage.app.forms("/partial")
    assert [(one["StableSpeechResult"], one["UnstableSpeechResult"]) for one in partial] == [
        ("", "sales"),
        ("sales", "please"),
    ]
    assert all(received.signed for received in stage.app.received)


def test_speaking_when_no_verb_listens_is_an_error_in_a_test(stage: Stage) -> None:
    """A Gather for keys does not listen to speech."""
    phone_call = call_in(stage, "<Gather action='/menu'/>")
    phone_call.wait_until_listening()
    with pytest.raises(AssertionError, match="nothing listens to 'hello'"):
        phone_call.say("hello")


def test_gather_without_an_action_requests_its_own_document_again(stage: Stage) -> None:
    """That is Twilio's default."""
    stage.app.reply("/api/answer_call", twiml("<Gather numDigits='1'/>"), twiml("<Say>again</Say>"))
    phone_call = stage.fake.phone(THEIRS).call(OURS)
    phone_call.wait_until_listening()
    phone_call.press("5")
    phone_call.wait_until("completed")
    assert [form.get("Digits") for form in stage.app.forms("/api/answer_call")] == [None, "5"]


def test_record_makes_a_recording_that_can_be_fetched(stage: Stage) -> None:
    """A key ends it; the action gets the address; the REST API needs the password, the page does not."""
    stage.app.reply("/thanks", twiml("<Say>bye</Say>"))
    phone_call = call_in(
        stage,
        "<Record action='/thanks' maxLength='30' finishOnKey='#' playBeep='false' "
        "recordingStatusCallback='/recording' recordingStatusCallbackEvent='in-progress completed'/>",
    )
    phone_call.wait_until_recording()
    assert [recording.status for recording in phone_call.recordings] == ["in-progress"]
    waiting_for = stage.fake.ask(lambda: phone_call.call.line.waiting_for)
    assert waiting_for == {"verb": "Record", "max_length": 30, "finish_on_key": "#", "beep": False}
    phone_call.press("1#")
    phone_call.wait_until("completed")
    stage.fake.wait_until_quiet()
    (recording,) = phone_call.recordings
    (form,) = stage.app.forms("/thanks")
    assert (form["RecordingSid"], form["RecordingDuration"], form["Digits"]) == (recording.sid, "1", "#")
    told = stage.app.forms("/recording")
    assert [one["RecordingStatus"] for one in told] == ["in-progress", "completed"]
    assert (told[1]["RecordingSource"], told[1]["RecordingUrl"]) == ("RecordVerb", form["RecordingUrl"])

    account = stage.fake.account
    assert requests.get(form["RecordingUrl"], timeout=5).status_code == 401
    audio = requests.get(form["RecordingUrl"], auth=(account.api_key, account.api_secret), timeout=5)
    assert audio.headers["Content-Type"] == "audio/x-wav"
    with wave.open(io.BytesIO(audio.content)) as file:
        assert (file.getframerate(), file.getnframes(), any(file.readframes(8000))) == (8000, 8000, True)
    mp3 = requests.get(form["RecordingUrl"] + ".mp3", auth=(account.api_key, account.api_secret), timeout=5)
    assert (mp3.status_code, ".wav only" in mp3.json()["message"]) == (404, True)
    page = requests.get(f"{stage.fake.url}/_phones/recordings/{recording.sid}.wav", timeout=5)
    assert page.content == audio.content
    assert stage.fake.faults == []


def test_recordings_are_a_resource(stage: Stage) -> None:
    """Listed, also by call, fetched and deleted with Twilio's library."""
    phone_call = call_in(stage, "<Record action='/thanks'/>")
    phone_call.wait_until_recording()
    phone_call.press("1")
    stage.fake.wait_for(lambda: phone_call.recordings[0].ended, "the recording", 5)
    (listed,) = stage.client.recordings.list()
    assert (listed.sid, listed.call_sid, listed.duration) == (phone_call.recordings[0].sid, phone_call.sid, "1")
    assert [one.sid for one in stage.client.calls(phone_call.sid).recordings.list()] == [listed.sid]
    assert stage.client.recordings.list(call_sid="CA00") == []
    stage.client.recordings(listed.sid).delete()
    with pytest.raises(TwilioRestException, match="not found"):
        stage.client.recordings(listed.sid).fetch()
    assert phone_call.recordings == []


def test_a_caller_who_hangs_up_leaves_a_recording(stage: Stage) -> None:
    """The action is requested all the same, with `hangup` as Digits."""
    phone_call = call_in(stage, "<Record action='/thanks' recordingStatusCallback='/recording'/>")
    phone_call.wait_until_recording()
    phone_call.hang_up()
    phone_call.wait_until("completed")
    stage.fake.wait_until_quiet()
    (form,) = stage.app.forms("/thanks")
    assert (form["Digits"], form["CallStatus"], form["RecordingDuration"]) == ("hangup", "completed", "1")
    assert [one["RecordingStatus"] for one in stage.app.forms("/recording")] == ["completed"]


@pytest.mark.parametrize("words", ["call me back", ""])
def test_a_recording_is_transcribed(stage: Stage, words: str) -> None:
    """The transcription has the words typed as speech; without any, it has failed."""
    phone_call = call_in(stage, "<Record action='/thanks' transcribe='true' transcribeCallback='/words'/>")
    phone_call.wait_until_recording()
    if words:
        phone_call.say(words)
    phone_call.press("#")
    stage.app.reply("/thanks", twiml(""))
    phone_call.wait_until("completed")
    stage.fake.wait_until_quiet()
    (form,) = stage.app.forms("/words")
    status = "completed" if words else "failed"
    assert (form.get("TranscriptionText", ""), form["TranscriptionStatus"]) == (words, status)
    assert form["RecordingSid"] == phone_call.recordings[0].sid


@pytest.mark.parametrize("attributes", ["", "action='/thanks'", "action='/thanks' transcribe='true'"])
def test_the_next_verb_runs_after_an_empty_recording(stage: Stage, attributes: str) -> None:
    """Silence requests no action and leaves no recording; only the event `absent` tells of it."""
    told = "recordingStatusCallback='/told' recordingStatusCallbackEvent='completed absent' transcribeCallback='/words'"
    phone_call = call_in(stage, f"<Record {attributes} {told}/><Say>still here</Say>")
    phone_call.wait_until_recording()
    phone_call.keep_silent()
    phone_call.wait_until("completed")
    stage.fake.wait_until_quiet()
    assert phone_call.heard() == "still here"
    assert (stage.app.forms("/thanks"), stage.app.forms("/words"), phone_call.recordings) == ([], [], [])
    assert [form["RecordingStatus"] for form in stage.app.forms("/told")] == ["absent"]


def test_a_recording_is_transcribed_only_if_the_document_says_so(stage: Stage) -> None:
    """An address for transcriptions alone transcribes nothing."""
    phone_call = call_in(stage, "<Record action='/thanks' transcribeCallback='/words'/>")
    phone_call.wait_until_recording()
    phone_call.press("#")
    stage.fake.wait_until_quiet()
    assert stage.app.forms("/words") == []
    assert any("transcribeCallback is ignored" in fault.detail for fault in stage.fake.faults)


def test_record_without_an_action_needs_a_document_with_an_address(stage: Stage) -> None:
    """Else it is a fault, and the call ends."""
    stage.call(twiml="<Response><Record/><Say>never</Say></Response>")
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    phone_call.answer()
    phone_call.wait_until_recording()
    phone_call.press("#")
    phone_call.wait_until("completed")
    assert ["Record: no action" in fault.detail for fault in stage.fake.faults] == [True]


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (sound(), []),
        (Reply(404), [11200]),
        (Reply(200, b"<html>", "text/html"), [12300]),
        (Reply(200, b"ID3", "audio/mpeg"), []),
    ],
)
def test_play_checks_the_audio(stage: Stage, reply: Reply, found: list[int]) -> None:
    """Missing audio, or another type, is a fault with Twilio's code; the call continues."""
    stage.app.reply("/a.wav", reply)
    phone_call = call_in(stage, "<Play>/a.wav</Play><Say>next</Say>")
    phone_call.wait_until("completed")
    assert (codes(stage), phone_call.heard()) == (found, "next")


def test_audio_on_an_unknown_host_is_not_a_fault(stage: Stage) -> None:
    """The phone shows it. This machine may be offline, while Twilio can fetch the audio."""
    phone_call = call_in(stage, f"<Play>http://{UNKNOWN_HOST}/a.mp3</Play>")
    phone_call.wait_until("completed")
    assert "could not be reached from here" in details(phone_call, "Play")[0]
    assert stage.fake.faults == []


def test_sms_sends_a_message_to_the_caller(stage: Stage) -> None:
    """From the called number, with its status callbacks; then the next verb runs."""
    phone_call = call_in(stage, "<Sms statusCallback='/text'>See you</Sms><Say>sent</Say>")
    phone_call.wait_until("completed")
    message = stage.fake.phone(THEIRS).wait_for_text("See you")
    stage.fake.wait_until_quiet()
    assert (message.from_, message.direction, phone_call.heard()) == (OURS, "outbound-reply", "sent")
    assert [form["MessageStatus"] for form in stage.app.forms("/text")] == ["sending", "sent", "delivered"]


def test_refer_answers_501(stage: Stage) -> None:
    """There is no SIP network. A call that is not a SIP call could not be referred anyway, which is a fault."""
    stage.app.reply("/referred", twiml("<Say>still here</Say>"))
    phone_call = call_in(stage, "<Refer action='/referred'><Sip>sip:alice@example.com</Sip></Refer>")
    phone_call.wait_until("completed")
    assert stage.app.forms("/referred")[0]["ReferSipResponseCode"] == "501"
    assert (phone_call.heard(), "cannot refer a call" in details(phone_call, "Refer")[0]) == ("still here", True)
    assert ["not a SIP call" in fault.detail for fault in stage.fake.faults] == [True]


def test_start_and_stop_report_a_stream(stage: Stage) -> None:
    """Callbacks are sent; the phone says that no audio is."""
    phone_call = call_in(
        stage,
        "<Start><Stream name='s' url='wss://example.com/s' statusCallback='/stream'/></Start><Say>hi</Say>"
        "<Stop><Stream name='s'/></Stop><Stop><Stream name='s'/></Stop>",
    )
    phone_call.wait_until("completed")
    stage.fake.wait_until_quiet()
    events = [(form["StreamEvent"], form["StreamName"]) for form in stage.app.forms("/stream")]
    assert events == [("stream-started", "s"), ("stream-stopped", "s")]
    assert "no audio is sent" in details(phone_call, "Start")[0]
    assert ["no Stream 's' to stop" in fault.detail for fault in stage.fake.faults] == [True]


def test_start_transcribes_typed_words(stage: Stage) -> None:
    """Until the call ends."""
    phone_call = call_in(stage, "<Start><Transcription statusCallbackUrl='/words'/></Start><Echo/>")
    phone_call.wait_until("in-progress")
    stage.fake.wait_for(lambda: phone_call.call.line.taps, "the transcription", 5)
    phone_call.say("hello there")
    phone_call.hang_up()
    phone_call.wait_until("completed")
    stage.fake.wait_until_quiet()
    forms = stage.app.forms("/words")
    assert [form["TranscriptionEvent"] for form in forms] == [
        "transcription-started", "transcription-content", "transcription-stopped",
    ]  # fmt: skip
    assert json.loads(forms[1]["TranscriptionData"])["transcript"] == "hello there"


def test_start_records_the_call(stage: Stage) -> None:
    """To its end, in two channels by default; Siprec is shown and has no effect."""
    phone_call = call_in(
        stage, "<Start><Recording recordingStatusCallback='/recording'/><Siprec name='x'/></Start><Say>hi</Say>"
    )
    phone_call.wait_until("completed")
    stage.fake.wait_until_quiet()
    (form,) = stage.app.forms("/recording")
    assert (form["RecordingSource"], form["RecordingChannels"]) == ("StartCallRecordingTwiML", "2")
    recording, siprec = details(phone_call, "Start")
    assert recording == "Recording: the recording is a tone"
    assert siprec.endswith("nothing is sent")


def test_connect_reports_that_nothing_runs(stage: Stage) -> None:
    """As if the stream had ended immediately: the action is requested."""
    stage.app.reply("/after", twiml("<Say>after</Say>"))
    phone_call = call_in(stage, "<Connect action='/after'><Stream url='wss://example.com/s'/></Connect>")
    phone_call.wait_until("completed")
    assert (phone_call.heard(), "no WebSocket" in details(phone_call, "Connect")[0]) == ("after", True)


def test_echo_lasts_until_somebody_hangs_up(stage: Stage) -> None:
    """The phone says that there is no sound."""
    phone_call = call_in(stage, "<Echo/><Say>never</Say>")
    stage.fake.wait_for(lambda: phone_call.call.line.steps[1:], "Echo", 5)
    stage.fake.wait_until_quiet()
    assert "nothing is echoed" in details(phone_call, "Echo")[0]
    phone_call.hang_up()
    phone_call.wait_until("completed")
    assert phone_call.heard() == ""


def test_an_update_by_rest_interrupts_a_verb(stage: Stage) -> None:
    """The Gather ends without a request to its action, and the other document runs."""
    phone_call = call_in(stage, "<Gather action='/menu'/>")
    phone_call.wait_until_listening()
    stage.client.calls(phone_call.sid).update(twiml="<Response><Say>other</Say></Response>")
    phone_call.wait_until("completed")
    stage.fake.wait_until_quiet()
    assert (phone_call.heard(), stage.app.forms("/menu")) == ("other", [])

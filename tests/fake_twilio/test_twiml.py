"""The TwiML interpreter: the source of documents, the order of verbs, and errors in documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Dial, Gather, Say, Start, VoiceResponse

from fake_twilio.testing import PhoneCall
from fake_twilio.twiml.check import Kind, check
from fake_twilio.twiml.rules import DOCUMENTS, ELEMENTS
from fake_twilio.voice.interpreter import APOLOGY
from fake_twilio.voice.verbs import VERBS
from tests.support.fake_twilio_stage import THEIRS, Reply, Stage, sound, twiml


def run(stage: Stage, **parameters: Any) -> PhoneCall:
    """Return a call that was answered and has ended."""
    stage.call(**parameters)
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    phone_call.answer()
    phone_call.wait_until("completed")
    stage.fake.wait_until_quiet()
    return phone_call


def verbs(phone_call: PhoneCall) -> list[str]:
    """Return the steps of a call."""
    return [step.verb for step in phone_call.steps]


def codes(stage: Stage) -> list[int | None]:
    """Return the codes of the faults so far."""
    return [fault.code for fault in stage.fake.faults]


def test_a_document_is_fetched_with_a_signed_request(stage: Stage) -> None:
    """By POST, with Twilio's parameters, after the answer."""
    url = stage.app.reply("/twiml", twiml('<Say voice="alice" language="en-US">Hello World</Say>'))
    phone_call = run(stage, url=url)
    fetched = next(received for received in stage.app.received if received.path == "/twiml")
    assert (fetched.method, fetched.signed) == ("POST", True)
    assert (fetched.form["CallSid"], fetched.form["CallStatus"]) == (phone_call.sid, "in-progress")
    assert fetched.form["Direction"] == "outbound-api"
    assert "SequenceNumber" not in fetched.form
    fetch, say = phone_call.steps
    assert (fetch.about["url"], fetch.about["status"]) == (url, 200)
    assert say.about == {"text": "Hello World", "voice": "alice", "language": "en-US", "loop": 1}
    assert stage.fake.faults == []


def test_a_document_is_fetched_with_get_if_the_call_says_so(stage: Stage) -> None:
    """Then the parameters are in the query."""
    url = stage.app.reply("/twiml", twiml("<Say>hi</Say>"))
    assert run(stage, url=url + "?lang=en", method="GET").heard() == "hi"
    fetched = next(received for received in stage.app.received if received.path.startswith("/twiml"))
    assert fetched.signed
    assert fetched.path.startswith("/twiml?lang=en&CallSid=CA")


def test_the_url_of_a_call_has_precedence_over_its_twiml(stage: Stage) -> None:
    """As at Twilio when both are given."""
    url = stage.app.reply("/twiml", twiml("<Say>from the address</Say>"))
    assert run(stage, url=url, twiml="<Response><Say>from the call</Say></Response>").heard() == "from the address"


def test_verbs_run_in_order_and_nothing_after_hangup(stage: Stage) -> None:
    """Say, Pause, Play, Hangup."""
    url = stage.app.reply("/a.wav", sound())
    phone_call = run(
        stage,
        twiml=f"<Response><Say>one</Say><Pause length='3'/><Play digits='1w2'/><Play>{url}</Play>"
        "<Hangup/><Say>two</Say></Response>",
    )
    assert verbs(phone_call) == ["Say", "Pause", "Play", "Play", "Hangup"]
    assert [step.about for step in phone_call.steps[1:4]] == [
        {"length": 3},
        {"digits": "1w2", "loop": 1},
        {"url": url, "loop": 1},
    ]
    assert phone_call.heard() == "one"
    assert stage.fake.faults == []


def test_redirect_continues_with_another_document_and_does_not_return(stage: Stage) -> None:
    """Relative to the current document, with its own method."""
    url = stage.app.reply(
        "/menu/start", twiml("<Say>one</Say><Redirect method='GET'>next?n=2</Redirect><Say>never</Say>")
    )
    stage.app.reply("/menu/next", twiml("<Redirect>../end</Redirect>"))
    stage.app.reply("/end", twiml("<Say>two</Say><Play>/a.wav</Play>"))
    stage.app.reply("/a.wav", sound())
    phone_call = run(stage, url=url)
    assert phone_call.heard() == "one two"
    assert verbs(phone_call) == ["fetch", "Say", "Redirect", "fetch", "Redirect", "fetch", "Say", "Play"]
    assert phone_call.steps[-1].about["url"] == stage.app.url("/a.wav")
    documents = [one for one in stage.app.received if one.path not in ("/status", "/a.wav")]
    assert [(one.method, one.signed) for one in documents] == [("POST", True), ("GET", True), ("POST", True)]


def test_a_call_whose_documents_redirect_in_a_circle_ends(stage: Stage) -> None:
    """After five hundred documents."""
    stage.app.reply("/twiml", twiml("<Redirect>/twiml</Redirect>"))
    stage.call(url=stage.app.url("/twiml"))
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    phone_call.answer()
    phone_call.wait_until("completed", timeout=20)
    assert ["in a circle" in fault.detail for fault in stage.fake.faults] == [True]


def test_a_relative_address_needs_a_document_with_an_address(stage: Stage) -> None:
    """TwiML that came with the call has none: 11100."""
    phone_call = run(stage, twiml="<Response><Say>one</Say><Redirect>/next</Redirect></Response>")
    assert phone_call.heard() == "one"
    assert codes(stage) == [11100]


def test_every_relative_address_in_the_calls_own_document_is_reported(stage: Stage) -> None:
    """In any attribute, before it is requested."""
    stage.call(
        twiml="<Response><Gather action='/menu?key=1'/><Record action='https://example.com/r' transcribeCallback='t'/>"
        "<Dial><Conference waitUrl=''>room</Conference></Dial></Response>",
    )
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    phone_call.answer()
    phone_call.wait_until_listening()
    assert codes(stage) == [11100, 11100]
    assert "'/menu'" in stage.fake.faults[0].detail


def test_reject_in_an_outbound_call_ends_it_and_is_reported(stage: Stage) -> None:
    """It is for inbound calls."""
    phone_call = run(stage, twiml="<Response><Reject reason='busy'/><Say>never</Say></Response>")
    assert verbs(phone_call) == ["Reject"]
    assert ["incoming" in fault.detail for fault in stage.fake.faults] == [True]


def test_verbs_that_are_not_simulated_are_shown_and_skipped(stage: Stage) -> None:
    """That is not a fault, and the next verb runs."""
    phone_call = run(stage, twiml="<Response><Pay/><Prompt for='payment-card-number'/><Say>end</Say></Response>")
    assert verbs(phone_call) == ["Pay", "Prompt", "Say"]
    assert "not simulated" in phone_call.steps[0].about["detail"]
    assert stage.fake.faults == []


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(404), 11200),
        (Reply(403), 11200),
        (Reply(500), 11200),
        (Reply(breaks=True), 11200),
        (Reply(200, b"<Response>", "text/xml"), 12100),
        (Reply(200, b"", "text/xml"), 12100),
        (Reply(200, b"<Say>hi</Say>", "text/xml"), 12100),
        (Reply(200, b"<Response><Say>\x0b</Say></Response>", "text/xml"), 12100),
        (Reply(200, b"<!DOCTYPE x><Response/>", "text/xml"), 12100),
        (Reply(200, b"<Response/>", "application/json"), 12300),
        (Reply(200, b"<Response/>"), 12300),
        (Reply(200, b"<Response>" + b" " * 70_000 + b"</Response>", "text/xml"), 11750),
    ],
)
def test_without_a_document_the_caller_hears_twilios_apology(stage: Stage, reply: Reply, code: int) -> None:
    """Whatever is wrong with the answer: a fault with Twilio's code, the apology, and the call ends."""
    phone_call = run(stage, url=stage.app.reply("/twiml", reply))
    assert phone_call.heard() == APOLOGY
    assert codes(stage) == [code]


def test_the_fallback_is_requested_when_the_first_address_fails(stage: Stage) -> None:
    """It gets the error code, and its document runs."""
    url = stage.app.reply("/twiml", Reply(500))
    fallback = stage.app.reply("/fallback", twiml("<Say>sorry</Say>"))
    assert run(stage, url=url, fallback_url=fallback).heard() == "sorry"
    (form,) = stage.app.forms("/fallback")
    assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", url)


def test_when_the_fallback_fails_too_the_caller_hears_the_apology(stage: Stage) -> None:
    """Both failures are reported."""
    url, fallback = stage.app.reply("/twiml", Reply(500)), stage.app.reply("/fallback", Reply(503))
    assert run(stage, url=url, fallback_url=fallback).heard() == APOLOGY
    assert codes(stage) == [11200, 11200]


def test_plain_text_is_spoken_and_audio_is_played(stage: Stage) -> None:
    """As at Twilio; plain text is reported, because it is probably a mistake."""
    assert run(stage, url=stage.app.reply("/text", Reply(200, b"Not Found", "text/plain"))).heard() == "Not Found"
    audio = run(stage, url=stage.app.reply("/audio", Reply(200, b"RIFF", "audio/wav")))
    assert audio.steps[-1].about["url"] == stage.app.url("/audio")
    assert ["plain text" in fault.detail for fault in stage.fake.faults] == [True]


def test_a_document_with_errors_runs_all_the_same(stage: Stage) -> None:
    """12200 is a warning: an unknown verb is skipped, an unknown attribute has no effect."""
    phone_call = run(stage, twiml="<Response><Speak>x</Speak><Say tone='x' loop='often'>still here</Say></Response>")
    assert phone_call.heard() == "still here"
    assert codes(stage) == [12200, 12200, 12200]
    assert "Response: there is no <Speak> in TwiML" in [fault.detail for fault in stage.fake.faults]


def test_an_empty_say_is_reported(stage: Stage) -> None:
    """As Twilio's 13520."""
    run(stage, twiml="<Response><Say>  </Say></Response>")
    assert codes(stage) == [13520]


def errors_of(document: str, kind: Kind = "voice") -> list[str]:
    """Return what the rules report about a document."""
    return list(check(fromstring(document), kind))


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("<Foo/>", "no <Foo> in TwiML"),
        ("<say>x</say>", "no <say> in TwiML"),
        ("<Message>x</Message>", "Response: no <Message> here"),
        ("<Say><Play/></Say>", "Say: no <Play> here"),
        ("<Gather><Record/></Gather>", "Gather: no <Record> here"),
        ("<Gather><Gather/></Gather>", "Gather: no <Gather> here"),
        ("hello", "Response: no text here"),
        ("<Pause>1</Pause>", "Pause: no text here"),
        ("<Pause Length='1'/>", "no attribute 'Length'"),
        ("<Pause length='long'/>", r"length='long' is not \d+"),
        ("<Say loop='-1'>x</Say>", "loop='-1'"),
        ("<Redirect method='PUT'>/x</Redirect>", "method='PUT'"),
        ("<Reject reason='rude'/>", "reason='rude'"),
        ("<Gather numDigits='0'/>", "numDigits='0'"),
        ("<Gather finishOnKey='12'/>", "finishOnKey='12'"),
        ("<Gather input='keys'/>", "input='keys'"),
        ("<Dial record='yes'>+1</Dial>", "record='yes'"),
        ("<Dial><Number statusCallbackEvent=\"['initiated', 'ringing']\">+1</Number></Dial>", "statusCallbackEvent"),
        ("<Dial><Conference maxParticipants='251'>x</Conference></Dial>", "maxParticipants"),
        ("<Dial><Conference beep='loud'>x</Conference></Dial>", "beep='loud'"),
        ("<Play digits='1-2'/>", "digits='1-2'"),
        ("<Record action='a b'/>", "action='a b'"),
        ("<Say><break time='1s'>x</break></Say>", "break: no text here"),
        ("<Refer><Sip username='x'>sip:a@b</Sip></Refer>", "no attribute 'username'"),
    ],
)
def test_errors_in_voice_twiml_are_found(inside: str, words: str) -> None:
    """Unknown verbs and attributes, wrong nesting, invalid values."""
    (fault,) = errors_of(f"<Response>{inside}</Response>")
    assert words in fault


def test_calls_and_messages_have_different_verbs() -> None:
    """The verbs of calls are errors in a messaging document, and the reverse."""
    document = "<Response><Message to='+1'><Body>x</Body><Media>https://x.org/1.jpg</Media></Message></Response>"
    assert errors_of(document, "messaging") == []
    assert errors_of(document) == ["Response: no <Message> here"]
    assert errors_of("<Response><Say>x</Say></Response>", "messaging") == ["Response: no <Say> here"]


def test_documents_of_twilios_builder_have_no_errors() -> None:
    """A document with many verbs and attributes, built by Twilio's library."""
    response = VoiceResponse()
    say = Say("", voice="Polly.Joanna", language="en-US", loop=2)
    say.break_(strength="x-weak", time="100ms")
    say.prosody("slow", rate="slow", pitch="+10%", volume="loud")
    say.say_as("2026-11-21", interpret_as="date", format="ymd")
    say.lang("Bonjour", xml_lang="fr-FR")
    response.append(say)
    response.play("/a.mp3", loop=0)
    gather = Gather(
        input="dtmf speech", timeout=3, num_digits=1, action="/menu", finish_on_key="", action_on_empty_result=True
    )
    gather.say("Press 1")
    gather.pause(length=1)
    response.append(gather)
    response.record(action="/r", method="POST", max_length=30, finish_on_key="1234567890*#", play_beep=True)
    dial = Dial(
        action="/d", timeout=20, caller_id="+15005550006", record="record-from-answer-dual", hangup_on_star=True
    )
    dial.number("+15551234567", status_callback_event="initiated answered", send_digits="wwww1")
    dial.client("alice")
    dial.sip("sip:a@example.com", username="u", password="p")
    dial.conference("room", start_conference_on_enter=False, beep="onEnter", max_participants=10, wait_url="")
    dial.queue("support", url="/about", method="POST")
    response.append(dial)
    response.enqueue("support", wait_url="/wait", max_queue_size=10)
    start = Start()
    start.stream(name="s", url="wss://example.com/s", track="both_tracks")
    response.append(start)
    response.redirect("/next", method="post")
    response.reject(reason="busy")
    for verb in (response.leave, response.hangup, response.echo):
        verb()
    assert errors_of(str(response)) == []
    messaging = MessagingResponse()
    messaging.message("hi", to="+15551234567", action="/m").media("https://example.com/1.jpg")
    messaging.redirect("/next")
    assert errors_of(str(messaging), "messaging") == []


def test_every_child_element_in_the_rules_has_a_rule() -> None:
    """No child is allowed that is not described."""
    children = {child for rule in (*DOCUMENTS.values(), *ELEMENTS.values()) for child in rule.children}
    assert children <= ELEMENTS.keys()
    assert VERBS.keys() <= DOCUMENTS["voice"].children


def test_every_simulated_verb_has_a_module() -> None:
    """With the name of the verb."""
    folder = Path(__file__).parents[2] / "fake_twilio" / "voice" / "verbs"
    assert {verb.lower() for verb in VERBS} <= {path.stem for path in folder.rglob("*.py")}

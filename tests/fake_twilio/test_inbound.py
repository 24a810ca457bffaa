"""Inbound calls and messages: the request to the app, its answer, STOP, and the fallback."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from fake_twilio.__main__ import options_of
from fake_twilio.voice.interpreter import APOLOGY
from tests.support.fake_twilio_stage import OURS, THEIRS, Reply, Stage, refused, twiml

PHONE = "%2B15551234567"


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """A stage whose app answers the account's number."""
    stage.fake.serve_numbers_from(stage.app.base_url)
    return stage


def press(stage: Stage, button: str, body: Any) -> tuple[int, Any]:
    """Use a button of a phone; return the status and the answer."""
    answer = requests.post(f"{stage.fake.url}/_phones/{PHONE}/{button}", json=body, timeout=5)
    return answer.status_code, answer.json() if answer.content else None


def codes(stage: Stage) -> list[int | None]:
    """Return the codes of the faults so far."""
    return [fault.code for fault in stage.fake.faults]


def test_the_app_is_asked_while_an_inbound_call_rings(stage: Stage) -> None:
    """The request is signed and has Twilio's parameters; the first verb answers, and the end is reported."""
    stage.app.reply("/api/answer_call", twiml("<Say>Hello</Say>"))
    phone_call = stage.fake.phone(THEIRS).call(OURS)
    phone_call.wait_until("completed")
    stage.fake.wait_until_quiet()
    asked, ended = stage.app.received
    assert (asked.path, asked.method, asked.signed) == ("/api/answer_call", "POST", True)
    about = {name: asked.form[name] for name in ("CallSid", "From", "To", "Direction", "CallStatus", "FromCountry")}
    assert about == {
        "CallSid": phone_call.sid, "From": THEIRS, "To": OURS, "Direction": "inbound", "CallStatus": "ringing",
        "FromCountry": "US",
    }  # fmt: skip
    assert asked.form["CallToken"]
    assert (ended.path, ended.form["CallStatus"], ended.form["SequenceNumber"]) == (
        "/api/status_callback", "completed", "0",
    )  # fmt: skip
    assert (phone_call.heard(), stage.fake.faults) == ("Hello", [])
    fetched = stage.client.calls(phone_call.sid).fetch()
    assert (fetched.direction, fetched._from, fetched.status) == ("inbound", THEIRS, "completed")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("<Reject reason='busy'/>", "busy"),
        ("<Reject/>", "no-answer"),
        ("<Pause length='5'/><Reject/>", "no-answer"),
        ("<Redirect>/second</Redirect>", "busy"),
        ("<Hangup/>", "completed"),
        ("", "completed"),
        ("<Say>hello</Say><Reject/>", "completed"),
    ],
)
def test_the_first_verb_that_needs_it_answers_an_inbound_call(stage: Stage, body: str, status: str) -> None:
    """Reject rejects the call; Pause and Redirect let it ring."""
    stage.app.reply("/api/answer_call", twiml(body))
    stage.app.reply("/second", twiml("<Reject reason='busy'/>"))
    phone_call = stage.fake.phone(THEIRS).call(OURS)
    phone_call.wait_until(status)
    assert (phone_call.call.answered is not None) == (status == "completed")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(500), 11200),
        (Reply(404), 11200),
        (Reply(breaks=True), 11200),
        (Reply(200, b"Service unavailable", "text/xml"), 12100),
        (Reply(200, b"{}", "application/json"), 12300),
        (twiml("<Say>late</Say>", seconds=0.5), 11200),
    ],
)
@pytest.mark.parametrize("answered", [True, False])
def test_when_the_app_fails_the_fallback_is_requested(stage: Stage, reply: Reply, code: int, answered: bool) -> None:
    """It gets the error code; when it fails too, the caller hears Twilio's apology."""
    number = stage.fake.number(OURS)
    # Fifteen seconds are long in a test; the override makes them two tenths of one.
    number.voice_url = stage.app.reply("/voice", reply) + "#rt=200&rc=0"
    stage.app.reply("/api/fallback", twiml("<Say>Sorry</Say>") if answered else Reply(500))
    phone_call = stage.fake.phone(THEIRS).call(OURS)
    phone_call.wait_until("completed")
    (form,) = stage.app.forms("/api/fallback")
    assert (form["ErrorCode"], form["ErrorUrl"]) == (str(code), number.voice_url)
    assert phone_call.heard() == ("Sorry" if answered else APOLOGY)
    assert codes(stage)[0] == code


def test_without_an_app_the_caller_hears_an_apology(stage: Stage) -> None:
    """11205, for the first address and for the fallback."""
    stage.fake.serve_numbers_from("http://127.0.0.1:9")
    phone_call = stage.fake.phone(THEIRS).call(OURS)
    phone_call.wait_until("completed")
    assert phone_call.heard() == APOLOGY
    assert set(codes(stage)) == {11205}


def test_a_caller_can_hang_up_while_it_rings(stage: Stage) -> None:
    """Then the call was not answered."""
    stage.app.reply("/api/answer_call", twiml("<Say>late</Say>", seconds=0.3))
    phone_call = stage.fake.phone(THEIRS).call(OURS)
    phone_call.hang_up()
    phone_call.wait_until("no-answer")
    assert phone_call.heard() == ""


def test_an_inbound_call_does_not_ring_on_the_phone_that_placed_it(stage: Stage) -> None:
    """It can be hung up, but not answered or declined."""
    stage.app.reply("/api/answer_call", twiml("<Say>late</Say>", seconds=0.4))
    status, answer = press(stage, "call", {"to": OURS})
    assert status == 201
    assert press(stage, "answer", {}) == (409, {"detail": "This phone is not ringing."})
    coming = stage.call()
    stage.fake.phone(THEIRS).wait_for_call()
    stage.fake.phone(THEIRS).call(OURS)
    assert press(stage, "answer", {}) == (204, None)
    stage.fake.wait_for(lambda: stage.fake.call(coming.sid).answered, "the call that comes in to be answered", 5)
    assert press(stage, "decline", {"sid": answer["sid"]})[0] == 409
    assert press(stage, "hangup", {"sid": "CA00"})[0] == 409
    assert press(stage, "hangup", {"sid": answer["sid"]}) == (204, None)


def test_every_action_of_the_page_works(stage: Stage) -> None:
    """Add a phone, call, speak, press keys, and send a message."""
    added = requests.post(f"{stage.fake.url}/_phones", json={"number": THEIRS}, timeout=5)
    assert added.status_code == 201
    stage.app.reply("/api/answer_call", twiml("<Gather input='dtmf speech' numDigits='2' action='/menu'/>"))
    stage.app.reply("/menu", twiml("<Gather input='dtmf speech' action='/end'/>"))
    stage.app.reply("/end", twiml(""))
    sid = press(stage, "call", {"to": OURS})[1]["sid"]
    call = stage.fake.wait_for(lambda: stage.fake.simulator.calls.get(sid), "the call", 5)
    stage.fake.wait_for(lambda: call.line.waiting_for, "the menu", 5)
    assert press(stage, "digits", {"digits": "12", "sid": sid}) == (204, None)
    stage.fake.wait_for(lambda: stage.app.forms("/menu") and call.line.waiting_for, "the next menu", 5)
    assert press(stage, "speech", {"text": "sales please", "sid": sid}) == (204, None)
    stage.fake.wait_for(lambda: call.over, "the end", 5)
    assert [form.get("Digits") for form in stage.app.forms("/menu")] == ["12"]
    assert [form.get("SpeechResult") for form in stage.app.forms("/end")] == ["sales please"]
    status, answer = press(stage, "text", {"to": OURS, "body": "Hi", "media": ["https://example.com/cat.jpg"]})
    assert (status, answer["sid"][:2]) == (201, "MM")


@pytest.mark.parametrize(
    ("button", "body", "status", "words"),
    [
        ("call", {"to": "+15559999999"}, 400, "to: expected one of +15005550006"),
        ("call", {}, 400, "to: expected text"),
        ("call", [], 400, "expected a JSON object"),
        ("text", {"to": OURS}, 400, "body: expected text, or media"),
        ("text", {"to": OURS, "body": 3}, 400, "body: expected text"),
        ("text", {"to": OURS, "body": "x", "media": ["cat.jpg"]}, 400, "media: expected a list of addresses"),
        ("text", {"to": OURS, "media": ["https://example.com/"] * 11}, 400, "media: expected at most 10"),
        ("speech", {"text": ""}, 400, "text: expected text"),
        ("reachable", {"reachable": 1}, 400, "reachable: expected true or false"),
    ],
)
def test_an_invalid_request_of_the_page_is_explained(
    stage: Stage, button: str, body: Any, status: int, words: str
) -> None:
    """With the field and what was expected."""
    assert press(stage, button, body) == (status, {"detail": words})


@pytest.mark.parametrize("number", ["", "911", "+0", OURS, "client:"])
def test_a_phone_cannot_have_a_number_of_the_account(stage: Stage, number: str) -> None:
    """400, with the reason."""
    answer = requests.post(f"{stage.fake.url}/_phones", json={"number": number}, timeout=5)
    assert (answer.status_code, "number:" in answer.json()["detail"]) == (400, True)


def test_a_phone_that_is_switched_off_cannot_call(stage: Stage) -> None:
    """409 on the page, an error in a test."""
    stage.fake.phone(THEIRS).switch_off()
    assert press(stage, "call", {"to": OURS}) == (409, {"detail": "This phone is switched off."})
    with pytest.raises(AssertionError, match="switched off"):
        stage.fake.phone(THEIRS).text(OURS, "hi")


def test_a_message_reaches_the_app_with_its_picture(stage: Stage) -> None:
    """Signed, with Twilio's parameters; the picture needs no password; the reply reaches the phone."""
    stage.app.reply(
        "/api/receive_sms", twiml("<Message action='/told'><Body>Nice</Body><Media>/thumb.png</Media></Message>")
    )
    sent = stage.fake.phone(THEIRS).text(OURS, "Look", media=["https://example.com/cat.jpg"])
    reply = stage.fake.phone(THEIRS).wait_for_text("Nice")
    stage.fake.wait_until_quiet()
    asked = next(received for received in stage.app.received if received.path == "/api/receive_sms")
    about = {name: asked.form[name] for name in ("MessageSid", "From", "To", "Body", "NumMedia", "NumSegments")}
    assert about == {
        "MessageSid": sent.sid, "From": THEIRS, "To": OURS, "Body": "Look", "NumMedia": "1", "NumSegments": "1",
    }  # fmt: skip
    assert (asked.signed, asked.form["SmsStatus"], asked.form["MediaContentType0"]) == (True, "received", "image/png")
    picture = requests.get(asked.form["MediaUrl0"], timeout=5)
    assert (picture.headers["Content-Type"], picture.content[:4]) == ("image/png", b"\x89PNG")
    assert (reply.from_, reply.to, reply.media) == (OURS, THEIRS, [stage.app.url("/thumb.png")])
    assert [form["MessageStatus"] for form in stage.app.forms("/told")] == ["sending", "sent", "delivered"]
    assert stage.fake.faults == []
    fetched = stage.client.messages(sent.sid).fetch()
    assert (fetched.direction, fetched.status, fetched.num_media) == ("inbound", "received", "1")
    (media,) = stage.client.messages(sent.sid).media.list()
    assert asked.form["MediaUrl0"].endswith(media.sid)


@pytest.mark.parametrize(
    ("reply", "texts", "found"),
    [
        (twiml(""), [], []),
        (Reply(204), [], []),
        (twiml("<Message>one</Message><Message>two</Message>"), ["one", "two"], []),
        (twiml("<Redirect method='GET'>/more?x=1</Redirect><Message>never</Message>"), ["more"], []),
        (twiml(f"<Message to='+15557654321' from='{OURS}'>x</Message>"), [], []),
        (Reply(200, b"hello", "text/plain"), ["hello"], [None]),
        (twiml("<Message/>"), [], [14103]),
        (twiml("<Message from='+15550000000'>x</Message>"), [], [21606]),
        (twiml("<Message to='you'>x</Message>"), [], [21211]),
        (twiml("<Say>hi</Say>"), [], [12200]),
        (twiml("<Message>" + "x" * 1601 + "</Message>"), [], [21617]),
    ],
)
def test_the_answer_to_a_message_is_run(stage: Stage, reply: Reply, texts: list[str], found: list[int | None]) -> None:
    """Message and Redirect; a message that cannot be sent is a fault with Twilio's code."""
    stage.app.reply("/api/receive_sms", reply)
    stage.app.reply("/more", twiml("<Message>more</Message>"))
    stage.fake.phone(THEIRS).text(OURS, "Hi")
    stage.fake.wait_until_quiet()
    received = [message.body for message in stage.fake.simulator.phones.at(THEIRS).messages if message.to == THEIRS]
    assert (received, codes(stage)) == (texts, found)


@pytest.mark.parametrize(
    ("reply", "code"), [(Reply(500), 11200), (Reply(200, b"<", "text/xml"), 12100), (Reply(200, b"{}", "x/y"), 12300)]
)
def test_the_fallback_answers_a_message_when_the_app_fails(stage: Stage, reply: Reply, code: int) -> None:
    """It gets the error code."""
    url = stage.app.reply("/api/receive_sms", reply)
    stage.app.reply("/api/fallback", twiml("<Message>sorry</Message>"))
    stage.fake.phone(THEIRS).text(OURS, "Hi")
    stage.fake.phone(THEIRS).wait_for_text("sorry")
    (form,) = stage.app.forms("/api/fallback")
    assert (form["ErrorCode"], form["ErrorUrl"], form["Body"]) == (str(code), url, "Hi")
    assert codes(stage) == [code]


def test_a_message_whose_documents_redirect_in_a_circle_ends(stage: Stage) -> None:
    """After fifty documents."""
    stage.app.reply("/api/receive_sms", twiml("<Redirect>/api/receive_sms</Redirect>"))
    stage.fake.phone(THEIRS).text(OURS, "Hi")
    stage.fake.wait_until_quiet()
    assert ["in a circle" in fault.detail for fault in stage.fake.faults] == [True]


def test_twilio_answers_stop_and_rejects_messages_until_start(stage: Stage) -> None:
    """Creates and replies fail with 21610."""
    phone = stage.fake.phone(THEIRS)
    phone.text(OURS, " Stop ")
    phone.wait_for_text("unsubscribed")
    with refused(21610):
        stage.text()
    with refused(21610):
        stage.text(messaging_service_sid=stage.fake.account.messaging_service_sid)
    assert stage.text("+15557654321").status == "queued"
    stage.app.reply("/api/receive_sms", twiml("<Message>hello</Message>"))
    phone.text(OURS, "please stop it")
    stage.fake.wait_until_quiet()
    assert codes(stage) == [21610]
    stage.app.reply("/api/receive_sms", twiml(""))
    phone.text(OURS, "START")
    phone.wait_for_text("re-subscribed")
    assert stage.text().status == "queued"


@pytest.mark.parametrize(("advanced", "expected"), [(True, ["STOP", None, "START"]), (False, [None, None, None])])
def test_only_advanced_opt_out_brings_the_opt_out_type(advanced: bool, expected: list[str | None]) -> None:
    """Without it the app finds the keyword in the body only."""
    with Stage.ready(advanced_opt_out=advanced) as stage:
        stage.fake.number(OURS).sms_url = stage.app.url("/text")
        for words in ("stop", "hello", "START"):
            stage.fake.phone(THEIRS).text(OURS, words)
            stage.fake.wait_until_quiet()
        assert [form.get("OptOutType") for form in stage.app.forms("/text")] == expected


def test_twilio_answers_help(stage: Stage) -> None:
    """And changes nothing."""
    stage.fake.phone(THEIRS).text(OURS, "HELP")
    stage.fake.phone(THEIRS).wait_for_text("Reply STOP")
    assert stage.text().status == "queued"


def test_the_command_line_has_the_address_of_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """From --app-url, else PUBLIC_BASE_URL, else the usual port."""
    monkeypatch.delenv("PUBLIC_BASE_URL", raising=False)
    assert options_of([]).app_url == "http://127.0.0.1:7071"
    monkeypatch.setenv("PUBLIC_BASE_URL", "http://127.0.0.1:7099")
    assert options_of([]).app_url == "http://127.0.0.1:7099"
    assert options_of(["--app-url", "http://127.0.0.1:1"]).app_url == "http://127.0.0.1:1"

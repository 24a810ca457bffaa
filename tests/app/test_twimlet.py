"""GET, POST /api/twimlet/{name}: ready-made documents."""

from __future__ import annotations

import re
import secrets
from urllib.parse import parse_qs, quote, urlsplit
from xml.etree import ElementTree

import pytest

from tests.support.app import App
from tests.support.twimlets import CALL, fetch, follow, get, is_apology, outline


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Message": "Hi"}, ["Say Hi"]),
        ({"Message[1]": "two", "Message[0]": "one"}, ["Say one", "Say two"]),
        ({"Message[7]": "b", "Message[2]": "a", "Message": "last"}, ["Say a", "Say b", "Say last"]),
        ({"Message[0]": "https://example.com/a.mp3", "Message[1]": "Hi"}, ["Play https://example.com/a.mp3", "Say Hi"]),
        ({"Message[0]": " ", "Message[1]": "Hi"}, ["Say Hi"]),
        ({"Message": "<Hangup/>"}, ["Say <Hangup/>"]),
        ({}, []),
    ],
)
def test_message_says_and_plays_in_index_order(app: App, fields: dict[str, str], expected: list[str]) -> None:
    """Words or the URL of audio; indexes may have gaps, and blank messages are skipped."""
    assert outline(fetch(app, "message", fields)) == expected


def test_an_invalid_voice_or_language_is_ignored(app: App) -> None:
    """A valid one is an attribute of Say."""
    [say] = fetch(app, "message", {"Message": "Hi", "Voice": "Polly.Amy", "Language": "en-GB"})
    assert (say.get("voice"), say.get("language")) == ("Polly.Amy", "en-GB")
    [say] = fetch(app, "message", {"Message": "Hi", "Voice": '"><Hangup/>'})
    assert say.get("voice") is None


MENU = {"Message": "Press 1 or 20", "Options[1]": "https://example.com/one", "Options[20]": "/api/twiml/twenty"}


def test_a_menu_continues_with_the_url_of_the_choice(app: App) -> None:
    """It waits for as many keys as the longest choice has; a path is on the app's own site."""
    gather = fetch(app, "menu", MENU)[0]
    assert (gather.tag, gather.get("numDigits")) == ("Gather", "2")

    assert outline(follow(app, gather, Digits="1")) == ["Redirect https://example.com/one"]
    assert outline(follow(app, gather, Digits="20")) == [f"Redirect {app.url}/api/twiml/twenty"]


def test_a_menu_hangs_up_after_three_tries(app: App) -> None:
    """With wrong keys, and with none."""
    for digits in ({"Digits": "9"}, {}):
        document, tries = fetch(app, "menu", MENU), 0
        while (redirect := document.find("Redirect")) is not None:
            tries += 1
            assert tries < 10
            document = follow(app, redirect, "text", **digits)
        assert document[-1].tag == "Hangup"
        assert tries == 3


RETRIED = "#rc=3&rp=ct,rt,5xx"


def without_start(address: str) -> str:
    """Return a callback address without the call's start, which it has if the call is in the log."""
    return re.sub(r"\?started=[0-9]{16}(?=#)", "", address)


def test_voicemail_says_a_greeting_records_and_says_thanks(app: App) -> None:
    """The recording's callback goes to the log, and Twilio retries it."""
    say, record = fetch(app, "voicemail", {"Message": "Leave a message."})
    assert say.text == "Leave a message."
    assert without_start(record.get("recordingStatusCallback", "")) == f"{app.url}/api/status_callback{RETRIED}"
    assert (record.get("transcribe"), record.get("transcribeCallback")) == (None, None)
    assert outline(follow(app, record, RecordingUrl="https://x", Digits="#"))[-1] == "Hangup"


def test_voicemail_is_transcribed_on_request(app: App) -> None:
    """The transcription's callback goes to the log too."""
    record = fetch(app, "voicemail", {"Transcribe": "true"})[1]
    assert record.get("transcribe") == "true"
    assert without_start(record.get("transcribeCallback", "")) == f"{app.url}/api/status_callback{RETRIED}"


def test_hold_music_is_repeated(app: App) -> None:
    """Twilio fetches the same document again."""
    document = fetch(app, "holdmusic", {"Message": "Please wait.", "Music[0]": "https://example.com/m.mp3"})

    assert outline(document)[:2] == ["Say Please wait.", "Play https://example.com/m.mp3"]
    assert outline(follow(app, document[-1], "text"))[:2] == outline(document)[:2]


def test_echo_answers_with_the_document_unchanged(app: App) -> None:
    """If it is a valid one."""
    twiml = "<Response><Say>Hi &amp; bye</Say></Response>"
    assert app.signed_post(f"twimlet/echo?Twiml={quote(twiml)}", CALL).text == twiml


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("nothing", {}),
        ("menu", {}),
        ("menu", {"Options[1]": "javascript:alert(1)", "Tries": "x"}),
        ("forward", {}),
        ("forward", {"PhoneNumber": "bob"}),
        ("forward", {"PhoneNumber": "client:bob"}),
        ("simulring", {}),
        ("simulring", {"PhoneNumbers": "sip:a@example.com"}),
        ("findme", {"PhoneNumbers[0]": "+1"}),
        ("client", {}),
        ("client", {"Identities[0]": "bob", "Identities[1]": "a b"}),
        ("client", {"Identities": "client:client:bob"}),
        ("conference", {"Moderators": "bob"}),
        ("holdmusic", {"Music": "file:///etc/passwd"}),
        ("echo", {}),
        ("echo", {"Twiml": "<Response>"}),
        ("echo", {"Twiml": "<!DOCTYPE a><Response/>"}),
    ],
)
def test_a_wrong_twimlet_is_an_apology(app: App, name: str, fields: dict[str, str]) -> None:
    """Never a 500, and never silence."""
    document = fetch(app, name, fields, Digits="1") if name == "menu" and fields else fetch(app, name, fields)

    assert is_apology(document)


@pytest.mark.parametrize(
    ("verbs", "expected"),
    [
        ("<Dial>+12025550123</Dial>", "<Dial>+12025550123</Dial>"),
        ("<Dial>+1202555<!-- +44 -->0123</Dial>", "<Dial>+12025550123</Dial>"),
        ("<Say>Hi &amp; bye</Say><!-- +44 --><Hangup/>", "<Say>Hi &amp; bye</Say><Hangup />"),
    ],
)
def test_echo_answers_with_allowed_countries(american_app: App, verbs: str, expected: str) -> None:
    """The document is written from the script that was checked, so it contains nothing else."""
    answer = american_app.signed_post(f"twimlet/echo?Twiml={quote(f'<Response>{verbs}</Response>')}", CALL)
    assert answer.text.endswith(f"<Response>{expected}</Response>")


@pytest.mark.parametrize(
    "verbs",
    [
        "<Dial>+442079460018</Dial>",
        "<Dial>44 20 7946 0018</Dial>",
        "<Dial><Number>+12025550123</Number><Number>+442079460018</Number></Dial>",
        "<Dial><Number>+12025550123</Number>+442079460018</Dial>",
        "<Dial>+442079460018{{Nothing}}</Dial>",
        '<Sms to="+442079460018">Hi</Sms>',
        '<Message to="+442079460018">Hi</Message>',
        "<Pay/>",
        '<t:Dial xmlns:t="urn:t">+442079460018</t:Dial>',
    ],
)
def test_echo_rejects_other_countries_and_what_is_no_script(american_app: App, verbs: str) -> None:
    """The log names the place, but no number."""
    assert is_apology(fetch(american_app, "echo", {"Twiml": f"<Response>{verbs}</Response>"}))

    american_app.wait_for_line("the twimlet echo cannot be built: Twiml: ")
    assert "7946" not in american_app.log()


def test_without_allowed_countries_echo_answers_with_any_document(app: App) -> None:
    """Even if no script can produce it."""
    twiml = "<Response><Pay/><Dial>44 20 7946 0018</Dial></Response>"
    assert app.signed_post(f"twimlet/echo?Twiml={quote(twiml)}", CALL).text == twiml


SOFTPHONES = ("client:mallory", "sip:mallory@example.com")
ADDED = {
    "echo": {"Twiml": "<Response><Dial>+15559999999</Dial></Response>"},
    "forward": {"Dial": "true", "FailUrl": "https://evil.example", "PhoneNumber": "+15559999999", "CallerId": "+15559"},
    "simulring": {"PhoneNumbers[0]": "+15559999999", "PhoneNumbers[9]": "+15559999999", "Message": "evil"},
    "findme": {"Dial": "true", "FailUrl": "https://evil.example", "HumanCheck": "false"},
    "whisper": {"HumanCheck": "false", "Message": "evil"},
    "menu": {"Options[1]": "https://evil.example", "Options[2]": "https://evil.example", "Digits": "2"},
    "client": {"Dial": "true", "Identities[0]": "mallory", "Timeout": "600"},
    "conference": {"Moderators": "client:mallory", "Name": "evil", "Music": "https://evil.example"},
    "voicemail": {"Recorded": "true", "Message": "evil"},
    "holdmusic": {"Music": "https://evil.example"},
    "message": {"Message": "evil", "Message[0]": "https://evil.example"},
}
SET = {
    "echo": {"Twiml": "<Response/>"},
    "forward": {"PhoneNumber": "+15557654321"},
    "simulring": {"PhoneNumbers[0]": "+15557654321"},
    "findme": {"PhoneNumbers[0]": "+15557654321"},
    "whisper": {"HumanCheck": "true"},
    "menu": {"Options[1]": "https://example.com"},
    "client": {"Identities[1]": "ann"},
    "conference": {"Moderators": "+15550000001"},
}


@pytest.mark.parametrize("name", ADDED)
def test_a_callers_own_fields_change_no_parameter(app: App, name: str) -> None:
    """A softphone can send any field besides Twilio's; only the signed URL has the parameters."""
    digits = {"Digits": ADDED[name]["Digits"]} if "Digits" in ADDED[name] else {}
    usual = fetch(app, name, SET.get(name, {}), **digits)
    other = fetch(app, name, SET.get(name, {}), From=SOFTPHONES[0], **ADDED[name])

    assert ElementTree.tostring(other) == ElementTree.tostring(usual)


def test_a_client_or_sip_caller_needs_post(app: App) -> None:
    """With GET a caller's own fields would be among the parameters."""
    assert outline(get(app, "message", {"Message": "Hi"})) == ["Say Hi"]
    for caller in SOFTPHONES:
        assert is_apology(get(app, "message", {"Message": "Hi", "From": caller}))
        assert "needs POST" in app.wait_for_line("the twimlet message cannot be built")
        assert outline(fetch(app, "message", {"Message": "Hi"}, From=caller)) == ["Say Hi"]


def test_a_twimlets_urls_contain_its_parameters_and_no_field_of_the_call(app: App) -> None:
    """URLs end up in logs, so they must not contain a caller's number."""
    fields = {"PhoneNumber": "+15557654321", "FailUrl": "https://example.com/x?y=1&z=2", "Voice": "alice"}
    expected = {**{name: [value] for name, value in fields.items()}, "Dial": ["true"]}
    for document in (fetch(app, "forward", fields), get(app, "forward", fields)):
        assert parse_qs(urlsplit(document[0].get("action", "")).query) == expected


def test_the_url_of_hold_music_does_not_grow(app: App) -> None:
    """It is fetched for hours, and Twilio sends fields about the queue each time."""
    twilios = {"QueueTime": "7", "AnsweredBy": "human", "AddOns": "{}", "AvgQueueTime": "1", "QueueSid": "QU1"}
    redirect = fetch(app, "holdmusic", {"Music[0]": "https://example.com/m.mp3"}, **twilios)[-1]
    again = follow(app, redirect, "text", **twilios)[-1]

    assert parse_qs(urlsplit(redirect.text or "").query) == {"Music[0]": ["https://example.com/m.mp3"]}
    assert again.text == redirect.text


def test_a_pressed_key_is_an_event_in_the_log(app: App) -> None:
    """A fetch without a key is not."""
    sid = "CA" + secrets.token_hex(16)
    inbound = {"CallSid": sid, "Direction": "inbound"}
    fetch(app, "menu", MENU, **inbound)
    assert app.get(f"activity/{sid}").status_code == 404
    fetch(app, "menu", MENU, Digits="1", **inbound)

    [event] = app.get(f"activity/{sid}").json()["events"]
    assert "gathered" in event.values()


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("forward", {"PhoneNumber": "+1555\n0001234"}, "PhoneNumber: "),
        ("forward", {"PhoneNumber": "+15557654321", "FailUrl": "x", "Dial": "1"}, "FailUrl: "),
        ("forward", {"PhoneNumber": "+15557654321", "AllowedCallers[1]": "sip:0001234"}, "AllowedCallers: "),
        ("forward", {"PhoneNumber": "+15557654321", "CallerId": "sip:0001234"}, "CallerId: "),
        ("conference", {"Moderators": "sip:0001234"}, "Moderators: "),
        ("echo", {"Twiml": f"<x\u06dd{'x' * 3000}/>"}, "Twiml: "),
    ],
)
def test_the_log_names_the_wrong_parameter_without_its_number(
    app: App, name: str, fields: dict[str, str], words: str
) -> None:
    """In one short line."""
    assert is_apology(fetch(app, name, fields))

    line = app.wait_for_line(f"the twimlet {name} cannot be built: {words}")
    assert len(line) < 500
    assert line.isprintable()
    assert "0001234" not in app.log()

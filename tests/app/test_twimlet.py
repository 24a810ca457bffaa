"""GET, POST /api/twimlet/{name}: ready-made documents."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from xml.etree import ElementTree

import pytest
import requests

from fake_twilio.twiml.check import check
from tests.support.app import SETTINGS, App, StartApp, sign

CALL = {"CallSid": "CA1", "From": "+15551234567", "To": "+15005550006", "CallStatus": "in-progress"}


def fetch(app: App, name: str, fields: dict[str, str], **twilios: str) -> ElementTree.Element:
    """Fetch a twimlet as Twilio does: its parameters in the address, the call's fields in the form."""
    query = f"?{urlencode(fields)}" if fields else ""
    answer = app.signed_post(f"twimlet/{name}{query}", {**CALL, **twilios})
    assert answer.status_code == 200
    document = ElementTree.fromstring(answer.text)
    assert list(check(document, "voice")) == []
    return document


def follow(app: App, element: ElementTree.Element, address: str = "action", **twilios: str) -> ElementTree.Element:
    """Fetch the address in an attribute of an element, or in its text, with POST, which all of ours ask for."""
    url = element.get(address) if address != "text" else element.text
    method = element.get({"waitUrl": "waitMethod"}.get(address, "method"))
    assert url is not None
    assert method == "POST"
    assert url.startswith(f"{app.url}/api/")
    answer = app.signed_post(url.removeprefix(f"{app.url}/api/"), {**CALL, **twilios})
    assert answer.status_code == 200
    return ElementTree.fromstring(answer.text)


def get(app: App, name: str, fields: dict[str, str]) -> ElementTree.Element:
    """Fetch a twimlet as Twilio does with GET: everything in the address, its own fields behind ours."""
    url = f"{app.url}/api/twimlet/{name}?{urlencode({**fields, **CALL, **fields})}"
    answer = requests.get(url, headers={"X-Twilio-Signature": sign(url, {}, SETTINGS["TWILIO_AUTH_TOKEN"])}, timeout=30)
    assert answer.status_code == 200
    return ElementTree.fromstring(answer.text)


def is_apology(document: ElementTree.Element) -> bool:
    """Tell whether a document says sorry and hangs up."""
    return [verb.tag for verb in document] == ["Say", "Hangup"] and "We are sorry" in (document[0].text or "")


def outline(document: ElementTree.Element) -> list[str]:
    """Return what a document does: each verb and its text."""
    return [f"{verb.tag} {verb.text or ''}".strip() for verb in document]


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
    """Words or the address of audio, in gaps and out of order; blanks are skipped."""
    assert outline(fetch(app, "message", fields)) == expected


def test_a_voice_and_language_are_taken_where_they_are_some(app: App) -> None:
    """Anything else in their place is left out."""
    [say] = fetch(app, "message", {"Message": "Hi", "Voice": "Polly.Amy", "Language": "en-GB"})
    assert (say.get("voice"), say.get("language")) == ("Polly.Amy", "en-GB")
    [say] = fetch(app, "message", {"Message": "Hi", "Voice": '"><Hangup/>'})
    assert say.get("voice") is None


MENU = {"Message": "Press 1 or 20", "Options[1]": "https://example.com/one", "Options[20]": "/api/twiml/twenty"}


def test_a_menu_asks_and_goes_where_the_choice_leads(app: App) -> None:
    """As many keys as the longest choice; a path is one on our own site."""
    gather = fetch(app, "menu", MENU)[0]
    assert (gather.tag, gather.get("numDigits")) == ("Gather", "2")

    assert outline(follow(app, gather, Digits="1")) == ["Redirect https://example.com/one"]
    assert outline(follow(app, gather, Digits="20")) == [f"Redirect {app.url}/api/twiml/twenty"]


def test_a_menu_asks_again_but_not_for_ever(app: App) -> None:
    """Wrong keys and silence alike: after three tries it hangs up."""
    for digits in ({"Digits": "9"}, {}):
        document, tries = fetch(app, "menu", MENU), 0
        while (redirect := document.find("Redirect")) is not None:
            tries += 1
            assert tries < 10
            document = follow(app, redirect, "text", **digits)
        assert document[-1].tag == "Hangup"
        assert tries == 3


def test_forward_calls_and_then_goes_on(app: App) -> None:
    """To FailUrl when nobody took it."""
    [dial] = fetch(app, "forward", {"PhoneNumber": "(555) 765-4321", "FailUrl": "https://example.com/busy"})
    assert (dial.text, dial.get("callerId")) == ("+15557654321", None)

    assert outline(follow(app, dial, DialCallStatus="no-answer")) == ["Redirect https://example.com/busy"]
    assert outline(follow(app, dial, DialCallStatus="completed")) == ["Hangup"]


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        *(("12", "12"), ("1", "1"), ("600", "600"), ("601", "600"), ("999999999", "600")),
        *((other, "20") for other in ("", "0", "-5", "1.5", "soon", "9" * 5000, "\u0661\u0662")),
    ],
)
def test_phones_ring_for_the_timeout_and_ten_minutes_at_most(app: App, timeout: str, expected: str) -> None:
    """What is no number of seconds is left out of account."""
    [dial] = fetch(app, "forward", {"PhoneNumber": "+15557654321", "Timeout": timeout})
    assert dial.get("timeout") == expected


def test_a_number_may_come_with_an_unescaped_plus(app: App) -> None:
    """Which is a space then, and so it is in many guides."""
    for name, parameter in (("forward", "PhoneNumber"), ("simulring", "PhoneNumbers")):
        answer = app.signed_post(f"twimlet/{name}?{parameter}=+442079460018", CALL)
        assert "+442079460018</" in answer.text


@pytest.mark.parametrize(
    ("given", "expected"), [("(555) 000-0009", "+15550000009"), ("client:desk", "client:desk"), ("", None)]
)
def test_forward_shows_the_caller_id_that_is_asked_for(app: App, given: str, expected: str | None) -> None:
    """A number or a client; without one Twilio shows the caller's own."""
    [dial] = fetch(app, "forward", {"PhoneNumber": "+15557654321", "CallerId": given})
    assert dial.get("callerId") == expected


def test_forward_lets_only_allowed_callers_through(app: App) -> None:
    """Others hear why."""
    fields = {"PhoneNumber": "+15557654321", "AllowedCallers[0]": "+15550000001"}

    assert outline(fetch(app, "forward", fields))[0].startswith("Say Sorry, you are calling from a restricted number")
    assert [verb.tag for verb in fetch(app, "forward", {**fields, "AllowedCallers[1]": CALL["From"]})] == ["Dial"]


def test_simulring_calls_all_at_once(app: App) -> None:
    """Ten at most; with a whisper where there is something to whisper."""
    numbers = {f"PhoneNumbers[{number}]": f"+1555765432{number % 10}" for number in range(12)}
    [dial] = fetch(app, "simulring", numbers)
    assert len(dial) == 10
    assert dial.get("sequential") is None
    assert dial[0].get("url") is None

    [dial] = fetch(app, "simulring", {"PhoneNumbers": "+15557654321", "HumanCheck": "true"})
    whisper = follow(app, dial[0], "url")
    assert [verb.tag for verb in whisper] == ["Gather", "Hangup"]
    assert outline(follow(app, whisper[0], Digits="5")) == []


def test_findme_calls_one_after_the_other_and_wants_a_human(app: App) -> None:
    """A machine that answers does not press a key."""
    [dial] = fetch(app, "findme", {"PhoneNumbers[0]": "+15557654321", "PhoneNumbers[1]": "+15557654322"})

    assert dial.get("sequential") == "true"
    assert [verb.tag for verb in follow(app, dial[1], "url")] == ["Gather", "Hangup"]


def test_a_conference_begins_and_ends_with_its_moderators(app: App) -> None:
    """Others wait for them, with music if there is some."""
    fields = {"Name": "board", "Moderators[0]": "+15550000001", "Music": "https://example.com/m.mp3"}
    room = fetch(app, "conference", fields)[0][0]
    assert (room.text, room.get("startConferenceOnEnter"), room.get("endConferenceOnExit")) == (
        "board",
        "false",
        "false",
    )
    assert "Play https://example.com/m.mp3" in outline(follow(app, room, "waitUrl"))
    room = fetch(app, "conference", {**fields, "Moderators[1]": CALL["From"]})[0][0]
    assert (room.get("startConferenceOnEnter"), room.get("endConferenceOnExit")) == ("true", "true")


def test_a_conference_without_moderators_is_everybodys(app: App) -> None:
    """It begins with the second and ends with the last, as Twilio has it."""
    [room] = fetch(app, "conference", {})[0]
    assert (room.text, room.attrib) == (CALL["To"], {})


RETRIED = "#rc=3&rp=ct,rt,5xx"


def test_voicemail_greets_records_and_thanks(app: App) -> None:
    """The recording's callback goes to the log, and is tried again when it fails."""
    say, record = fetch(app, "voicemail", {"Message": "Leave a message."})
    assert say.text == "Leave a message."
    assert record.get("recordingStatusCallback") == f"{app.url}/api/status_callback{RETRIED}"
    assert (record.get("transcribe"), record.get("transcribeCallback")) == (None, None)
    assert outline(follow(app, record, RecordingUrl="https://x", Digits="#"))[-1] == "Hangup"


def test_voicemail_is_transcribed_on_request(app: App) -> None:
    """The words go to the log's callback too."""
    record = fetch(app, "voicemail", {"Transcribe": "true"})[1]
    assert record.get("transcribe") == "true"
    assert record.get("transcribeCallback") == f"{app.url}/api/status_callback{RETRIED}"


def test_hold_music_goes_on(app: App) -> None:
    """Over and over, as Twilio asks for it."""
    document = fetch(app, "holdmusic", {"Message": "Please wait.", "Music[0]": "https://example.com/m.mp3"})

    assert outline(document)[:2] == ["Say Please wait.", "Play https://example.com/m.mp3"]
    assert outline(follow(app, document[-1], "text"))[:2] == outline(document)[:2]


def test_echo_answers_that_very_document(app: App) -> None:
    """When it is one."""
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
        ("conference", {"Moderators": "bob"}),
        ("holdmusic", {"Music": "file:///etc/passwd"}),
        ("echo", {}),
        ("echo", {"Twiml": "<Response>"}),
        ("echo", {"Twiml": "<!DOCTYPE a><Response/>"}),
    ],
)
def test_what_makes_no_sense_is_an_apology(app: App, name: str, fields: dict[str, str]) -> None:
    """Never a 500, and never silence."""
    document = fetch(app, name, fields, Digits="1") if name == "menu" and fields else fetch(app, name, fields)

    assert is_apology(document)


@pytest.fixture(scope="module")
def american(start_app: StartApp) -> App:
    """An app that calls and texts the United States alone."""
    return start_app(ALLOWED_COUNTRIES="US")


def test_only_allowed_countries_are_called(american: App) -> None:
    """Twimlets that call are what toll fraud looks for."""
    assert [verb.tag for verb in fetch(american, "forward", {"PhoneNumber": "+12025550123"})] == ["Dial"]
    assert is_apology(fetch(american, "forward", {"PhoneNumber": "+442079460018"}))
    for name in ("simulring", "findme"):
        assert is_apology(fetch(american, name, {"PhoneNumbers": "+442079460018"}))


def test_callers_may_be_of_any_country(american: App) -> None:
    """They call us; we do not call them."""
    abroad = "+442079460018"
    fields = {"PhoneNumber": "+12025550123", "AllowedCallers[0]": abroad, "CallerId": abroad}
    [dial] = fetch(american, "forward", fields, From=abroad)
    assert dial.get("callerId") == abroad

    room = fetch(american, "conference", {"Moderators": abroad}, From=abroad)[0][0]
    assert room.get("startConferenceOnEnter") == "true"


@pytest.mark.parametrize(
    ("verbs", "expected"),
    [
        ("<Dial>+12025550123</Dial>", "<Dial>+12025550123</Dial>"),
        ("<Dial>+1202555<!-- +44 -->0123</Dial>", "<Dial>+12025550123</Dial>"),
        ("<Say>Hi &amp; bye</Say><!-- +44 --><Hangup/>", "<Say>Hi &amp; bye</Say><Hangup />"),
    ],
)
def test_echo_answers_what_allowed_countries_let_it(american: App, verbs: str, expected: str) -> None:
    """Written anew, so that nothing is answered that was not checked."""
    answer = american.signed_post(f"twimlet/echo?Twiml={quote(f'<Response>{verbs}</Response>')}", CALL)
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
def test_echo_refuses_what_allowed_countries_forbid_or_nobody_can_read(american: App, verbs: str) -> None:
    """The log tells the place, and no number."""
    assert is_apology(fetch(american, "echo", {"Twiml": f"<Response>{verbs}</Response>"}))

    assert "the twimlet echo cannot be built: Twiml: " in american.wait_for_line("cannot be built")
    assert "7946" not in american.log()


def test_without_allowed_countries_echo_answers_anything(app: App) -> None:
    """Also what no script can hold."""
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
    "conference": {"Moderators": "+15550000001"},
}


@pytest.mark.parametrize("name", ADDED)
def test_a_callers_own_fields_change_no_parameter(app: App, name: str) -> None:
    """A softphone may send any field beside Twilio's; what a twimlet does stands in its signed address alone."""
    digits = {"Digits": ADDED[name]["Digits"]} if "Digits" in ADDED[name] else {}
    usual = fetch(app, name, SET.get(name, {}), **digits)
    other = fetch(app, name, SET.get(name, {}), From=SOFTPHONES[0], **ADDED[name])

    assert ElementTree.tostring(other) == ElementTree.tostring(usual)


def test_a_client_or_sip_caller_needs_post(app: App) -> None:
    """With GET a caller's own fields would stand among the parameters."""
    assert outline(get(app, "message", {"Message": "Hi"})) == ["Say Hi"]
    for caller in SOFTPHONES:
        assert is_apology(get(app, "message", {"Message": "Hi", "From": caller}))
        assert "needs POST" in app.wait_for_line("the twimlet message cannot be built")
        assert outline(fetch(app, "message", {"Message": "Hi"}, From=caller)) == ["Say Hi"]


def test_addresses_keep_a_twimlets_parameters_and_nothing_of_the_call(app: App) -> None:
    """A caller's number does not travel through addresses, which end up in logs."""
    fields = {"PhoneNumber": "+15557654321", "FailUrl": "https://example.com/x?y=1&z=2", "Voice": "alice"}
    expected = {**{name: [value] for name, value in fields.items()}, "Dial": ["true"]}
    for document in (fetch(app, "forward", fields), get(app, "forward", fields)):
        assert parse_qs(urlsplit(document[0].get("action", "")).query) == expected


def test_hold_music_keeps_its_address(app: App) -> None:
    """It is fetched for hours; what Twilio tells of the queue must not make the address grow."""
    twilios = {"QueueTime": "7", "AnsweredBy": "human", "AddOns": "{}", "AvgQueueTime": "1", "QueueSid": "QU1"}
    redirect = fetch(app, "holdmusic", {"Music[0]": "https://example.com/m.mp3"}, **twilios)[-1]
    again = follow(app, redirect, "text", **twilios)[-1]

    assert parse_qs(urlsplit(redirect.text or "").query) == {"Music[0]": ["https://example.com/m.mp3"]}
    assert again.text == redirect.text


def test_what_a_twimlet_is_told_of_is_logged(app: App) -> None:
    """A key that was pressed, say; a plain fetch is no event."""
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
def test_the_log_names_the_parameter_and_repeats_no_number(
    app: App, name: str, fields: dict[str, str], words: str
) -> None:
    """On one short line."""
    assert is_apology(fetch(app, name, fields))

    line = app.wait_for_line(f"the twimlet {name} cannot be built: {words}")
    assert len(line) < 500
    assert line.isprintable()
    assert "0001234" not in app.log()

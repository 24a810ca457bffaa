"""GET, POST /api/twimlet/{name}: ready-made documents."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlencode, urlsplit
from xml.etree import ElementTree

import pytest
import requests
from conftest import SETTINGS, App, StartApp, sign

from dev.fake_twilio.twiml_check import check

CALL = {"CallSid": "CA1", "From": "+15551234567", "To": "+15005550006", "CallStatus": "in-progress"}


def fetch(app: App, name: str, fields: dict[str, str], **twilios: str) -> ElementTree.Element:
    """Fetch a twimlet as Twilio does: its parameters in the address, the call's fields in the form."""
    query = f"?{urlencode(fields)}" if fields else ""
    answer = app.signed_post(f"twimlet/{name}{query}", {**CALL, **twilios})
    assert answer.status_code == 200
    document = ElementTree.fromstring(answer.text)
    assert list(check(document, "voice")) == []
    return document


def follow(app: App, address: str, **twilios: str) -> ElementTree.Element:
    """Fetch an address that a document has named, with GET, as it asks."""
    query = urlencode({**CALL, **twilios})
    url = f"{address}{'&' if '?' in address else '?'}{query}"
    assert url.startswith(app.url)
    answer = requests.get(url, headers={"X-Twilio-Signature": sign(url, {}, SETTINGS["TWILIO_AUTH_TOKEN"])}, timeout=30)
    assert answer.status_code == 200
    return ElementTree.fromstring(answer.text)


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

    assert outline(follow(app, gather.get("action", ""), Digits="1")) == ["Redirect https://example.com/one"]
    assert outline(follow(app, gather.get("action", ""), Digits="20")) == [f"Redirect {app.url}/api/twiml/twenty"]


def test_a_menu_asks_again_but_not_for_ever(app: App) -> None:
    """Wrong keys and silence alike: after three tries it hangs up."""
    for digits in ({"Digits": "9"}, {}):
        document, tries = fetch(app, "menu", MENU), 0
        while (redirect := document.find("Redirect")) is not None:
            tries += 1
            assert tries < 10
            document = follow(app, redirect.text or "", **digits)
        assert document[-1].tag == "Hangup"
        assert tries == 3


def test_forward_calls_and_then_goes_on(app: App) -> None:
    """To FailUrl when nobody took it."""
    fields = {"PhoneNumber": "(555) 765-4321", "FailUrl": "https://example.com/busy", "Timeout": "12"}
    [dial] = fetch(app, "forward", fields)
    assert (dial.text, dial.get("timeout")) == ("+15557654321", "12")

    action = dial.get("action", "")
    assert outline(follow(app, action, DialCallStatus="no-answer")) == ["Redirect https://example.com/busy"]
    assert outline(follow(app, action, DialCallStatus="completed")) == ["Hangup"]


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
    whisper = follow(app, dial[0].get("url", ""))
    assert [verb.tag for verb in whisper] == ["Gather", "Hangup"]
    assert outline(follow(app, whisper[0].get("action", ""), Digits="5")) == []


def test_findme_calls_one_after_the_other_and_wants_a_human(app: App) -> None:
    """A machine that answers does not press a key."""
    [dial] = fetch(app, "findme", {"PhoneNumbers[0]": "+15557654321", "PhoneNumbers[1]": "+15557654322"})

    assert dial.get("sequential") == "true"
    assert [verb.tag for verb in follow(app, dial[1].get("url", ""))] == ["Gather", "Hangup"]


def test_a_conference_begins_and_ends_with_its_moderators(app: App) -> None:
    """Others wait for them, with music if there is some."""
    fields = {"Name": "board", "Moderators[0]": "+15550000001", "Music": "https://example.com/m.mp3"}
    room = fetch(app, "conference", fields)[0][0]
    assert (room.text, room.get("startConferenceOnEnter"), room.get("endConferenceOnExit")) == (
        "board",
        "false",
        "false",
    )
    assert "Play https://example.com/m.mp3" in outline(follow(app, room.get("waitUrl", "")))
    room = fetch(app, "conference", {**fields, "Moderators[1]": CALL["From"]})[0][0]
    assert room.get("startConferenceOnEnter") == "true"


def test_voicemail_greets_records_and_thanks(app: App) -> None:
    """The recording's callback goes to the log."""
    say, record = fetch(app, "voicemail", {"Message": "Leave a message.", "Transcribe": "true"})
    assert say.text == "Leave a message."
    assert record.get("recordingStatusCallback") == f"{app.url}/api/status_callback"
    assert record.get("transcribe") == "true"
    assert outline(follow(app, record.get("action", ""), RecordingUrl="https://x", Digits="#"))[-1] == "Hangup"


def test_hold_music_goes_on(app: App) -> None:
    """Over and over, as Twilio asks for it."""
    document = fetch(app, "holdmusic", {"Message": "Please wait.", "Music[0]": "https://example.com/m.mp3"})

    assert outline(document)[:2] == ["Say Please wait.", "Play https://example.com/m.mp3"]
    assert outline(follow(app, document[-1].text or ""))[:2] == outline(document)[:2]


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

    assert "We are sorry" in (document[0].text or "")
    assert document[1].tag == "Hangup"


def test_only_allowed_countries_are_called(start_app: StartApp) -> None:
    """Twimlets that call are what toll fraud looks for."""
    app = start_app(ALLOWED_COUNTRIES="US")

    assert [verb.tag for verb in fetch(app, "forward", {"PhoneNumber": "+12025550123"})] == ["Dial"]
    for name in ("simulring", "findme"):
        assert "We are sorry" in (fetch(app, name, {"PhoneNumbers": "+442079460018"})[0].text or "")


def test_addresses_keep_a_twimlets_parameters_and_nothing_of_the_call(app: App) -> None:
    """A caller's number does not travel through addresses, which end up in logs."""
    [dial] = fetch(app, "forward", {"PhoneNumber": "+15557654321", "FailUrl": "https://example.com/x?y=1&z=2"})
    query = parse_qs(urlsplit(dial.get("action", "")).query)

    assert query == {"PhoneNumber": ["+15557654321"], "FailUrl": ["https://example.com/x?y=1&z=2"], "Dial": ["true"]}

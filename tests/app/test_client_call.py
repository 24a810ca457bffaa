"""POST /api/client_call: what a browser's call is connected to, and what it hears if it is not."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from xml.etree import ElementTree

import pytest

from fake_twilio.model.twiml_app import TwimlApp
from fake_twilio.testing import FakeTwilio
from fake_twilio.twiml.check import check
from shared.browser_calls import PERMISSION, Permission, sealed
from tests.support.app import SETTINGS, App
from tests.support.twimlets import outline

AT_HOME, ABROAD = "+12025550123", "+442079460018"
SCRIPT = [{"verb": "Say", "text": "Hello {{From}}, you like {{Colour}}. {{Permission}}"}]


@pytest.fixture(autouse=True)
def _settings_of_the_app(example_settings: Any) -> None:
    """Sign permissions with the token of the app."""


def call(app: App, to: str, path: str = "client_call", **changes: str) -> tuple[str, ElementTree.Element]:
    """Call from alice's browser, which may call anything; return the call's SID and the document."""
    sid = "CA" + secrets.token_hex(16)
    form = {
        "CallSid": sid,
        "AccountSid": SETTINGS["TWILIO_ACCOUNT_SID"],
        "ApplicationSid": SETTINGS["TWILIO_TWIML_APP_SID"],
        "CallStatus": "ringing",
        "Direction": "inbound",
        "From": "client:alice",
        "Caller": "client:alice",
        "To": to,
        PERMISSION: permission(),
    }
    answer = app.signed_post(path, {**form, **changes})
    assert answer.status_code == 200
    document = ElementTree.fromstring(answer.text)
    assert list(check(document, "voice")) == []
    return sid, document


def permission(identity: str = "alice", seconds: int = 60, from_: str = "", to: list[str] | None = None) -> str:
    """Return the permission in a token of this identity."""
    return sealed(Permission(int(time.time()) + seconds, from_, to or []), identity)


@pytest.fixture
def twilio(american_app: App, fake_twilio: FakeTwilio) -> Iterator[FakeTwilio]:
    """The emulator, whose TwiML App is connected to the app."""
    sid, api = SETTINGS["TWILIO_TWIML_APP_SID"], f"{american_app.url}/api"
    connected = TwimlApp(sid=sid, voice_url=f"{api}/client_call", status_callback=f"{api}/status_callback")
    fake_twilio.simulator.twiml_apps[sid] = connected
    yield fake_twilio
    fake_twilio.wait_until_quiet()
    del fake_twilio.simulator.twiml_apps[sid]


def test_a_browser_signs_in_and_calls_a_number_and_both_legs_are_logged(american_app: App, twilio: FakeTwilio) -> None:
    """With a token of access_token, which the page cannot widen."""
    token = american_app.post("access_token", {"identity": "alice", "to": [AT_HOME]}).json()["token"]
    with closing(twilio.softphone(token).register()) as browser:
        browser.call("+12025550124", Permission=permission())
        browser.wait_for("hangup")
        browser.call("(202) 555-0123", From="client:bob", RecordingUrl="https://evil.example")
        sid = browser.wait_for("ringing")["callsid"]
        leg = twilio.phone(AT_HOME).wait_for_call()
        leg.answer()
        browser.wait_for("answer")
        leg.hang_up()
        browser.wait_for("hangup")

    callee = american_app.wait_for_activity(leg.sid, "completed")
    assert (callee["from"], callee["to"], callee["direction"]) == ("+15005550006", AT_HOME, "outbound-dial")
    assert callee["events"][0]["fields"]["ParentCallSid"] == sid
    caller = american_app.wait_for_activity(sid, "completed")
    assert (caller["from"], caller["to"], caller["direction"]) == ("client:alice", AT_HOME, "inbound")
    [dialled] = [event for event in caller["events"] if "what" in event]
    assert (dialled["what"], dialled["fields"]["DialCallSid"]) == ("dial completed", leg.sid)
    assert "evil" not in str(caller)


def test_a_browser_calls_another(american_app: App, twilio: FakeTwilio) -> None:
    """Which sees who calls; the call rings until it answers."""
    alice, bob = (
        twilio.softphone(american_app.post("access_token", {"identity": name}).json()["token"]).register()
        for name in ("alice", "bob")
    )
    with closing(alice), closing(bob):
        alice.call("client:bob")
        assert bob.wait_for_call()["parameters"]["From"] == "client:alice"
        bob.answer()
        alice.wait_for("answer")
        alice.hang_up()
        bob.wait_for("hangup")


@pytest.mark.parametrize(
    ("to", "noun", "callee", "logged"),
    [
        ("(202) 555-0123", "Number", AT_HOME, AT_HOME),
        (AT_HOME, "Number", AT_HOME, AT_HOME),
        ("client:bob_2", "Client", "bob_2", "client:bob_2"),
    ],
)
def test_a_number_or_a_client_is_dialled_and_both_legs_are_logged(
    american_app: App, to: str, noun: str, callee: str, logged: str
) -> None:
    """The callee sees the app's number, whatever the page sends."""
    fields = {"callerId": ABROAD, "CallerId": ABROAD, "from": ABROAD, "RecordingUrl": "https://evil.example"}
    sid, document = call(american_app, to, **fields)

    [dial] = document
    [leg] = dial
    assert (leg.tag, leg.text, dial.get("answerOnBridge")) == (noun, callee, "true")
    assert dial.get("callerId") == (SETTINGS["TWILIO_FROM_NUMBER"] if noun == "Number" else None)
    assert leg.get("statusCallback", "").startswith(f"{american_app.url}/api/status_callback#")
    found = american_app.get(f"activity/{sid}").json()
    assert (found["from"], found["to"], found["direction"]) == ("client:alice", logged, "inbound")
    assert "evil" not in str(found)


def test_the_callee_sees_the_number_of_the_token(american_app: App) -> None:
    """Signed by the app for this identity."""
    _, [dial] = call(american_app, AT_HOME, Permission=permission(from_="+15005550009"))

    assert dial.get("callerId") == "+15005550009"


def test_a_script_is_filled_from_the_pages_parameters(app: App) -> None:
    """But Twilio's own fields are Twilio's, and the permission stays a secret."""
    app.put("scripts/of-a-browser", SCRIPT).raise_for_status()
    _, document = call(app, "script:of-a-browser", Colour="<red>")

    assert outline(document) == ["Say Hello client:alice, you like <red>."]


REJECTED = [
    ({"To": ABROAD}, "Calls to this number are not allowed.", "ALLOWED_COUNTRIES does not contain"),
    ({"To": "+19005550123"}, "Calls to this number are not allowed.", "is a premium-rate number"),
    *(
        ({"To": to}, "This is no number that can be called.", "To: expected a phone number, client:NAME or script:NAME")
        for to in ("", "bob", "sip:bob@example.com", "client:b c", "client:bob?a=b", "script:A", f"{AT_HOME},{ABROAD}")
    ),
    ({"To": "script:none"}, "This is no service that can be called.", "there is no script of that name"),
    ({"From": "+12025550199"}, "Only browsers and apps can call here.", "From is no client"),
    ({"From": "client:a b"}, "Only browsers and apps can call here.", "From is no client"),
    ({"From": "client:mallory"}, "You are not signed in. Please sign in again.", "its access token is not from"),
    *(
        ({"Permission": wrong}, "You are not signed in. Please sign in again.", "its access token is not from")
        for wrong in ("", ".", "x", "\u00e9.\u00e9", "e30.", f"{'A' * 40}.{'B' * 43}")
    ),
]


@pytest.mark.parametrize(("changes", "words", "reason"), REJECTED)
def test_any_other_caller_hears_why_and_the_log_has_the_reason(
    american_app: App, changes: dict[str, str], words: str, reason: str
) -> None:
    """Neither contains what the page sent."""
    sid, document = call(american_app, **{"to": AT_HOME, **changes})

    assert outline(document) == [f"Say {words}", "Hangup"]
    line = american_app.wait_for_line("a call from a browser is not connected")
    found = american_app.get(f"activity/{sid}").json()
    [event] = [event["what"] for event in found["events"] if "what" in event]
    assert reason in line
    assert event.startswith("not connected: ")
    assert reason in event
    assert "to" not in found


@pytest.mark.parametrize(
    ("to", "allowed", "connected"),
    [
        (AT_HOME, [AT_HOME], True),
        ("202-555-0123", ["client:bob", AT_HOME], True),
        ("client:bob", [AT_HOME], False),
        ("+12025550124", [AT_HOME], False),
    ],
)
def test_a_token_for_some_destinations_calls_no_others(
    american_app: App, to: str, allowed: list[str], connected: bool
) -> None:
    """For a button on a page that calls one service."""
    _, document = call(american_app, to, Permission=permission(to=allowed))

    assert [verb.tag for verb in document] == (["Dial"] if connected else ["Say", "Hangup"])


def test_a_permission_is_for_one_identity_and_ends_with_its_token(american_app: App) -> None:
    """A page can send any text in its place."""
    content, _, signature = permission(to=["client:bob"]).partition(".")
    wider, _, _ = permission().partition(".")

    for wrong in (permission("bob"), permission(seconds=-1), f"{wider}.{signature}", content):
        assert outline(call(american_app, AT_HOME, Permission=wrong)[1])[-1] == "Hangup"


def test_numbers_are_not_called_where_no_country_is_listed(app: App) -> None:
    """Clients and scripts are."""
    assert outline(call(app, AT_HOME)[1]) == ["Say Calls to this number are not allowed.", "Hangup"]
    assert [verb.tag for verb in call(app, "client:bob")[1]] == ["Dial"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("busy", ["Say The line is busy."]),
        ("no-answer", ["Say Nobody answered."]),
        ("failed", ["Say The call could not be connected."]),
        ("completed", []),
    ],
)
def test_after_the_dial_the_caller_hears_what_happened(american_app: App, status: str, words: list[str]) -> None:
    """The log has it too. A page that sends the same fields hears nothing of it."""
    sid, [dial] = call(american_app, AT_HOME)
    path = dial.get("action", "").removeprefix(f"{american_app.url}/api/")
    changes = {"CallSid": sid, "CallStatus": "in-progress", "DialCallStatus": status, "Digits": "1"}
    _, document = call(american_app, "whatever", path, **changes)

    assert outline(document) == [*words, "Hangup"]
    found = american_app.get(f"activity/{sid}").json()
    assert (found["to"], found["events"][-1]["what"]) == (AT_HOME, f"dial {status}")
    assert "Digits" not in str(found)
    assert [verb.tag for verb in call(american_app, AT_HOME, DialCallStatus=status, dialed="true")[1]] == ["Dial"]

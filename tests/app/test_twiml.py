"""GET, POST /api/twiml/{name}: scripts, as Twilio gets them."""

from __future__ import annotations

import secrets
import socket
import time
from typing import Any
from xml.etree import ElementTree

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dev.azurite import connection_string
from dev.processes import free_port
from fake_twilio.twiml.check import check
from tests.support.app import SETTINGS, App, StartApp, sign

SORRY = "We are sorry"


def keep(app: App, script: Any) -> str:
    """Keep a script under a new name and return the name."""
    name = f"s-{secrets.token_hex(6)}"
    answer = requests.put(f"{app.url}/api/scripts/{name}", json=script, timeout=30)
    assert answer.status_code == 201, answer.text
    return name


def fetch(app: App, name: str, **fields: str) -> ElementTree.Element:
    """Fetch a script as Twilio does for a call, and return the document."""
    answer = app.signed_post(f"twiml/{name}", {"CallSid": "CA1", "From": "+15551234567", **fields})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    document = ElementTree.fromstring(answer.text)
    assert list(check(document, "voice")) == []
    return document


def words_of(document: ElementTree.Element) -> list[str]:
    """Return what is said."""
    return [say.text or "" for say in document.iter("Say")]


def test_a_script_is_served_with_its_placeholders_filled(app: App) -> None:
    """From the fields of the request, form or query."""
    name = keep(app, [{"verb": "Say", "text": "Hello {{From}}, you pressed {{ Digits }}."}])

    assert words_of(fetch(app, name, Digits="7")) == ["Hello +15551234567, you pressed 7."]
    url = f"{app.url}/api/twiml/{name}?CallSid=CA1&From=client%3Abob&Digits=1"
    headers = {"X-Twilio-Signature": sign(url, {}, SETTINGS["TWILIO_AUTH_TOKEN"])}
    assert "client:bob" in requests.get(url, headers=headers, timeout=30).text


def test_addresses_on_our_own_site_are_made_absolute(start_app: StartApp) -> None:
    """On the address that Twilio knows us by, whatever host the request named."""
    app = start_app(PUBLIC_BASE_URL="https://phone.example")
    name = keep(app, [{"verb": "Gather", "action": "/api/twiml/menu?from={{From}}"}])

    [gather] = fetch(app, name)
    assert gather.get("action") == "https://phone.example/api/twiml/menu?from=%2B15551234567"


def test_what_the_request_lacks_is_nothing(app: App) -> None:
    """A verb that would say nothing is left out; the rest is heard."""
    name = keep(
        app, [{"verb": "Say", "text": "{{SpeechResult}}"}, {"verb": "Say", "text": "You said: {{SpeechResult}}"}]
    )

    assert words_of(fetch(app, name)) == ["You said: "]


HOSTILE = st.one_of(
    st.sampled_from(
        ["<Hangup/>", "</Say><Dial>+19005551234</Dial><Say>", "&lt;", "]]>", "{{From}}", "\x00\x07", "\ufffe", "'\""]
    ),
    st.text(st.characters(codec="utf-8"), max_size=400),
)


@given(value=HOSTILE)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_callers_words_stay_words(hostile_script: tuple[App, str], value: str) -> None:
    """They become neither markup nor another verb, nor another address."""
    app, name = hostile_script
    answer = app.signed_post(f"twiml/{name}", [("CallSid", "CA1"), ("SpeechResult", value)])
    document = ElementTree.fromstring(answer.text)

    assert [verb.tag for verb in document.iter()] in (
        ["Response", "Say", "Redirect"],
        ["Response", "Redirect"],
    )
    redirect = document.find("Redirect")
    assert redirect is not None
    assert (redirect.text or "").startswith(f"{app.url}/api/twiml/next?said=")


@pytest.fixture(scope="module")
def hostile_script(app: App) -> tuple[App, str]:
    """A script that repeats what a caller said, and puts it into an address."""
    verbs = [
        {"verb": "Say", "text": "{{SpeechResult}}"},
        {"verb": "Redirect", "url": "/api/twiml/next?said={{SpeechResult}}"},
    ]
    return app, keep(app, verbs)


@pytest.mark.parametrize("number", ["", "bob", "client:bob", "sip:a@example.com", "<Hangup/>", "+1555"])
def test_a_request_cannot_make_us_dial_anything_but_a_number(app: App, number: str) -> None:
    """The caller hears an apology instead; the log names the place and not the value."""
    name = keep(app, [{"verb": "Dial", "number": "{{Digits}}"}])

    document = fetch(app, name, Digits=number)
    if number == "+1555":
        assert [verb.tag for verb in document] == ["Dial"]
    else:
        assert SORRY in words_of(document)[0]


def test_a_number_that_a_request_brings_must_be_of_an_allowed_country(start_app: StartApp) -> None:
    """Toll fraud by keypad."""
    app = start_app(ALLOWED_COUNTRIES="US")
    name = keep(app, [{"verb": "Dial", "number": "{{Wanted}}"}])

    assert [verb.tag for verb in fetch(app, name, Wanted="+12025550123")] == ["Dial"]
    for wanted in ("+442079460018", "+442079460018{{x}}", "{{x}}+442079460018"):
        assert SORRY in words_of(fetch(app, name, Wanted=wanted))[0]
    name = keep(app, [{"verb": "Sms", "message": "Hi", "to": "{{Wanted}}"}])
    assert SORRY in words_of(fetch(app, name, Wanted="+442079460018"))[0]
    name = keep(app, [{"verb": "Dial", "number": "+442079460018{{x}}"}])
    assert SORRY in words_of(fetch(app, name))[0]


@pytest.mark.parametrize("name", ["nobody-kept-this", "sent_" + "0" * 64, "..", "A'b", "x" * 500])
def test_a_script_that_is_not_there_is_an_apology_that_a_caller_can_hear(app: App, name: str) -> None:
    """Never a 404 to Twilio, which the caller would hear as an error of Twilio's."""
    answer = app.signed_post(f"twiml/{name}", {"CallSid": "CA1"})

    if answer.status_code != 404:  # a path that the HTTP client has resolved away
        assert SORRY in answer.text
        assert "<Hangup" in answer.text


def test_a_message_is_answered_with_nothing_rather_than_with_an_apology(app: App) -> None:
    """It would be a text that somebody pays for."""
    answer = app.signed_post("twiml/nobody-kept-this", {"MessageSid": "SM1"})

    assert ElementTree.fromstring(answer.text).tag == "Response"
    assert len(ElementTree.fromstring(answer.text)) == 0


def test_without_storage_a_caller_hears_an_apology_in_time(start_app: StartApp) -> None:
    """And a script that was served a moment ago is served still."""
    app = start_app(TABLES_CONNECTION_STRING=connection_string(free_port()))
    began = time.monotonic()

    assert SORRY in app.signed_post("twiml/menu", {"CallSid": "CA1"}).text
    assert time.monotonic() - began < 10
    app.wait_for_line("could not be read")


def test_a_storage_that_hangs_costs_a_caller_little_time(start_app: StartApp) -> None:
    """It takes connections and never answers; after three seconds the caller hears the apology."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = start_app(TABLES_CONNECTION_STRING=connection_string(silent.getsockname()[1]))
        began = time.monotonic()

        assert SORRY in app.signed_post("twiml/menu", {"CallSid": "CA1"}).text
        assert time.monotonic() - began < 5


def test_a_document_that_outgrows_twilio_is_an_apology(app: App) -> None:
    """What a caller says may be longer as XML than what Twilio reads."""
    name = keep(app, [{"verb": "Say", "text": "{{Body}}" * 10}] * 6)
    answer = app.signed_post(f"twiml/{name}", {"CallSid": "CA1", "Body": "&" * 256})

    assert len(words_of(fetch(app, name, Body="&" * 200))) == 6
    assert SORRY in answer.text


@pytest.mark.parametrize(
    ("name", "logged"), [("call-15005550077", "call-###########"), ("nothing-at-24", "nothing-at-24")]
)
def test_the_log_contains_a_scripts_name_without_its_phone_number(app: App, name: str, logged: str) -> None:
    """A few digits are not a phone number."""
    app.signed_post(f"twiml/{name}", {"CallSid": "CA1"})

    app.wait_for_line(f"there is no script {logged}")


def test_a_script_is_remembered_for_a_moment(app: App, start_app: StartApp) -> None:
    """A caller does not wait for storage at each step; the instance that changes it knows the new one at once."""
    name, editor = keep(app, [{"verb": "Say", "text": "Old"}]), start_app()
    assert words_of(fetch(app, name)) == words_of(fetch(editor, name)) == ["Old"]
    requests.put(f"{editor.url}/api/scripts/{name}", json=[{"verb": "Say", "text": "New"}], timeout=30)

    assert words_of(fetch(app, name)) == ["Old"]
    assert words_of(fetch(editor, name)) == ["New"]


def test_what_the_request_tells_of_is_an_event_of_the_call(app: App) -> None:
    """A key that was pressed, a Dial that nobody took; spoken words are not kept, and of many keys only how many."""
    sid = "CA" + secrets.token_hex(16)
    name = keep(app, [{"verb": "Hangup"}])
    app.signed_post(f"twiml/{name}", {"CallSid": sid, "CallStatus": "in-progress", "Digits": "2"})
    app.signed_post(f"twiml/{name}", {"CallSid": sid, "CallStatus": "in-progress", "Digits": "4111111111111111"})
    app.signed_post(f"twiml/{name}", {"CallSid": sid, "CallStatus": "in-progress", "SpeechResult": "my secret"})
    app.signed_post(f"twiml/{name}", {"CallSid": sid, "CallStatus": "in-progress", "DialCallStatus": "no-answer"})

    found = app.get(f"activity/{sid}").json()
    assert [event["what"] for event in found["events"]] == ["gathered", "gathered", "gathered", "dial no-answer"]
    assert found["events"][0]["fields"] == {"Digits": "2"}
    assert found["events"][1]["fields"] == {"Digits": "16 keys"}
    assert "4111" not in str(found)
    assert "my secret" not in str(found)


def test_a_script_changed_elsewhere_is_served_within_seconds(app: App, start_app: StartApp) -> None:
    """A script is remembered for a few seconds, no longer."""
    name, editor = keep(app, [{"verb": "Say", "text": "Old"}]), start_app()
    assert words_of(fetch(app, name)) == ["Old"]
    requests.put(f"{editor.url}/api/scripts/{name}", json=[{"verb": "Say", "text": "New"}], timeout=30)

    deadline = time.monotonic() + 8
    while words_of(fetch(app, name)) == ["Old"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert words_of(fetch(app, name)) == ["New"]

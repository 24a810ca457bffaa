"""GET, POST /api/twiml/{name}: scripts as TwiML."""

from __future__ import annotations

import secrets
import time
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_twilio.twiml.check import check
from tests.support.app import App, StartApp

SORRY = "We are sorry"


def keep(app: App, script: Any) -> str:
    """Store a script under a new name and return the name."""
    name = f"s-{secrets.token_hex(6)}"
    answer = app.put(f"scripts/{name}", script)
    assert answer.status_code == 201, answer.text
    return name


def fetch(app: App, name: str, **fields: str) -> ElementTree.Element:
    """Fetch a script for a call like Twilio, and return the document."""
    answer = app.signed_post(f"twiml/{name}", {"CallSid": "CA1", "From": "+15551234567", **fields})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    document = ElementTree.fromstring(answer.text)
    assert list(check(document, "voice")) == []
    return document


def words_of(document: ElementTree.Element) -> list[str]:
    """Return the text of each Say."""
    return [say.text or "" for say in document.iter("Say")]


def test_a_script_is_served_with_its_placeholders_filled(app: App) -> None:
    """From the fields of the request, in its form or its query."""
    name = keep(app, [{"verb": "Say", "text": "Hello {{From}}, you pressed {{ Digits }}."}])

    assert words_of(fetch(app, name, Digits="7")) == ["Hello +15551234567, you pressed 7."]
    assert "client:bob" in app.signed_get(f"twiml/{name}?CallSid=CA1&From=client%3Abob&Digits=1").text


def test_paths_become_urls_of_the_public_address(start_app: StartApp) -> None:
    """Whatever host the request names."""
    app = start_app(PUBLIC_BASE_URL="https://phone.example")
    name = keep(app, [{"verb": "Gather", "action": "/api/twiml/menu?from={{From}}"}])

    [gather] = fetch(app, name)
    assert gather.get("action") == "https://phone.example/api/twiml/menu?from=%2B15551234567"


def test_a_placeholder_for_a_missing_field_is_empty(app: App) -> None:
    """A verb that would say nothing is left out; the caller hears the rest."""
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
    """They become neither markup nor another verb, nor another URL."""
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
    """Store a script that repeats what a caller said, and puts it into a URL."""
    verbs = [
        {"verb": "Say", "text": "{{SpeechResult}}"},
        {"verb": "Redirect", "url": "/api/twiml/next?said={{SpeechResult}}"},
    ]
    return app, keep(app, verbs)


@pytest.mark.parametrize("number", ["", "bob", "client:bob", "sip:a@example.com", "<Hangup/>", "+1555"])
def test_a_filled_dial_dials_numbers_only(app: App, number: str) -> None:
    """For any other value the caller hears an apology; the log names the place, but not the value."""
    name = keep(app, [{"verb": "Dial", "number": "{{Digits}}"}])

    assert SORRY in words_of(fetch(app, name, Digits=number))[0]


def test_a_filled_number_must_be_of_an_allowed_country(american_app: App) -> None:
    """A caller could type in an expensive one."""
    name = keep(american_app, [{"verb": "Dial", "number": "{{Wanted}}"}])

    assert [verb.tag for verb in fetch(american_app, name, Wanted="+12025550123")] == ["Dial"]
    for wanted in ("+442079460018", "+442079460018{{x}}", "{{x}}+442079460018"):
        assert SORRY in words_of(fetch(american_app, name, Wanted=wanted))[0]
    name = keep(american_app, [{"verb": "Sms", "message": "Hi", "to": "{{Wanted}}"}])
    assert SORRY in words_of(fetch(american_app, name, Wanted="+442079460018"))[0]
    name = keep(american_app, [{"verb": "Dial", "number": "+442079460018{{x}}"}])
    assert SORRY in words_of(fetch(american_app, name))[0]


@pytest.mark.parametrize("name", ["no-such-script", "sent_" + "0" * 64, "..", "A'b", "x" * 500])
def test_a_missing_script_is_a_spoken_apology(app: App, name: str) -> None:
    """Never a 404, after which Twilio would report an application error to the caller."""
    answer = app.signed_post(f"twiml/{name}", {"CallSid": "CA1"})

    if answer.status_code != 404:  # the HTTP client resolves `..` itself
        assert SORRY in answer.text
        assert "<Hangup" in answer.text


def test_a_missing_script_is_no_reply_to_a_message(app: App) -> None:
    """An apology would cost money."""
    answer = app.signed_post("twiml/no-such-script", {"MessageSid": "SM1"})

    assert ElementTree.fromstring(answer.text).tag == "Response"
    assert len(ElementTree.fromstring(answer.text)) == 0


def test_without_storage_a_caller_hears_an_apology_within_seconds(app_without_storage: App) -> None:
    """The app logs an error."""
    began = time.monotonic()

    assert SORRY in app_without_storage.signed_post("twiml/menu", {"CallSid": "CA1"}).text
    assert time.monotonic() - began < 10
    app_without_storage.wait_for_line("could not be read")


def test_a_filled_document_that_is_too_long_for_twilio_is_an_apology(app: App) -> None:
    """A caller's words may be much longer as XML."""
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


def test_a_changed_script_is_served_at_once_where_it_was_changed_and_elsewhere_within_seconds(
    app: App, start_app: StartApp
) -> None:
    """Each instance caches scripts, so that a caller does not wait for storage at each step."""
    name, editor = keep(app, [{"verb": "Say", "text": "Old"}]), start_app()
    assert words_of(fetch(app, name)) == words_of(fetch(editor, name)) == ["Old"]
    editor.put(f"scripts/{name}", [{"verb": "Say", "text": "New"}])

    assert words_of(fetch(editor, name)) == ["New"]
    assert words_of(fetch(app, name)) == ["Old"]
    deadline = time.monotonic() + 8
    while words_of(fetch(app, name)) == ["Old"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert words_of(fetch(app, name)) == ["New"]


def test_what_a_request_reports_is_an_event_of_the_call(app: App) -> None:
    """A pressed key, an unanswered Dial. Spoken words are not stored, and of several keys only their number."""
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

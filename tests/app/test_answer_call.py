"""GET, POST /api/answer_call: inbound calls."""

from __future__ import annotations

import json
import re
import secrets
import time

import pytest
import requests
from azure.data.tables import TableClient

from tests.support.app import App
from tests.support.lossy_storage import LossyStorage

NUMBER = "+15005550006"


def call(app: App, to: str = NUMBER) -> tuple[str, str]:
    """Call a number of the app; return the call's SID and the TwiML that answers."""
    sid = "CA" + secrets.token_hex(16)
    form = {"CallSid": sid, "CallStatus": "ringing", "Direction": "inbound", "From": "+15551234567", "To": to}
    answer = app.signed_post("answer_call", form)
    assert answer.status_code == 200
    return sid, answer.text


def put(app: App, name: str, words: str) -> None:
    """Store a script that says something."""
    assert app.put(f"scripts/{name}", [{"verb": "Say", "text": words}]).ok


def test_a_call_is_answered_by_its_numbers_script_else_the_general_one_else_voicemail(empty_app: App) -> None:
    """The more specific script answers, within seconds after it is stored."""

    def wait_for(words: str, to: str = NUMBER) -> None:
        deadline = time.monotonic() + 8
        while words not in call(empty_app, to)[1]:
            assert time.monotonic() < deadline, words
            time.sleep(0.2)

    assert "leave a message" in call(empty_app)[1]
    assert "<Record" in call(empty_app)[1]
    put(empty_app, "call", "This is the switchboard.")
    wait_for("This is the switchboard.")
    put(empty_app, "call-15005550006", "This is the hotline.")
    wait_for("This is the hotline.")
    wait_for("This is the switchboard.", to="+15005550009")


def test_an_inbound_call_is_in_the_log_as_soon_as_it_is_answered(app: App) -> None:
    """Its callbacks are added to the same row."""
    sid, _ = call(app)
    found = app.get(f"activity/{sid}").json()
    assert (found["status"], found["direction"], found["from"]) == ("ringing", "inbound", "+15551234567")

    form = {"CallSid": sid, "CallStatus": "completed", "CallDuration": "7", "Direction": "inbound"}
    app.signed_post("status_callback", form)
    found = app.get(f"activity/{sid}").json()
    assert (found["status"], found["duration"], len(found["events"])) == ("completed", 7, 2)


def test_a_row_is_found_even_if_the_answer_to_its_creation_was_lost(lossy: tuple[App, LossyStorage]) -> None:
    """The retried insert finds the keys that the first one stored."""
    app, storage = lossy
    storage.lose("POST", "sids", times=2)
    sid, _ = call(app)

    assert app.get(f"activity/{sid}").json()["status"] == "ringing"


def test_a_recording_is_in_the_calls_log(app: App) -> None:
    """With its URL at Twilio."""
    sid, _ = call(app)
    form = {
        "CallSid": sid,
        "RecordingSid": "RE1",
        "RecordingStatus": "completed",
        "RecordingUrl": "https://api.twilio.com/RE1",
        "RecordingDuration": "4",
    }
    for _ in range(2):
        assert app.signed_post("status_callback", form).status_code == 204

    events = app.get(f"activity/{sid}").json()["events"]
    assert [event.get("what") for event in events] == [None, "recording completed"]
    assert events[1]["fields"]["RecordingUrl"] == "https://api.twilio.com/RE1"


def test_without_storage_a_caller_hears_the_greeting(app_without_storage: App) -> None:
    """Within seconds, and the app logs an error."""
    began = time.monotonic()

    assert "leave a message" in call(app_without_storage)[1]
    assert time.monotonic() - began < 10
    app_without_storage.wait_for_line("could not be logged")


def text(app: App, to: str) -> str:
    """Send a message to a number of the app; return the TwiML that answers."""
    form = {"MessageSid": "SM" + secrets.token_hex(16), "From": "+15551234567", "To": to, "Body": "Hello"}
    return app.signed_post("receive_sms", form).text


def store_old(app: App, name: str, family: str, verb: dict[str, str]) -> None:
    """Store a script that today's rules reject."""
    entity = {"PartitionKey": "script", "RowKey": name, "family": family, "updated": ""}
    with TableClient.from_connection_string(app.settings["TABLES_CONNECTION_STRING"], "scripts") as table:
        table.upsert_entity({**entity, "source": json.dumps([verb]).encode()})


def test_a_messaging_script_does_not_answer_a_call(app: App) -> None:
    """The caller hears the greeting. The log names the family, but no number."""
    store_old(app, "call-15005550101", "messaging", {"verb": "Message", "body": "Hi"})

    assert "leave a message" in call(app, "+15005550101")[1]
    assert "15005550101" not in app.wait_for_line("the script for a call is a messaging script")


def test_a_voice_script_does_not_answer_a_message(app: App) -> None:
    """There is no reply. The log names the family, but no number."""
    store_old(app, "text-15005550101", "voice", {"verb": "Say", "text": "Hi"})

    assert "<Say" not in text(app, "+15005550101")
    assert "15005550101" not in app.wait_for_line("the script for a text is a voice script")


def test_a_redirect_answers_calls_and_messages(app: App) -> None:
    """It is a verb of both families."""
    for kind in ("call", "text"):
        assert app.put(f"scripts/{kind}-15005550103", [{"verb": "Redirect", "url": "https://example.com/"}]).ok

    assert "<Redirect" in call(app, "+15005550103")[1]
    assert "<Redirect" in text(app, "+15005550103")


def test_a_script_that_breaks_todays_rules_does_not_answer_a_call(app: App) -> None:
    """The caller hears the greeting. The log names the place, but neither the number nor the value."""
    store_old(app, "call-15005550104", "voice", {"verb": "Say", "text": "Hi", "voice": "my secret"})

    assert "leave a message" in call(app, "+15005550104")[1]
    line = app.wait_for_line("the script for a call is wrong: $[0].voice")
    assert "secret" not in line
    assert "15005550104" not in line


@pytest.mark.parametrize("to", ["", "anonymous", "client:bob", "+1'; drop", "é" * 300, "sip:a@example.com"])
def test_a_call_is_answered_whatever_its_to_field_contains(app: App, to: str) -> None:
    """An invalid number must not cause silence."""
    assert "<Response>" in call(app, to)[1]


@pytest.mark.parametrize("route", ["answer_call", "twimlet/voicemail"])
def test_the_callback_addresses_of_a_voicemail_carry_the_start_of_its_call(empty_app: App, route: str) -> None:
    """So the callback needs no look-up, and cannot begin a second row."""
    put(empty_app, "call", "Not for long.")  # the app may still have the one of another test in its cache
    requests.delete(f"{empty_app.url}/api/scripts/call", timeout=30).raise_for_status()
    sid, _ = call(empty_app, to="+15005550009")
    form = {"CallSid": sid, "CallStatus": "ringing", "Direction": "inbound", "To": "+15005550009"}
    document = empty_app.signed_post(route, form).text
    callback = re.search(r"/api/(status_callback\?started=[0-9]{16})#", document)
    assert callback is not None, document
    recorded = {"CallSid": sid, "RecordingSid": "RE1", "RecordingStatus": "completed"}
    assert empty_app.signed_post(callback[1], recorded).status_code == 204

    found = empty_app.get(f"activity/{sid}").json()
    assert [event.get("what") for event in found["events"]] == [None, "recording completed"]

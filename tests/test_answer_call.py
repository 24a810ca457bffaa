"""GET, POST /api/answer_call: inbound calls."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

import pytest
import requests
from conftest import App, StartApp

from dev.azurite import azurite, connection_string
from dev.processes import free_port

NUMBER = "+15005550006"


@pytest.fixture(scope="module")
def fresh(start_app: StartApp) -> Iterator[App]:
    """An app of its own, since scripts named `call` answer all calls."""
    port = free_port(0)
    with azurite(port):
        yield start_app(TABLES_CONNECTION_STRING=connection_string(port))


def call(app: App, to: str = NUMBER) -> tuple[str, str]:
    """Call one of our numbers; return the call's SID and the TwiML that it gets."""
    sid = "CA" + secrets.token_hex(16)
    form = {"CallSid": sid, "CallStatus": "ringing", "Direction": "inbound", "From": "+15551234567", "To": to}
    answer = app.signed_post("answer_call", form)
    assert answer.status_code == 200
    return sid, answer.text


def put(app: App, name: str, words: str) -> None:
    """Keep a script that says something."""
    script = [{"verb": "Say", "text": words}]
    assert requests.put(f"{app.url}/api/scripts/{name}", json=script, timeout=30).ok


def test_calls_get_voicemail_then_the_script_for_all_then_the_one_for_their_number(fresh: App) -> None:
    """The more particular wins, within seconds of being kept."""

    def wait_for(words: str, to: str = NUMBER) -> None:
        deadline = time.monotonic() + 8
        while words not in call(fresh, to)[1]:
            assert time.monotonic() < deadline, words
            time.sleep(0.2)

    assert "leave a message" in call(fresh)[1]
    assert "<Record" in call(fresh)[1]
    put(fresh, "call", "This is the switchboard.")
    wait_for("This is the switchboard.")
    put(fresh, "call-15005550006", "This is the hotline.")
    wait_for("This is the hotline.")
    wait_for("This is the switchboard.", to="+15005550009")


def test_an_inbound_call_has_its_row_from_the_first_moment(app: App) -> None:
    """And its callbacks go into it, whichever comes first."""
    sid, _ = call(app)
    found = app.get(f"activity/{sid}").json()
    assert (found["status"], found["direction"], found["from"]) == ("ringing", "inbound", "+15551234567")

    form = {"CallSid": sid, "CallStatus": "completed", "CallDuration": "7", "Direction": "inbound"}
    app.signed_post("status_callback", form)
    found = app.get(f"activity/{sid}").json()
    assert (found["status"], found["duration"], len(found["events"])) == ("completed", 7, 2)


def test_a_recording_lands_in_the_calls_log(app: App) -> None:
    """With the address at which Twilio keeps it."""
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


def test_without_storage_a_caller_is_greeted_all_the_same(start_app: StartApp) -> None:
    """In time, and the log says what is missing."""
    app = start_app(TABLES_CONNECTION_STRING=connection_string(free_port(0)))
    began = time.monotonic()

    assert "leave a message" in call(app)[1]
    assert time.monotonic() - began < 10
    app.wait_for_line("could not be logged")


@pytest.mark.parametrize("to", ["", "anonymous", "client:bob", "+1'; drop", "é" * 300, "sip:a@example.com"])
def test_whatever_was_called_is_answered(app: App, to: str) -> None:
    """A number that is none is no reason for silence."""
    assert "<Response>" in call(app, to)[1]

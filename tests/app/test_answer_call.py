"""GET, POST /api/answer_call: inbound calls."""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Iterator

import pytest
import requests
from azure.data.tables import TableClient

from dev.azurite import azurite, connection_string
from dev.processes import free_port
from tests.support.app import App, StartApp
from tests.support.lossy_storage import LossyStorage

NUMBER = "+15005550006"


@pytest.fixture(scope="module")
def fresh(start_app: StartApp) -> Iterator[App]:
    """An app of its own, since scripts named `call` answer all calls."""
    port = free_port()
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


def test_a_row_whose_beginning_was_not_confirmed_is_the_calls_row(lossy: tuple[App, LossyStorage]) -> None:
    """Where the storage's answer was lost, what was noted is found again."""
    app, storage = lossy
    storage.lose("POST", "sids", times=2)
    sid, _ = call(app)

    assert app.get(f"activity/{sid}").json()["status"] == "ringing"


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
    app = start_app(TABLES_CONNECTION_STRING=connection_string(free_port()))
    began = time.monotonic()

    assert "leave a message" in call(app)[1]
    assert time.monotonic() - began < 10
    app.wait_for_line("could not be logged")


def test_a_storage_that_hangs_costs_a_caller_little_time(start_app: StartApp) -> None:
    """The greeting comes after three seconds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = start_app(TABLES_CONNECTION_STRING=connection_string(silent.getsockname()[1]))
        began = time.monotonic()

        assert "leave a message" in call(app)[1]
        assert time.monotonic() - began < 5
        assert NUMBER[1:] not in app.wait_for_line("the script for a call could not be read")


def text(app: App, to: str) -> str:
    """Text one of our numbers; return the TwiML that answers."""
    form = {"MessageSid": "SM" + secrets.token_hex(16), "From": "+15551234567", "To": to, "Body": "Hello"}
    return app.signed_post("receive_sms", form).text


def test_a_script_of_the_other_family_answers_neither_call_nor_text(app: App) -> None:
    """One that was kept under older rules: a text is not answered with <Say>; the log says so without the number."""
    for name, family in (("text-15005550101", "voice"), ("call-15005550101", "messaging")):
        verb = {"verb": "Say", "text": "Hi"} if family == "voice" else {"verb": "Message", "body": "Hi"}
        entity = {"PartitionKey": "script", "RowKey": name, "family": family, "updated": ""}
        with TableClient.from_connection_string(app.settings["TABLES_CONNECTION_STRING"], "scripts") as table:
            table.upsert_entity({**entity, "source": json.dumps([verb]).encode()})

    assert "<Say" not in text(app, "+15005550101")
    assert "leave a message" in call(app, "+15005550101")[1]
    for kind, family in (("text", "voice"), ("call", "messaging")):
        assert "15005550101" not in app.wait_for_line(f"the script for a {kind} is one of the family {family}")


def test_a_redirect_answers_both(app: App) -> None:
    """It is a verb of both families."""
    for kind in ("call", "text"):
        script = [{"verb": "Redirect", "url": "https://example.com/"}]
        assert requests.put(f"{app.url}/api/scripts/{kind}-15005550103", json=script, timeout=30).ok

    assert "<Redirect" in call(app, "+15005550103")[1]
    assert "<Redirect" in text(app, "+15005550103")


def test_a_script_that_todays_rules_refuse_is_not_heard(app: App) -> None:
    """The greeting is; the log names the place, neither the number nor what stands there."""
    entity = {"PartitionKey": "script", "RowKey": "call-15005550104", "family": "voice", "updated": ""}
    source = b'[{"verb": "Say", "text": "Hi", "voice": "my secret"}]'
    with TableClient.from_connection_string(app.settings["TABLES_CONNECTION_STRING"], "scripts") as table:
        table.upsert_entity({**entity, "source": source})

    assert "leave a message" in call(app, "+15005550104")[1]
    line = app.wait_for_line("the script for a call is wrong: $[0].voice")
    assert "secret" not in line
    assert "15005550104" not in line


@pytest.mark.parametrize("to", ["", "anonymous", "client:bob", "+1'; drop", "é" * 300, "sip:a@example.com"])
def test_whatever_was_called_is_answered(app: App, to: str) -> None:
    """A number that is none is no reason for silence."""
    assert "<Response>" in call(app, to)[1]

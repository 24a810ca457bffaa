"""POST /api/status_callback."""

from __future__ import annotations

import itertools
import json
import random
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dev.azurite import azurite, connection_string
from dev.processes import free_port
from shared.clock import rfc3339
from tests.support.app import App, Form, StartApp


def new_sid(prefix: str = "CA") -> str:
    """Return a SID that no other test uses."""
    return prefix + secrets.token_hex(16)


def now() -> int:
    """Return the time in the unit of the parameter `started`."""
    return time.time_ns() // 1000


def call_events(sid: str) -> list[dict[str, str]]:
    """Return all callbacks of a call."""
    statuses = ["initiated", "ringing", "in-progress", "completed"]
    return [
        {"CallSid": sid, "CallStatus": status, "SequenceNumber": str(number), "To": "+15551234567", "CallDuration": "9"}
        for number, status in enumerate(statuses)
    ]


def test_an_event_is_stored_and_the_answer_is_an_empty_204(app: App) -> None:
    """With the fields that Twilio documents; others may contain words."""
    sid = new_sid()
    form = {**call_events(sid)[3], "BrandNew": "yes", "SipResponseCode": "200"}
    answer = app.signed_post(f"status_callback?started={now()}", form)

    assert (answer.status_code, answer.content) == (204, b"")
    [event] = app.get(f"activity/{sid}").json()["events"]
    assert event["fields"] == {"SipResponseCode": "200"}


def test_callbacks_alone_create_the_row(app: App) -> None:
    """If the write at the send failed, the callbacks fill the row, and the last one writes the entry that finds it."""
    sid, started = new_sid(), now()
    for form in call_events(sid):
        assert app.signed_post(f"status_callback?started={started}", form).status_code == 204

    found = app.get(f"activity/{sid}").json()
    assert (found["status"], found["to"], found["duration"]) == ("completed", "+15551234567", 9)
    assert len(found["events"]) == 4


def test_concurrent_callbacks_lose_nothing(app: App) -> None:
    """Sixty-four, sixteen at a time, for one row that does not exist yet."""
    sid, started = new_sid(), now()
    forms = call_events(sid) * 16
    with ThreadPoolExecutor(16) as pool:
        path = f"status_callback?started={started}"
        answers = list(pool.map(lambda form: app.signed_post(path, form).status_code, forms))

    assert set(answers) == {204}
    found = app.get(f"activity/{sid}").json()
    assert [event["status"] for event in found["events"]] == ["initiated", "ringing", "in-progress", "completed"]


def test_a_call_that_the_app_did_not_place_gets_a_row_too(app: App) -> None:
    """Its callbacks have no `started`, so the row is looked up, and created by the first one."""
    sid = new_sid()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda form: app.signed_post("status_callback", form).status_code, call_events(sid)))

    assert set(answers) == {204}
    assert len(app.get(f"activity/{sid}").json()["events"]) == 4


def listed(app: App, sid: str) -> list[dict[str, Any]]:
    """Return the items of the list that have this SID."""
    items = app.get("activity", params={"since": "1m", "limit": 200}).json()["items"]
    return [item for item in items if item["sid"] == sid]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=lambda order: "".join(map(str, order)))
def test_a_callback_without_a_start_never_leaves_a_second_row(app: App, order: tuple[int, ...]) -> None:
    """It begins a row if it arrives before the call's own row can be found; then the two are one."""
    sid, started = new_sid(), now()
    with_start, _, _, final = call_events(sid)
    callbacks = [
        (f"?started={started}", with_start),
        (f"?started={started}", final),
        ("", {"CallSid": sid, "RecordingStatus": "in-progress", "RecordingSid": "RE1"}),
        ("", {"CallSid": sid, "RecordingStatus": "completed", "RecordingSid": "RE1"}),
    ]
    for number in order:
        query, form = callbacks[number]
        assert app.signed_post(f"status_callback{query}", form).status_code == 204

    found = app.get(f"activity/{sid}").json()
    assert len(found["events"]) == 4
    assert found["started"] == rfc3339(started)
    [item] = listed(app, sid)
    assert item == {name: value for name, value in found.items() if name != "events"}


def conference_event(conference: str, number: int, event: str, **more: str) -> dict[str, str]:
    """Return one callback of a conference; its start and its end name no call."""
    return {
        "ConferenceSid": conference,
        "StatusCallbackEvent": event,
        "SequenceNumber": str(number),
        "FriendlyName": "board",
        "Timestamp": "Sat, 21 Nov 2026 10:00:00 +0000",
        **more,
    }


def test_a_conference_has_a_row_that_its_calls_link_to(app: App) -> None:
    """In whatever order its callbacks arrive, with the start of another call in the address."""
    conference, ann, bob = new_sid("CF"), new_sid(), new_sid()
    forms = [
        conference_event(conference, 1, "participant-join", CallSid=ann),
        conference_event(conference, 2, "participant-join", CallSid=bob),
        conference_event(conference, 3, "conference-start"),
        conference_event(conference, 4, "participant-leave", CallSid=bob),
        conference_event(conference, 5, "conference-end", ReasonConferenceEnded="last-participant-left"),
        {"ConferenceSid": conference, "RecordingSid": "RE1", "RecordingStatus": "completed"},
    ]
    for form in random.Random(1).sample(forms, len(forms)):
        assert app.signed_post(f"status_callback?started={now()}", form).status_code == 204

    found = app.get(f"activity/{conference}").json()
    assert (found["kind"], found["status"], found["final"]) == ("conference", "completed", True)
    assert [event["sequence"] for event in found["events"] if "sequence" in event] == [1, 2, 3, 4, 5]
    assert found["events"][1]["fields"]["CallSid"] == bob
    assert "recording completed" in [event.get("what") for event in found["events"]]
    for sid, words in ((ann, ["join"]), (bob, ["join", "leave"])):
        call = app.get(f"activity/{sid}").json()
        assert call["kind"] == "call"
        assert call["links"]["conference"] == found["links"]["activity"]
        assert [event["what"] for event in call["events"]] == [f"conference participant-{word}" for word in words]
        assert len(listed(app, sid)) == 1
    assert len(listed(app, conference)) == 1


@pytest.mark.parametrize(
    ("event", "status"),
    [("participant-join", "init"), ("conference-start", "in-progress"), ("conference-end", "completed")],
)
def test_a_conference_has_the_status_that_twilio_gives_it(app: App, event: str, status: str) -> None:
    """It begins when a second participant is there."""
    sid = new_sid("CF")
    app.signed_post("status_callback", conference_event(sid, 1, event))

    assert app.get(f"activity/{sid}").json()["status"] == status
    assert sid in [item["sid"] for item in app.get("activity?kind=conference&since=1m").json()["items"]]


def test_a_duplicate_callback_is_one_event(app: App) -> None:
    """Twilio delivers at least once."""
    sid, started = new_sid("SM"), now()
    for status in ("sent", "delivered", "delivered", "sent"):
        app.signed_post(f"status_callback?started={started}", {"MessageSid": sid, "MessageStatus": status})

    found = app.get(f"activity/{sid}").json()
    assert found["status"] == "delivered"
    assert len(found["events"]) == 2


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"CallStatus": "ringing"},
        {"CallSid": ""},
        {"CallSid": "../../x"},
        {"CallSid": "CA 1"},
        {"CallSid": "C" * 65},
        {"Body": "a text that should not be in a log"},
    ],
)
def test_a_form_without_a_sid_is_a_400_and_a_line_in_the_log(app: App, form: dict[str, str]) -> None:
    """The line has the names of the fields, not their values."""
    answer = app.signed_post("status_callback", form)

    assert (answer.status_code, answer.content) == (400, b"")
    app.wait_for_line("a status callback has no SID")
    assert "should not be in a log" not in app.log()


@pytest.mark.parametrize("started", ["", "x", "-1", "1e9", "9" * 40])
def test_an_invalid_start_is_ignored(app: App, started: str) -> None:
    """The event is stored."""
    sid = new_sid()

    assert app.signed_post(f"status_callback?started={started}", call_events(sid)[3]).status_code == 204
    assert app.get(f"activity/{sid}").json()["status"] == "completed"


def test_a_form_of_any_size_is_answered(app: App) -> None:
    """A form larger than any of Twilio's is rejected; any other is stored, cut to a table's limits: never a 500."""
    rejected: list[Form] = [
        {"CallSid": new_sid(), "CallStatus": "ringing", **{f"Field{number}": "x" for number in range(5000)}},
        {"CallSid": new_sid(), "CallStatus": "ringing", "Huge": "x" * 1_000_000},
    ]
    stored: list[Form] = [
        {"CallSid": new_sid(), "CallStatus": "ringing", **{f"Field{number}": "x" for number in range(400)}},
        {"CallSid": new_sid(), "CallStatus": "x" * 100_000},
        {"CallSid": new_sid(), "CallStatus": "ringing", **{f"F{number}": "\U0001f600" * 200 for number in range(25)}},
        [("CallSid", new_sid()), *[("CallStatus", f"s{number}") for number in range(100)]],
    ]
    for form in rejected:
        assert app.signed_post(f"status_callback?started={now()}", form).status_code == 403
    for form in stored:
        assert app.signed_post(f"status_callback?started={now()}", form).status_code == 204


def test_what_is_said_is_not_stored(app: App) -> None:
    """Live transcripts are ignored; words in other callbacks are left out."""
    sid, path = new_sid(), f"status_callback?started={now()}"
    app.signed_post(path, {**call_events(sid)[3], "TranscriptionText": "my secret", "ButtonText": "my secret"})
    form = {
        "CallSid": sid,
        "TranscriptionEvent": "transcription-content",
        "TranscriptionData": '{"transcript": "my secret"}',
    }

    assert app.signed_post(path, form).status_code == 204
    found = app.get(f"activity/{sid}").json()
    assert len(found["events"]) == 1
    assert "my secret" not in str(found)


@pytest.mark.parametrize(
    "route", ["status_callback", "twimlet/message", "twimlet/voicemail", "twiml/none", "answer_call", "receive_sms"]
)
@pytest.mark.parametrize("status", ["ringing", "in-progress"])
def test_no_parameter_of_an_address_is_stored(app: App, route: str, status: str) -> None:
    """Not even one that has the name of a documented field; only what is in Twilio's form."""
    sid = new_sid("SM" if route == "receive_sms" else "CA")
    form = {"MessageSid": sid} if route == "receive_sms" else {"CallSid": sid, "CallStatus": status}
    query = "Message=my-secret&FriendlyName=my-secret&Digits=my-secret&OptOutType=my-secret&From=my-secret"
    app.signed_post(f"{route}?{query}", {**form, "Digits": "1", "StirVerstat": "TN-Validation-Passed-A"})

    found = app.get(f"activity/{sid}").json()
    assert len(found["events"]) == 1
    assert "my-secret" not in str(found)
    assert "TN-Validation-Passed-A" in str(found)


@pytest.mark.parametrize("field", ["CallSid", "MessageSid", "SmsSid"])
def test_a_sid_may_be_in_one_of_three_fields(app: App, field: str) -> None:
    """Older callbacks of messages only have SmsSid."""
    sid = new_sid()

    assert (
        app.signed_post(f"status_callback?started={now()}", {field: sid, "SmsStatus": "delivered"}).status_code == 204
    )
    assert app.get(f"activity/{sid}").json()["kind"] == ("call" if field == "CallSid" else "message")


@dataclass
class StrictTables:
    """A table service with limits that Azurite does not have.

    app         an app that uses it
    errors      the status and error code for each of the next writes to the log; after them a write succeeds
    row         the properties that each read returns
    written     the entities that were written
    """

    app: App
    errors: list[tuple[int, str]] = field(default_factory=list)
    row: dict[str, str] = field(default_factory=dict)
    written: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def strict_tables_session(start_app: StartApp) -> Iterator[StrictTables]:
    """Return such a service, and an app that uses it."""

    class Handler(BaseHTTPRequestHandler):
        def do_PATCH(self) -> None:
            tables.written.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            status, code = tables.errors.pop(0) if tables.errors and "/activity(" in self.path else (204, "")
            error = {"odata.error": {"code": code, "message": {"value": code}}}
            self.answer(status, json.dumps(error).encode() if code else b"")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.answer(204, b"")

        def do_GET(self) -> None:
            self.answer(200, json.dumps({"PartitionKey": "a", "RowKey": "b", **tables.row}).encode())

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tables = StrictTables(start_app(TABLES_CONNECTION_STRING=connection_string(server.server_address[1])))
        yield tables
        server.shutdown()


@pytest.fixture
def strict_tables(strict_tables_session: StrictTables) -> StrictTables:
    """Return the service with no errors, no row, and nothing written."""
    for collection in (strict_tables_session.errors, strict_tables_session.row, strict_tables_session.written):
        collection.clear()
    return strict_tables_session


@pytest.mark.parametrize("code", ["TooManyProperties", "EntityTooLarge", "PropertyValueTooLarge"])
def test_a_full_row_is_a_line_in_the_log_and_a_204(strict_tables: StrictTables, code: str) -> None:
    """A retry by Twilio could not help. A row without a less important event is not changed."""
    app, sid = strict_tables.app, new_sid()
    strict_tables.errors.append((400, code))

    assert app.signed_post(f"status_callback?started={now()}", call_events(sid)[1]).status_code == 204
    assert len(strict_tables.written) == 1
    app.wait_for_line(f"the row of {sid} is full")


def test_the_end_of_a_call_is_stored_in_a_full_row_too(strict_tables: StrictTables) -> None:
    """It replaces a less important event; otherwise the log would show a call that rings forever."""
    strict_tables.errors.append((400, "TooManyProperties"))
    strict_tables.row |= {"event_0001": '{"status": "ringing", "sequence": 1}', "event_abc": '{"what": "gathered"}'}
    form = call_events(new_sid())[3]

    assert strict_tables.app.signed_post(f"status_callback?started={now()}", form).status_code == 204
    assert any("completed" in entity.get("event_abc", "") for entity in strict_tables.written)


def test_first_events_that_collide_at_the_service_are_stored(strict_tables: StrictTables) -> None:
    """Upserts of a row that does not exist yet may get a 409 or a 412; afterwards it exists, so they are retried."""
    strict_tables.errors += [(409, "EntityAlreadyExists"), (412, "UpdateConditionNotSatisfied")]
    form = call_events(new_sid())[1]

    assert strict_tables.app.signed_post(f"status_callback?started={now()}", form).status_code == 204
    assert len(strict_tables.written) == 3


def test_without_storage_twilio_gets_a_503_and_its_retry_is_stored(start_app: StartApp) -> None:
    """The callback URL asks Twilio to retry."""
    port = free_port()
    app = start_app(TABLES_CONNECTION_STRING=connection_string(port))
    sid, path = new_sid(), f"status_callback?started={now()}"
    form = call_events(sid)[3]

    began = time.monotonic()
    answer = app.signed_post(path, form)
    assert (answer.status_code, answer.content) == (503, b"")
    assert time.monotonic() - began < 14, "Twilio would have given up"
    with azurite(port):
        assert app.signed_post(path, form).status_code == 204
        assert app.get(f"activity/{sid}").json()["status"] == "completed"

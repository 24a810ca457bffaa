"""POST /api/status_callback."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from dev.azurite import azurite, connection_string
from dev.processes import free_port
from tests.support.app import App, Form, StartApp


def new_sid(prefix: str = "CA") -> str:
    """Return a SID that no other test uses."""
    return prefix + secrets.token_hex(16)


def now() -> int:
    """Return the time as a callback's address carries it."""
    return time.time_ns() // 1000


def call_events(sid: str) -> list[dict[str, str]]:
    """Return the callbacks of a call's life."""
    statuses = ["initiated", "ringing", "in-progress", "completed"]
    return [
        {"CallSid": sid, "CallStatus": status, "SequenceNumber": str(number), "To": "+15551234567", "CallDuration": "9"}
        for number, status in enumerate(statuses)
    ]


def test_an_event_is_kept_and_the_answer_is_an_empty_204(app: App) -> None:
    """What Twilio expects, and what the log shows."""
    sid = new_sid()
    form = {**call_events(sid)[3], "BrandNew": "yes", "SipResponseCode": "200"}
    answer = app.signed_post(f"status_callback?started={now()}", form)

    assert (answer.status_code, answer.content) == (204, b"")
    [event] = app.get(f"activity/{sid}").json()["events"]
    assert event["fields"] == {"BrandNew": "yes", "SipResponseCode": "200"}


def test_callbacks_alone_make_a_whole_row(app: App) -> None:
    """When our own write at the send failed, the callbacks fill the row in, and its last one makes it findable."""
    sid, started = new_sid(), now()
    for form in call_events(sid):
        assert app.signed_post(f"status_callback?started={started}", form).status_code == 204

    found = app.get(f"activity/{sid}").json()
    assert (found["status"], found["to"], found["duration"]) == ("completed", "+15551234567", 9)
    assert len(found["events"]) == 4


def test_callbacks_at_the_same_moment_lose_nothing(app: App) -> None:
    """Sixty-four, sixteen at a time, into one row that does not exist yet."""
    sid, started = new_sid(), now()
    forms = call_events(sid) * 16
    with ThreadPoolExecutor(16) as pool:
        path = f"status_callback?started={started}"
        answers = list(pool.map(lambda form: app.signed_post(path, form).status_code, forms))

    assert set(answers) == {204}
    found = app.get(f"activity/{sid}").json()
    assert [event["status"] for event in found["events"]] == ["initiated", "ringing", "in-progress", "completed"]


def test_a_call_that_we_did_not_place_gets_a_row_too(app: App) -> None:
    """Its callbacks carry no start, so the row is looked up, and begun by whichever comes first."""
    sid = new_sid()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda form: app.signed_post("status_callback", form).status_code, call_events(sid)))

    assert set(answers) == {204}
    assert len(app.get(f"activity/{sid}").json()["events"]) == 4


def test_the_same_event_twice_is_one_event(app: App) -> None:
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
    """The line names the fields, not what is in them."""
    answer = app.signed_post("status_callback", form)

    assert (answer.status_code, answer.content) == (400, b"")
    app.wait_for_line("a status callback has no SID")
    assert "should not be in a log" not in app.log()


@pytest.mark.parametrize("started", ["", "x", "-1", "1e9", "9" * 40])
def test_a_start_that_is_none_counts_as_absent(app: App, started: str) -> None:
    """The event is kept all the same."""
    sid = new_sid()

    assert app.signed_post(f"status_callback?started={started}", call_events(sid)[3]).status_code == 204
    assert app.get(f"activity/{sid}").json()["status"] == "completed"


def test_a_form_of_any_size_is_answered(app: App) -> None:
    """Larger than anything of Twilio's is refused; the rest is kept, cut where a table cannot hold it: never a 500."""
    refused: list[Form] = [
        {"CallSid": new_sid(), "CallStatus": "ringing", **{f"Field{number}": "x" for number in range(5000)}},
        {"CallSid": new_sid(), "CallStatus": "ringing", "Huge": "x" * 1_000_000},
    ]
    kept: list[Form] = [
        {"CallSid": new_sid(), "CallStatus": "ringing", **{f"Field{number}": "x" for number in range(400)}},
        {"CallSid": new_sid(), "CallStatus": "x" * 100_000},
        {"CallSid": new_sid(), "CallStatus": "ringing", **{f"F{number}": "\U0001f600" * 200 for number in range(25)}},
        [("CallSid", new_sid()), *[("CallStatus", f"s{number}") for number in range(100)]],
    ]
    for form in refused:
        assert app.signed_post(f"status_callback?started={now()}", form).status_code == 403
    for form in kept:
        assert app.signed_post(f"status_callback?started={now()}", form).status_code == 204


def test_what_is_said_is_not_kept(app: App) -> None:
    """Live transcripts are answered and left; words in other callbacks are left out."""
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


@pytest.mark.parametrize("field", ["CallSid", "MessageSid", "SmsSid"])
def test_a_sid_is_found_under_each_of_its_names(app: App, field: str) -> None:
    """Older callbacks of texts have only SmsSid."""
    sid = new_sid()

    assert (
        app.signed_post(f"status_callback?started={now()}", {field: sid, "SmsStatus": "delivered"}).status_code == 204
    )
    assert app.get(f"activity/{sid}").json()["kind"] == ("call" if field == "CallSid" else "message")


@contextmanager
def tables_that_answer(
    *answers: tuple[int, str], row: dict[str, str] | None = None
) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Stand in for the table service where Azurite is laxer: one (status, error code) a write into the log, then 204s.

    A read gets `row`. Yields the connection string and the list of what was written.
    """
    coming, seen = list(answers), list[dict[str, str]]()

    class Handler(BaseHTTPRequestHandler):
        def do_PATCH(self) -> None:
            seen.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            status, code = coming.pop(0) if coming and "/activity(" in self.path else (204, "")
            error = {"odata.error": {"code": code, "message": {"value": code}}}
            self.answer(status, json.dumps(error).encode() if code else b"")

        def do_GET(self) -> None:
            self.answer(200, json.dumps({"PartitionKey": "a", "RowKey": "b", **(row or {})}).encode())

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
        yield connection_string(server.server_address[1]), seen
        server.shutdown()


def test_a_full_row_is_told_to_the_log_and_not_to_twilio(start_app: StartApp) -> None:
    """Past 252 properties the service says 400 (Azurite does not): a retry cannot help, so Twilio gets its 204."""
    sid = new_sid()
    with tables_that_answer((400, "TooManyProperties")) as (tables, seen):
        app = start_app(TABLES_CONNECTION_STRING=tables)

        assert app.signed_post(f"status_callback?started={now()}", call_events(sid)[1]).status_code == 204
        assert len(seen) == 1  # a row that holds nothing of lesser weight stays as it is
    app.wait_for_line(f"the row of {sid} is full")


def test_the_end_of_a_call_is_kept_even_in_a_full_row(start_app: StartApp) -> None:
    """It takes the place of something less important; a call that rings for ever in the log would be worse."""
    row = {"event_0001": '{"status": "ringing", "sequence": 1}', "event_abc": '{"what": "gathered"}'}
    with tables_that_answer((400, "TooManyProperties"), row=row) as (tables, seen):
        app = start_app(TABLES_CONNECTION_STRING=tables)

        assert app.signed_post(f"status_callback?started={now()}", call_events(new_sid())[3]).status_code == 204
    assert any("completed" in written.get("event_abc", "") for written in seen)


@pytest.mark.parametrize("code", ["TooManyProperties", "EntityTooLarge", "PropertyValueTooLarge"])
def test_whatever_cannot_ever_be_kept_is_not_asked_for_again(start_app: StartApp, code: str) -> None:
    """The three ways in which the service says so."""
    with tables_that_answer((400, code)) as (tables, _):
        app = start_app(TABLES_CONNECTION_STRING=tables)

        assert app.signed_post(f"status_callback?started={now()}", call_events(new_sid())[1]).status_code == 204


def test_two_first_events_that_collide_at_the_service_are_both_kept(start_app: StartApp) -> None:
    """Upserts of a row that does not exist yet may get a 409 or a 412: then it exists, so they try again at once."""
    with tables_that_answer((409, "EntityAlreadyExists"), (412, "UpdateConditionNotSatisfied")) as (tables, seen):
        app = start_app(TABLES_CONNECTION_STRING=tables)

        assert app.signed_post(f"status_callback?started={now()}", call_events(new_sid())[1]).status_code == 204
        assert len(seen) == 3


def test_without_storage_twilio_is_asked_to_come_again_and_then_nothing_is_lost(start_app: StartApp) -> None:
    """503 makes Twilio retry, since our addresses say so; the retry is kept."""
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


def test_only_post_is_answered(app: App) -> None:
    """There is nothing to get."""
    assert requests.get(f"{app.url}/api/status_callback", timeout=30).status_code == 404

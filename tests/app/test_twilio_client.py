"""How the app deals with a Twilio that is slow, busy, broken or away: nothing twice, nothing unknown for ever."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dev.azurite import connection_string
from dev.processes import free_port
from fake_twilio.testing import FakeTwilio
from shared.activity.event import Event
from shared.activity.log import add_findable
from shared.clock import now
from tests.support.app import App, Run, StartApp, assert_problem

BODY = {"to": "+15551234567", "body": "Hi"}


def creates(fake_twilio: FakeTwilio) -> int:
    """Return how many times Twilio was asked to place or send something."""
    return len([request for request in fake_twilio.requests if request.method == "POST"])


def test_too_many_requests_are_sent_again_after_the_pause_that_twilio_asks_for(
    app: App, fake_twilio: FakeTwilio
) -> None:
    """Twilio says that a 20429 was never processed."""
    fake_twilio.inject(429, times=1, retry_after="1")
    began = time.monotonic()

    assert app.post("send_sms", BODY).status_code == 201
    assert time.monotonic() - began >= 1


def test_too_many_requests_three_times_are_a_503_that_says_when(app: App, fake_twilio: FakeTwilio) -> None:
    """At most three tries; then the caller decides."""
    fake_twilio.inject(429, times=4)
    answer = app.post("send_sms", BODY)

    assert_problem(answer, 503, "twilio_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert creates(fake_twilio) == 3
    fake_twilio.reset()


@pytest.mark.parametrize(("trouble", "status"), [("drop", 504), (500, 502), (503, 502)])
@pytest.mark.parametrize("accepted", [True, False])
def test_what_may_have_been_sent_is_never_sent_again(
    app: App, fake_twilio: FakeTwilio, trouble: Any, status: int, accepted: bool
) -> None:
    """One request, an honest answer, and a row in the log."""
    fake_twilio.inject(trouble, accepted=accepted)
    problem = assert_problem(app.post("send_sms", BODY), status, "outcome_unknown")

    assert creates(fake_twilio) == 1
    name = problem["detail"].rpartition("/")[2]
    found = app.get(f"activity/{name}").json()
    assert found["kind"] == "message"
    assert found["to"] == BODY["to"]


def test_an_unknown_outcome_settles_by_looking(app: App, fake_twilio: FakeTwilio) -> None:
    """The text was taken, its callbacks came, so the row says which one it is."""
    fake_twilio.inject("drop", accepted=True)
    problem = assert_problem(app.post("send_sms", BODY), 504, "outcome_unknown")
    name = problem["detail"].rpartition("/")[2]
    fake_twilio.phone(BODY["to"]).wait_for_text("Hi")
    fake_twilio.wait_until_quiet()

    found = app.wait_for_activity(name, "settled")
    assert app.get(f"activity/{found['settled_as']}").json()["status"] == "delivered"
    assert creates(fake_twilio) == 1


def test_an_unknown_outcome_is_not_settled_by_a_text_of_somebody_else(app: App, fake_twilio: FakeTwilio) -> None:
    """Another text to the same phone at the same moment is not this one."""
    fake_twilio.inject("drop", accepted=False)
    problem = assert_problem(app.post("send_sms", BODY), 504, "outcome_unknown")
    name = problem["detail"].rpartition("/")[2]
    app.post("send_sms", BODY)

    found = app.get(f"activity/{name}").json()
    assert found["status"] == "unknown"
    assert found["candidates"] == []


def test_an_unknown_call_settles_too(app: App, fake_twilio: FakeTwilio) -> None:
    """Calls are looked up like texts."""
    fake_twilio.inject("drop", accepted=True)
    problem = assert_problem(app.post("make_call", {"to": BODY["to"]}), 504, "outcome_unknown")
    fake_twilio.phone(BODY["to"]).wait_for_call().decline()
    fake_twilio.wait_until_quiet()

    found = app.wait_for_activity(problem["detail"].rpartition("/")[2], "settled")
    assert app.get(f"activity/{found['settled_as']}").json()["status"] == "busy"


def test_a_twilio_that_is_away_is_a_502_and_nothing_was_sent(start_app: StartApp) -> None:
    """No connection was made, so nothing can have been sent."""
    app = start_app(TWILIO_API_BASE_URL=f"http://127.0.0.1:{free_port()}")

    problem = assert_problem(app.post("send_sms", BODY), 502, "twilio_unavailable")
    assert "Nothing was placed or sent" in problem["detail"]


def test_a_twilio_that_hangs_is_given_up_before_our_own_caller_does(app: App, fake_twilio: FakeTwilio) -> None:
    """Twilio's library would wait for ever."""
    fake_twilio.inject("hang")
    began = time.monotonic()
    answer = app.post("send_sms", BODY)

    assert_problem(answer, 504, "outcome_unknown")
    assert time.monotonic() - began < 12
    fake_twilio.reset()


def test_wrong_credentials_are_our_fault_and_not_the_callers(start_app: StartApp, fake_twilio: FakeTwilio) -> None:
    """A 401 would make our caller look for its own key."""
    app = start_app(TWILIO_API_SECRET="wrong")

    problem = assert_problem(app.post("send_sms", BODY), 502, "twilio_unavailable")
    assert problem["twilio"]["code"] == 20003
    assert "TWILIO_API_KEY" in problem["detail"]


def test_a_text_is_not_called_unsent_because_many_came_after_it(app: App, fake_twilio: FakeTwilio) -> None:
    """Only when Twilio has shown all that could be it; whoever believes `not_sent` sends again."""
    fake_twilio.inject("drop", accepted=True)
    problem = assert_problem(app.post("send_sms", BODY), 504, "outcome_unknown")
    fake_twilio.wait_until_quiet()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: app.post("send_sms", BODY), range(60)))

    found = app.get(f"activity/{problem['detail'].rpartition('/')[2]}").json()
    assert found["status"] == "settled"


@pytest.mark.parametrize(("seconds", "status"), [(57, "unknown"), (61, "not_sent")])
def test_a_text_that_twilio_does_not_have_after_a_minute_was_not_sent(
    app: App, fake_twilio: FakeTwilio, run_here: Run, seconds: int, status: str
) -> None:
    """Until then it may still come: whoever believes `not_sent` sends again."""
    name = f"unknown-{secrets.token_hex(16)}"
    event = Event(created=True, status="unknown", to=BODY["to"])
    run_here(add_findable(name, "message", now() - seconds * 1_000_000, event))
    found = app.get(f"activity/{name}").json()

    assert (found["status"], found["final"]) == (status, status == "not_sent")
    assert found["candidates"] == []


@pytest.mark.parametrize(
    "answer", [b"<html>", b"", b"{}", b'{"sid": "SM1"', b"\xff\xfe", b'{"sid": null, "status": 5}'], ids=repr
)
def test_an_answer_that_cannot_be_read_is_an_unknown_outcome(start_app: StartApp, answer: bytes) -> None:
    """Twilio has the request; what it did with it cannot be told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(201)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        app = start_app(TWILIO_API_BASE_URL=f"http://127.0.0.1:{server.server_address[1]}")

        assert_problem(app.post("send_sms", BODY), 502, "outcome_unknown")
        server.shutdown()


def test_storage_that_hangs_keeps_nobody_waiting_longer_than_twilio_does(
    start_app: StartApp, fake_twilio: FakeTwilio
) -> None:
    """A table that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = start_app(TABLES_CONNECTION_STRING=connection_string(silent.getsockname()[1]))
        began = time.monotonic()
        with ThreadPoolExecutor(3) as pool:
            sent = pool.submit(app.post, "send_sms", BODY)
            called = pool.submit(app.signed_post, "answer_call", {"CallSid": "CA1", "CallStatus": "ringing"})
            told = pool.submit(app.signed_post, "status_callback?started=1", {"CallSid": "CA1", "CallStatus": "busy"})

            assert called.result().status_code == 200
            assert time.monotonic() - began < 5
            assert told.result().status_code == 503
            assert time.monotonic() - began < 14
            assert sent.result().status_code == 201
    fake_twilio.wait_until_quiet(60)
    fake_twilio.reset()

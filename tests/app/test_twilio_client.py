"""Twilio is slow, busy, broken or unreachable: nothing is sent twice, and no outcome stays unknown."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dev.processes import free_port
from fake_twilio.testing import FakeTwilio
from shared import http_session
from shared.activity.event import Event
from shared.activity.log import add_findable
from shared.clock import now
from shared.errors import OutcomeUnknown
from shared.twilio.client import ask_twilio, twilio_client
from tests.support.app import App, Run, StartApp, assert_problem
from tests.support.creates import creates

BODY = {"to": "+15551234567", "body": "Hi"}


def test_a_429_is_retried_after_the_pause_in_its_retry_after(app: App, fake_twilio: FakeTwilio) -> None:
    """Twilio did not process a request that it answers with 20429."""
    fake_twilio.inject(429, times=1, retry_after="1")
    began = time.monotonic()

    assert app.post("send_sms", BODY).status_code == 201
    assert time.monotonic() - began >= 1


def test_a_429_after_three_tries_is_a_503_with_retry_after(app: App, fake_twilio: FakeTwilio) -> None:
    """The caller decides whether to try again."""
    fake_twilio.inject(429, times=4)
    answer = app.post("send_sms", BODY)

    assert_problem(answer, 503, "twilio_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert len(creates(fake_twilio)) == 3
    fake_twilio.reset()


@pytest.mark.parametrize(("trouble", "status"), [("drop", 504), (500, 502), (503, 502)])
@pytest.mark.parametrize("accepted", [True, False])
def test_a_request_that_twilio_may_have_processed_is_never_sent_again(
    app: App, fake_twilio: FakeTwilio, trouble: Any, status: int, accepted: bool
) -> None:
    """Its outcome is unknown, in the answer and in the log."""
    fake_twilio.inject(trouble, accepted=accepted)
    problem = assert_problem(app.post("send_sms", BODY), status, "outcome_unknown")

    assert len(creates(fake_twilio)) == 1
    name = problem["detail"].rpartition("/")[2]
    found = app.get(f"activity/{name}").json()
    assert found["kind"] == "message"
    assert found["to"] == BODY["to"]


def test_an_unknown_outcome_is_looked_up(app: App, fake_twilio: FakeTwilio) -> None:
    """Twilio accepted the message and sent its callbacks, so the log has a row with the same start."""
    fake_twilio.inject("drop", accepted=True)
    problem = assert_problem(app.post("send_sms", BODY), 504, "outcome_unknown")
    name = problem["detail"].rpartition("/")[2]
    fake_twilio.phone(BODY["to"]).wait_for_text("Hi")
    fake_twilio.wait_until_quiet()

    found = app.wait_for_activity(name, "settled")
    assert app.get(f"activity/{found['settled_as']}").json()["status"] == "delivered"
    assert len(creates(fake_twilio)) == 1


def test_another_message_to_the_same_phone_is_not_the_outcome(app: App, fake_twilio: FakeTwilio) -> None:
    """Even if it was sent at the same time."""
    fake_twilio.inject("drop", accepted=False)
    problem = assert_problem(app.post("send_sms", BODY), 504, "outcome_unknown")
    name = problem["detail"].rpartition("/")[2]
    app.post("send_sms", BODY)

    found = app.get(f"activity/{name}").json()
    assert found["status"] == "unknown"
    assert found["candidates"] == []


@pytest.mark.parametrize("to", [BODY["to"], "client:ann?order=7"])
def test_the_unknown_outcome_of_a_call_is_looked_up_too(app: App, fake_twilio: FakeTwilio, to: str) -> None:
    """In Twilio's list of calls, which may have the parameters of a client."""
    fake_twilio.inject("drop", accepted=True)
    problem = assert_problem(app.post("make_call", {"to": to}), 504, "outcome_unknown")

    found = app.wait_for_activity(problem["detail"].rpartition("/")[2], "settled")
    assert app.get(f"activity/{found['settled_as']}").json()["to"] == to.partition("?")[0]


def test_an_unreachable_twilio_is_a_502(start_app: StartApp) -> None:
    """No connection was made, so nothing was sent."""
    app = start_app(TWILIO_API_BASE_URL=f"http://127.0.0.1:{free_port()}")

    problem = assert_problem(app.post("send_sms", BODY), 502, "twilio_unavailable")
    assert "Nothing was placed or sent" in problem["detail"]


def test_a_hanging_twilio_is_an_unknown_outcome_after_a_time_out(
    run_here: Run, fake_twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twilio's library itself would wait forever. The time-out is ten seconds; here it is shorter."""
    assert http_session.TOTAL_SECONDS == 10
    monkeypatch.setattr(http_session, "TOTAL_SECONDS", 0.5)
    monkeypatch.setenv("TWILIO_API_BASE_URL", fake_twilio.url)
    fake_twilio.inject("hang")

    async def story() -> None:
        async with asyncio.timeout(5):
            with pytest.raises(OutcomeUnknown):
                await ask_twilio(twilio_client().messages.create_async(from_="+15005550006", **BODY))

    run_here(story())
    fake_twilio.reset()


def test_wrong_credentials_of_the_app_are_a_502(start_app: StartApp, fake_twilio: FakeTwilio) -> None:
    """After a 401 the caller would check its own key."""
    app = start_app(TWILIO_API_SECRET="wrong")

    problem = assert_problem(app.post("send_sms", BODY), 502, "twilio_unavailable")
    assert problem["twilio"]["code"] == 20003
    assert "TWILIO_API_KEY" in problem["detail"]


def test_a_message_is_found_behind_many_newer_ones(app: App, fake_twilio: FakeTwilio) -> None:
    """After `not_sent` a caller sends again, so all of Twilio's list is searched first."""
    fake_twilio.inject("drop", accepted=True)
    problem = assert_problem(app.post("send_sms", BODY), 504, "outcome_unknown")
    fake_twilio.wait_until_quiet()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: app.post("send_sms", BODY), range(60)))

    found = app.get(f"activity/{problem['detail'].rpartition('/')[2]}").json()
    assert found["status"] == "settled"


@pytest.mark.parametrize(("seconds", "status"), [(57, "unknown"), (61, "not_sent")])
def test_a_message_that_twilio_does_not_list_after_a_minute_was_not_sent(
    app: App, fake_twilio: FakeTwilio, run_here: Run, seconds: int, status: str
) -> None:
    """Until then Twilio may still list it."""
    name = f"unknown-{secrets.token_hex(16)}"
    event = Event(created=True, status="unknown", to=BODY["to"])
    run_here(add_findable(name, "message", now() - seconds * 1_000_000, event))
    found = app.get(f"activity/{name}").json()

    assert (found["status"], found["final"]) == (status, status == "not_sent")
    assert found["candidates"] == []


def test_an_answer_that_cannot_be_read_is_an_unknown_outcome(start_app: StartApp) -> None:
    """Twilio has processed the request in some way."""
    answers = [b"<html>", b"", b"{}", b'{"sid": "SM1"', b"\xff\xfe", b'{"sid": null, "status": 5}']
    to_send = iter(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            answer = next(to_send)
            self.send_response(201)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        app = start_app(TWILIO_API_BASE_URL=f"http://127.0.0.1:{server.server_address[1]}")

        for _ in answers:
            assert_problem(app.post("send_sms", BODY), 502, "outcome_unknown")
        server.shutdown()
    assert list(to_send) == []

"""GET /api/activity/{sid} of a call or message whose last callbacks were lost."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from fake_twilio.testing import FakeTwilio
from shared.activity import log as activity_log
from shared.activity.event import Event, to_json
from shared.activity.key import row_key
from shared.activity.looking_up import NOT_KNOWN, is_stale
from shared.clock import now, rfc3339
from tests.support.app import SETTINGS, App, Run, StartApp

TO = "+15551234567"
MINUTE = 60 * 1_000_000

LogEarlier = Callable[..., None]


@pytest.fixture
def log_earlier(run_here: Run) -> LogEarlier:
    """A function that logs a call or message with one event, some minutes old."""

    def log(sid: str, kind: str, status: str, minutes: int) -> None:
        moment = now() - minutes * MINUTE
        event = Event(created=True, status=status, at=rfc3339(moment), received=rfc3339(moment), to=TO)
        run_here(activity_log.add_findable(sid, kind, moment, event))

    return log


def create(fake_twilio: FakeTwilio, resource: str, **form: str) -> str:
    """Create a call or message that has no status callback; return its SID."""
    account, token = SETTINGS["TWILIO_ACCOUNT_SID"], SETTINGS["TWILIO_AUTH_TOKEN"]
    answer = requests.post(
        f"{fake_twilio.url}/2010-04-01/Accounts/{account}/{resource}.json",
        data={"To": TO, "From": "+15005550006", **form},
        auth=(account, token),
        timeout=10,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["sid"])


def ended_call(fake_twilio: FakeTwilio) -> str:
    """Return the SID of a call that nobody answered."""
    sid = create(fake_twilio, "Calls", Twiml="<Response><Say>Hello</Say></Response>")
    call = fake_twilio.phone(TO).wait_for_call()
    call.decline()
    call.wait_until("busy")
    return sid


def delivered_message(fake_twilio: FakeTwilio) -> str:
    """Return the SID of a message that has arrived."""
    sid = create(fake_twilio, "Messages", Body="Hello")
    deadline = time.monotonic() + 5
    while fake_twilio.message(sid).status != "delivered":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return sid


def look_ups(fake_twilio: FakeTwilio) -> int:
    """Return how often Twilio was asked."""
    return sum(request.method == "GET" for request in fake_twilio.requests)


@pytest.mark.parametrize(
    ("kind", "make", "status"), [("call", ended_call, "busy"), ("message", delivered_message, "delivered")]
)
def test_twilio_is_asked_once_and_its_answer_is_logged(
    app: App,
    fake_twilio: FakeTwilio,
    log_earlier: LogEarlier,
    kind: str,
    make: Callable[[FakeTwilio], str],
    status: str,
) -> None:
    """The status is final then, in the list too."""
    sid = make(fake_twilio)
    log_earlier(sid, kind, "queued", minutes=6)
    first = app.get(f"activity/{sid}").json()
    again = app.get(f"activity/{sid}").json()

    assert (first["status"], first["final"]) == (status, True)
    assert first["events"][-1]["settled"] is True
    assert again == first
    assert look_ups(fake_twilio) == 1
    [item] = [item for item in app.get("activity?since=1h&limit=200").json()["items"] if item["sid"] == sid]
    assert item["status"] == status


def test_a_call_that_is_not_over_is_looked_up_again_only_after_some_minutes(
    app: App, fake_twilio: FakeTwilio, log_earlier: LogEarlier
) -> None:
    """The answer is an event of now."""
    sid = create(fake_twilio, "Calls", Twiml="<Response><Pause length='60'/></Response>")
    call = fake_twilio.phone(TO).wait_for_call()
    log_earlier(sid, "call", "queued", minutes=60)
    statuses = {app.get(f"activity/{sid}").json()["status"] for _ in range(3)}
    asked = look_ups(fake_twilio)
    call.decline()
    call.wait_until("busy")

    assert statuses == {"ringing"}
    assert asked == 1


@pytest.mark.parametrize(("status", "minutes"), [("ringing", 4), ("completed", 60)])
def test_twilio_is_not_asked_about_a_recent_or_final_event(
    app: App, fake_twilio: FakeTwilio, log_earlier: LogEarlier, status: str, minutes: int
) -> None:
    """Its callbacks are on their way, or have arrived."""
    sid = "CA" + secrets.token_hex(16)
    log_earlier(sid, "call", status, minutes)

    assert app.get(f"activity/{sid}").json()["status"] == status
    assert look_ups(fake_twilio) == 0


@pytest.mark.parametrize(("prefix", "kind"), [("CA", "call"), ("SM", "message"), ("CF", "conference")])
def test_what_twilio_does_not_know_is_shown_as_it_is_logged(
    app: App, fake_twilio: FakeTwilio, log_earlier: LogEarlier, prefix: str, kind: str
) -> None:
    """Twilio keeps its records for a limited time. It is not asked again."""
    sid = prefix + secrets.token_hex(16)
    log_earlier(sid, kind, "in-progress", minutes=60)
    first, again = (app.get(f"activity/{sid}").json() for _ in range(2))

    assert (first["status"], first["final"]) == ("in-progress", False)
    assert [event.get("what") for event in first["events"]] == [None, "not known to Twilio"]
    assert again == first


def test_twilio_is_not_asked_again_about_what_it_does_not_know(example_settings: object) -> None:
    """However old that answer is."""
    moment = now() - 60 * MINUTE
    sid, old = "CA" + "0" * 32, rfc3339(moment)
    row = {"sid": sid, "kind": "call", "PartitionKey": "x", "RowKey": row_key(sid, moment).row}
    events = {"event_1": to_json(Event(status="ringing", at=old)), "event_2": to_json(Event(what=NOT_KNOWN, at=old))}

    assert is_stale({**row, "event_1": events["event_1"]})
    assert not is_stale({**row, **events})


def test_a_twilio_that_hangs_or_is_away_costs_the_reader_few_seconds(
    start_app: StartApp, log_earlier: LogEarlier
) -> None:
    """And no error."""
    sid = "CA" + secrets.token_hex(16)
    log_earlier(sid, "call", "ringing", minutes=60)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = start_app(TWILIO_API_BASE_URL=f"http://127.0.0.1:{silent.getsockname()[1]}")
        for _ in range(2):
            began = time.monotonic()
            found: dict[str, Any] = app.get(f"activity/{sid}").json()
            assert found["status"] == "ringing"
            assert time.monotonic() - began < 6
            silent.close()

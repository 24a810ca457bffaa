"""What Twilio logs of a call: the requests to the app, and the errors, with Twilio's library."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.support.fake_twilio_stage import THEIRS, Reply, Stage, twiml
from tests.support.twilio_resources import get, problems

PROMPT = twiml("<Say>Hello</Say><Dial callerId='+15559999999'>+15551113333</Dial>")


@pytest.fixture
def call(stage: Stage) -> Any:
    """A call whose document has a mistake and whose status callbacks are answered 500."""
    stage.app.reply("/status", Reply(500, b"broken", "text/plain"))
    call = stage.call(url=stage.app.reply("/voice", PROMPT), status_callback_event=["completed"])
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    return stage.client.calls(call.sid)


def test_the_events_of_a_call_are_the_requests_to_the_app_and_its_answers(stage: Stage, call: Any) -> None:
    """The names of parameters are in lower case, as Twilio documents it."""
    status, voice = call.events.list()

    assert (voice.request["method"], voice.request["url"]) == ("POST", stage.app.url("/voice"))
    assert voice.request["parameters"].items() >= {"to": THEIRS, "call_status": "in-progress"}.items()
    assert (voice.response["response_code"], voice.response["content_type"]) == (200, "text/xml")
    assert voice.response["response_body"].encode() == PROMPT.body
    assert (status.request["url"], status.response["response_code"]) == (stage.app.url(), 500)
    assert status.response["response_body"] == "broken"


def test_the_notifications_of_a_call_are_its_errors_with_the_requests_that_caused_them(stage: Stage, call: Any) -> None:
    """The latest first; only the single one has the whole request."""
    callback, dial = call.notifications.list()

    assert [(one.error_code, one.request_url) for one in (callback, dial)] == [
        ("15003", stage.app.url()),
        ("13214", stage.app.url("/voice")),
    ]
    assert (dial.log, dial.request_method, "callerId" in dial.message_text) == ("1", "POST", True)
    full = call.notifications(callback.sid).fetch()
    assert parse_qs(full.request_variables)["CallStatus"] == ["completed"]
    assert (full.response_body, full.response_headers) == ("broken", "Content-Type=text/plain")


def test_notifications_are_filtered_by_level_and_date(stage: Stage) -> None:
    """Level 0 is an error, level 1 a warning."""
    call = stage.call(url=stage.app.reply("/voice", Reply(200, b"<Response><Foo/></Response>", "text/xml")))
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    other = stage.call(url=stage.app.reply("/gone", Reply(404)))
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    today: date = datetime.now(UTC).date()

    def codes(sid: str, **filters: Any) -> set[str]:
        return {one.error_code for one in stage.client.calls(sid).notifications.list(**filters)}

    assert [codes(call.sid, log=level) for level in (0, 1)] == [set(), {"12200"}]
    assert [codes(other.sid, log=level) for level in (0, 1)] == [{"11200"}, set()]
    assert codes(call.sid, message_date_after=today - timedelta(days=1)) == {"12200"}
    assert codes(call.sid, message_date_after=today + timedelta(days=2)) == set()


def test_a_call_with_its_own_document_has_no_events(stage: Stage, call: Any) -> None:
    """Twilio asks the app for nothing; the errors of the document name no request."""
    silent = stage.call(twiml="<Response><Foo/></Response>", status_callback="")
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()

    assert stage.client.calls(silent.sid).events.list() == []
    (notification,) = stage.client.calls(silent.sid).notifications.list()
    assert (notification.error_code, notification.request_url) == ("12200", None)


def test_the_logs_of_an_unknown_call_are_a_404(stage: Stage, call: Any) -> None:
    """And so is an unknown notification."""
    paths = ("CA{}/Events.json", "CA{}/Notifications.json", f"{call.fetch().sid}/Notifications/NO{{}}.json")

    assert [get(stage, f"Calls/{path.format('0' * 32)}")["code"] for path in paths] == [20404] * 3


def test_events_and_notifications_have_the_fields_that_twilio_describes(stage: Stage, call: Any) -> None:
    """In a list and alone."""
    path = f"Calls/{call.fetch().sid}"
    (first, *_) = notifications = get(stage, f"{path}/Notifications.json")["notifications"]
    alone = get(stage, f"{path}/Notifications/{first['sid']}.json")
    events = get(stage, f"{path}/Events.json")["events"]

    found = [problem for one in notifications for problem in problems(one, "call_notification")]
    found += problems(alone, "call_notification-instance")
    found += [problem for one in events for problem in problems(one, "call_event")]
    assert found == []

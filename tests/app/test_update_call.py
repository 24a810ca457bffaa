"""POST /api/update_call/{sid}: ending a call, and changing what it hears."""

from __future__ import annotations

from typing import Any

import pytest

from fake_twilio.testing import FakeTwilio, PhoneCall
from tests.support.app import App, assert_problem, errors_of

TO = "+15551234567"
SID = "CA" + "0" * 32


def place(app: App, fake_twilio: FakeTwilio, **more: Any) -> PhoneCall:
    """Place a call that waits for keys once it is answered, and let it ring."""
    script = [{"verb": "Gather", "timeout": 600, "action": "/api/twiml_hello"}]
    assert app.post("make_call", {"to": TO, "script": script, **more}).status_code == 201
    return fake_twilio.phone(TO).wait_for_call()


def whats(app: App, sid: str) -> list[str]:
    """Return what has happened in a call, besides its statuses."""
    return [event["what"] for event in app.get(f"activity/{sid}").json()["events"] if "what" in event]


@pytest.mark.parametrize(
    ("content", "heard"),
    [
        ({"say": "Please hold."}, "Please hold."),
        ({"twiml": "<Response><Say>By TwiML</Say></Response>"}, "By TwiML"),
        ({"script": [{"verb": "Say", "text": "You are {{To}}"}]}, f"You are {TO}"),
        ({"url": "{app}/api/twiml_hello"}, "Hello World"),
    ],
)
def test_a_call_hears_something_else(app: App, fake_twilio: FakeTwilio, content: Any, heard: str) -> None:
    """From now on: the document that runs is left. The log has the change, but not the words."""
    call = place(app, fake_twilio)
    call.answer()
    call.wait_until("in-progress")
    body = {**content, **({"url": content["url"].format(app=app.url)} if "url" in content else {})}
    answer = app.post(f"update_call/{call.sid}", body)

    assert (answer.status_code, answer.json()["status"]) == (200, "in-progress")
    assert answer.json()["links"]["activity"].endswith(f"/api/activity/{call.sid}")
    call.wait_until_heard(heard)
    app.wait_for_activity(call.sid, "completed")
    assert "redirected by the API" in whats(app, call.sid)
    assert heard not in app.get(f"activity/{call.sid}").text


def test_a_call_is_ended_once_or_more_often(app: App, fake_twilio: FakeTwilio) -> None:
    """To end a call that is over changes nothing and is no error."""
    call = place(app, fake_twilio)
    call.answer()
    call.wait_until("in-progress")
    assert app.post(f"update_call/{call.sid}", {"status": "completed"}).status_code == 200
    call.wait_until("completed")
    again = app.post(f"update_call/{call.sid}", data={"status": "completed"})

    assert (again.status_code, again.json()["status"]) == (200, "completed")
    app.wait_for_activity(call.sid, "completed")
    assert whats(app, call.sid) == ["ended by the API"]


def test_a_call_that_rings_is_canceled(app: App, fake_twilio: FakeTwilio) -> None:
    """`canceled` is for calls that are not answered."""
    call = place(app, fake_twilio)
    assert app.post(f"update_call/{call.sid}", {"status": "canceled"}).status_code == 200

    app.wait_for_activity(call.sid, "canceled")
    assert whats(app, call.sid) == ["canceled by the API"]


@pytest.mark.parametrize(
    ("state", "body"),
    [
        ("ringing", {"say": "Hi"}),
        ("in-progress", {"status": "canceled"}),
        ("completed", {"status": "canceled"}),
        ("completed", {"say": "Hi"}),
    ],
)
def test_a_state_that_does_not_allow_the_change_is_named(
    app: App, fake_twilio: FakeTwilio, state: str, body: dict[str, str]
) -> None:
    """Nothing is logged."""
    call = place(app, fake_twilio)
    if state != "ringing":
        call.answer()
        call.wait_until("in-progress")
    if state == "completed":
        call.hang_up()
        call.wait_until("completed")
    problem = assert_problem(app.post(f"update_call/{call.sid}", body), 409, "wrong_state")

    assert problem["state"] == state
    assert whats(app, call.sid) == []
    fake_twilio.reset()


@pytest.mark.parametrize(
    ("sid", "body", "wrong"),
    [
        ("CA1", {"status": "completed"}, ["sid"]),
        ("SM" + "0" * 32, {"status": "completed"}, ["sid"]),
        (SID, {}, ["status"]),
        (SID, {"status": "busy"}, ["status"]),
        (SID, {"status": "completed", "say": "Hi"}, ["say"]),
        (SID, {"say": "Hi", "url": "https://example.com/"}, ["url"]),
        (SID, {"voice": "alice"}, ["voice", "status"]),
        (SID, {"script": [{"verb": "Sey"}]}, ["script[0].verb"]),
        (SID, {"to": TO, "say": "Hi"}, ["to"]),
    ],
)
def test_a_wrong_request_names_the_field(app: App, sid: str, body: dict[str, Any], wrong: list[str]) -> None:
    """Twilio is not asked."""
    assert sorted(errors_of(app.post(f"update_call/{sid}", body))) == sorted(wrong)


def test_a_call_that_twilio_does_not_know_is_not_found(app: App, fake_twilio: FakeTwilio) -> None:
    """Its SID may be of another account."""
    assert_problem(app.post(f"update_call/{SID}", {"status": "completed"}), 404, "not_found")


def test_the_countries_of_a_new_document_are_checked(american_app: App, fake_twilio: FakeTwilio) -> None:
    """As when a call is placed."""
    twiml = "<Response><Dial>+442079460018</Dial></Response>"
    assert list(errors_of(american_app.post(f"update_call/{SID}", {"twiml": twiml}))) == ["twiml[0].number"]


def test_a_repeated_update_with_a_key_is_made_once(app: App, fake_twilio: FakeTwilio) -> None:
    """The key belongs to the call: with another SID the request is another one."""
    call = place(app, fake_twilio)
    call.answer()
    call.wait_until("in-progress")
    key, body = {"Idempotency-Key": f"redirect {call.sid}"}, {"script": [{"verb": "Pause", "length": 600}]}
    for _ in range(2):
        assert app.post(f"update_call/{call.sid}", body, headers=key).status_code == 200

    updates = [request for request in fake_twilio.requests if request.method == "POST" and call.sid in request.path]
    assert len(updates) == 1
    problem = app.post(f"update_call/{SID}", body, headers=key)
    assert_problem(problem, 422, "idempotency_key_reused")
    fake_twilio.reset()


def test_an_update_that_did_not_reach_twilio_can_be_repeated_with_its_key(app: App, fake_twilio: FakeTwilio) -> None:
    """At once."""
    key, body = {"Idempotency-Key": "lost update"}, {"status": "completed"}
    call = place(app, fake_twilio)
    fake_twilio.stop()
    assert app.post(f"update_call/{call.sid}", body, headers=key).status_code == 502
    fake_twilio.start()
    assert app.post(f"update_call/{call.sid}", body, headers=key).status_code == 200

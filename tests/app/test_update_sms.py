"""POST /api/update_sms/{sid}: canceling a scheduled message, and removing a text at Twilio."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fake_twilio.testing import FakeTwilio
from tests.support.app import App, assert_problem, errors_of

TO = "+15551234567"
SID = "SM" + "0" * 32


def schedule(app: App, fake_twilio: FakeTwilio) -> str:
    """Schedule a message; return its SID."""
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    service = fake_twilio.account.messaging_service_sid
    body = {"to": TO, "body": "Later", "send_at": later, "messaging_service_sid": service}
    answer = app.post("send_sms", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["sid"])


def test_a_scheduled_message_is_canceled_once_or_more_often(app: App, fake_twilio: FakeTwilio) -> None:
    """It is final in the log, too."""
    sid = schedule(app, fake_twilio)
    for _ in range(2):
        answer = app.post(f"update_sms/{sid}", {"status": "canceled"})
        assert (answer.status_code, answer.json()["status"]) == (200, "canceled")

    found = app.wait_for_activity(sid, "canceled")
    assert "canceled by the API" in [event.get("what") for event in found["events"]]


def test_the_text_of_a_delivered_message_is_removed_at_twilio(app: App, fake_twilio: FakeTwilio) -> None:
    """The message stays in Twilio's list."""
    sid = app.post("send_sms", {"to": TO, "body": "A secret"}).json()["sid"]
    app.wait_for_activity(sid, "delivered")
    assert app.post(f"update_sms/{sid}", data={"redact": "true"}).status_code == 200

    assert fake_twilio.message(sid).body == ""
    found = app.get(f"activity/{sid}").json()
    assert (found["status"], found["events"][-1]["what"]) == ("delivered", "redacted by the API")


def test_a_state_that_does_not_allow_the_change_is_named(app: App, fake_twilio: FakeTwilio) -> None:
    """A delivered message cannot be canceled, and a scheduled one not redacted."""
    sid = app.post("send_sms", {"to": TO, "body": "Hi"}).json()["sid"]
    app.wait_for_activity(sid, "delivered")
    for message, body, state in (
        (sid, {"status": "canceled"}, "delivered"),
        (schedule(app, fake_twilio), {"redact": True}, "scheduled"),
    ):
        assert assert_problem(app.post(f"update_sms/{message}", body), 409, "wrong_state")["state"] == state


@pytest.mark.parametrize(
    ("sid", "body", "wrong"),
    [
        ("SM1", {"status": "canceled"}, "sid"),
        ("CA" + "0" * 32, {"status": "canceled"}, "sid"),
        (SID, {}, "status"),
        (SID, {"status": "canceled", "redact": True}, "status"),
        (SID, {"status": "sent"}, "status"),
        (SID, {"redact": False}, "redact"),
        (SID, {"body": ""}, "body"),
    ],
)
def test_a_wrong_request_names_the_field(app: App, sid: str, body: dict[str, Any], wrong: str) -> None:
    """Twilio is not asked."""
    assert wrong in errors_of(app.post(f"update_sms/{sid}", body))


def test_a_message_that_twilio_does_not_know_is_not_found(app: App, fake_twilio: FakeTwilio) -> None:
    """Its SID may be of another account."""
    assert_problem(app.post(f"update_sms/{SID}", {"redact": True}), 404, "not_found")

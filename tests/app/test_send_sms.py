"""POST /api/send_sms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from fake_twilio.testing import FakeTwilio
from tests.support.app import App, StartApp, assert_problem, errors_of
from tests.support.creates import only_create

TO = "+15551234567"
SERVICE = "MG" + "0" * 31 + "1"


def senders(fake_twilio: FakeTwilio) -> dict[str, list[str]]:
    """Return the sender in the only request to create a message."""
    form = only_create(fake_twilio)
    return {name: form[name] for name in ("From", "MessagingServiceSid") if name in form}


def in_an_hour(**more: int) -> datetime:
    """Return a time for which Twilio schedules a message, in another time zone than UTC."""
    return datetime.now(timezone(timedelta(hours=5, minutes=30))) + timedelta(hours=1, **more)


def test_a_message_arrives_on_the_phone_and_is_logged_until_its_delivery(app: App, fake_twilio: FakeTwilio) -> None:
    """The log does not contain its text."""
    answer = app.post("send_sms", {"to": TO, "body": "Your parcel is here."})

    assert answer.status_code == 201
    sent = answer.json()
    assert (sent["to"], sent["from"], sent["segments"]) == (TO, "+15005550006", 1)
    assert answer.headers["location"] == sent["links"]["activity"]
    assert fake_twilio.phone(TO).wait_for_text("parcel").body == "Your parcel is here."

    found = app.wait_for_activity(sent["sid"], "delivered")
    assert found["kind"] == "message"
    assert [event["status"] for event in found["events"]] == ["queued", "sending", "sent", "delivered"]
    assert "Your parcel" not in str(found)


def test_a_message_that_cannot_be_delivered_has_its_error_in_the_log(app: App, fake_twilio: FakeTwilio) -> None:
    """Twilio's code, and what it means."""
    fake_twilio.phone(TO).switch_off()
    sid = app.post("send_sms", {"to": TO, "body": "Hi"}).json()["sid"]

    found = app.wait_for_activity(sid, "undelivered")
    assert found["error"]["code"] == 30003
    assert "cannot be reached" in found["error"]["message"]


@pytest.mark.parametrize(("body", "segments"), [("x" * 160, 1), ("x" * 161, 2), ("ü" * 160, 1), ("Привет" * 20, 2)])
def test_the_answer_has_the_number_of_segments(app: App, fake_twilio: FakeTwilio, body: str, segments: int) -> None:
    """Twilio counts and bills them."""
    assert app.post("send_sms", {"to": TO, "body": body}).json()["segments"] == segments


def test_pictures_are_sent_with_and_without_a_text(app: App, fake_twilio: FakeTwilio) -> None:
    """From JSON, or from a form that repeats the field."""
    pictures = [f"https://example.com/{number}.jpg" for number in range(10)]

    assert app.post("send_sms", {"to": TO, "media_url": pictures}).status_code == 201
    assert only_create(fake_twilio)["MediaUrl"] == pictures
    fake_twilio.reset()
    form = [("to", TO), ("body", "Look"), ("media_url", pictures[0]), ("media_url", pictures[1])]
    assert app.post("send_sms", data=form).status_code == 201
    assert only_create(fake_twilio)["MediaUrl"] == pictures[:2]


def test_a_scheduled_message_is_sent_at_the_right_time_whatever_its_time_zone(
    app: App, fake_twilio: FakeTwilio
) -> None:
    """Twilio's library drops an offset, so the app converts the time to UTC."""
    moment = in_an_hour()
    answer = app.post(
        "send_sms", {"to": TO, "body": "Hi", "send_at": moment.isoformat(), "messaging_service_sid": SERVICE}
    )

    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "scheduled"
    form = only_create(fake_twilio)
    assert form["SendAt"] == [moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")]
    assert form["ScheduleType"] == ["fixed"]


def test_the_requests_sender_takes_precedence_over_the_settings_messaging_service(
    start_app: StartApp, fake_twilio: FakeTwilio
) -> None:
    """The request's sender, else the service, else the number."""
    app = start_app(TWILIO_MESSAGING_SERVICE_SID=SERVICE)
    app.post("send_sms", {"to": TO, "body": "Hi"})
    assert senders(fake_twilio) == {"MessagingServiceSid": [SERVICE]}

    fake_twilio.reset()
    app.post("send_sms", {"to": TO, "body": "Hi", "from": "+15005550006"})
    assert senders(fake_twilio) == {"From": ["+15005550006"]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"body": "Hi"}, "to"),
        ({"to": "client:alice", "body": "Hi"}, "to"),
        ({"to": TO}, "body"),
        ({"to": TO, "body": ""}, "body"),
        ({"to": TO, "body": "   "}, "body"),
        ({"to": TO, "body": "x" * 1601}, "body"),
        ({"to": TO, "body": "\ud83d"}, "body"),
        ({"to": TO, "media_url": []}, "media_url"),
        ({"to": TO, "media_url": ["https://example.com/a.jpg"] * 11}, "media_url"),
        ({"to": TO, "media_url": "https://example.com/a.jpg"}, "media_url"),
        ({"to": TO, "media_url": ["a.jpg"]}, "media_url"),
        ({"to": TO, "media_url": ["https://example.com/a.jpg", 5]}, "media_url"),
        ({"to": TO, "body": "Hi", "from": "a sender that is too long"}, "from"),
        ({"to": TO, "body": "Hi", "messaging_service_sid": "MG1"}, "messaging_service_sid"),
        ({"to": TO, "body": "Hi", "validity_period": 0}, "validity_period"),
        ({"to": TO, "body": "Hi", "validity_period": 36_001}, "validity_period"),
        ({"to": TO, "body": "Hi", "send_at": in_an_hour().isoformat()}, "messaging_service_sid"),
        ({"to": TO, "body": "Hi", "messaging_service_sid": SERVICE, "send_at": "tomorrow"}, "send_at"),
        ({"to": TO, "body": "Hi", "messaging_service_sid": SERVICE, "send_at": "2027-01-01T10:00:00"}, "send_at"),
        ({"to": TO, "body": "Hi", "messaging_service_sid": SERVICE, "send_at": "2020-01-01T10:00:00Z"}, "send_at"),
        ({"to": TO, "body": "Hi", "messaging_service_sid": SERVICE, "send_at": "2099-01-01T10:00:00Z"}, "send_at"),
        ({"to": TO, "body": "Hi", "say": "Hi"}, "say"),
    ],
)
def test_a_wrong_field_is_an_error_and_nothing_is_sent(
    app: App, fake_twilio: FakeTwilio, body: dict[str, Any], field: str
) -> None:
    """It is the only error."""
    assert list(errors_of(app.post("send_sms", body))) == [field]
    assert fake_twilio.requests == []


@pytest.mark.parametrize(
    ("to", "from_", "status", "code", "twilio_code"),
    [
        ("+15005550001", "+15005550006", 400, "twilio_refused", 21211),
        ("+15005550002", "+15005550006", 422, "twilio_refused", 21612),
        ("+15005550003", "+15005550006", 403, "twilio_refused", 21408),
        ("+15005550004", "+15005550006", 422, "recipient_opted_out", 21610),
        ("+15005550009", "+15005550006", 422, "twilio_refused", 21614),
        (TO, "+15005550001", 422, "twilio_refused", 21212),
        (TO, "+15005550007", 422, "twilio_refused", 21606),
        (TO, "+15005550008", 503, "twilio_unavailable", 21611),
    ],
)
def test_an_error_of_twilio_has_twilios_code(
    app: App, fake_twilio: FakeTwilio, to: str, from_: str, status: int, code: str, twilio_code: int
) -> None:
    """Twilio's magic numbers cause these: https://www.twilio.com/docs/iam/test-credentials ."""
    problem = assert_problem(app.post("send_sms", {"to": to, "from": from_, "body": "Hi"}), status, code)

    assert problem["twilio"]["code"] == twilio_code


def test_without_a_sender_the_error_names_both_settings(start_app: StartApp) -> None:
    """One of them is needed."""
    app = start_app(TWILIO_FROM_NUMBER="")

    problem = assert_problem(app.post("send_sms", {"to": TO, "body": "Hi"}), 503, "not_configured")
    assert {setting["name"] for setting in problem["settings"]} == {
        "TWILIO_FROM_NUMBER",
        "TWILIO_MESSAGING_SERVICE_SID",
    }

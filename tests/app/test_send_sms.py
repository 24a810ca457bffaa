"""POST /api/send_sms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from fake_twilio.testing import FakeTwilio
from tests.support.app import App, StartApp, assert_problem, errors_of

TO = "+15551234567"
SERVICE = "MG" + "0" * 31 + "1"


def asked(fake_twilio: FakeTwilio) -> list[tuple[str, str]]:
    """Return what Twilio was asked in the one create it got."""
    [request] = [request for request in fake_twilio.requests if request.method == "POST"]
    return [(name, value) for name, value in request.form if name != "StatusCallback"]


def in_an_hour(**more: int) -> datetime:
    """Return a time that Twilio takes, in another zone than ours."""
    return datetime.now(timezone(timedelta(hours=5, minutes=30))) + timedelta(hours=1, **more)


def test_a_text_arrives_on_the_phone_and_is_logged_to_its_delivery(app: App, fake_twilio: FakeTwilio) -> None:
    """The whole story of a text."""
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


def test_a_text_that_cannot_be_delivered_says_why(app: App, fake_twilio: FakeTwilio) -> None:
    """Twilio's code and words for it."""
    fake_twilio.phone(TO).switch_off()
    sid = app.post("send_sms", {"to": TO, "body": "Hi"}).json()["sid"]

    found = app.wait_for_activity(sid, "undelivered")
    assert found["error"]["code"] == 30003
    assert "cannot be reached" in found["error"]["message"]


@pytest.mark.parametrize(("body", "segments"), [("x" * 160, 1), ("x" * 161, 2), ("ü" * 160, 1), ("Привет" * 20, 2)])
def test_the_answer_says_how_many_segments_are_billed(
    app: App, fake_twilio: FakeTwilio, body: str, segments: int
) -> None:
    """As Twilio counts them."""
    assert app.post("send_sms", {"to": TO, "body": body}).json()["segments"] == segments


def test_pictures_go_with_or_without_words(app: App, fake_twilio: FakeTwilio) -> None:
    """One address or ten, from JSON or from a form that repeats the field."""
    pictures = [f"https://example.com/{number}.jpg" for number in range(10)]

    assert app.post("send_sms", {"to": TO, "media_url": pictures}).status_code == 201
    assert [value for name, value in asked(fake_twilio) if name == "MediaUrl"] == pictures
    fake_twilio.reset()
    form = [("to", TO), ("body", "Look"), ("media_url", pictures[0]), ("media_url", pictures[1])]
    assert app.post("send_sms", data=form).status_code == 201
    assert [value for name, value in asked(fake_twilio) if name == "MediaUrl"] == pictures[:2]


def test_a_scheduled_text_is_sent_at_that_moment_whatever_zone_it_was_written_in(
    app: App, fake_twilio: FakeTwilio
) -> None:
    """Twilio's library drops an offset, which would send it hours off."""
    moment = in_an_hour()
    answer = app.post(
        "send_sms", {"to": TO, "body": "Hi", "send_at": moment.isoformat(), "messaging_service_sid": SERVICE}
    )

    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "scheduled"
    form = dict(asked(fake_twilio))
    assert form["SendAt"] == moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert form["ScheduleType"] == "fixed"


def test_a_messaging_service_of_the_settings_is_used_and_a_sender_of_the_request_wins(
    start_app: StartApp, fake_twilio: FakeTwilio
) -> None:
    """The request's sender, else the service, else the number."""
    app = start_app(TWILIO_MESSAGING_SERVICE_SID=SERVICE)
    app.post("send_sms", {"to": TO, "body": "Hi"})
    assert dict(asked(fake_twilio)) == {"To": TO, "MessagingServiceSid": SERVICE, "Body": "Hi"}

    fake_twilio.reset()
    app.post("send_sms", {"to": TO, "body": "Hi", "from": "+15005550006"})
    assert dict(asked(fake_twilio)) == {"To": TO, "From": "+15005550006", "Body": "Hi"}


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
def test_a_wrong_field_is_named_and_twilio_is_not_asked(
    app: App, fake_twilio: FakeTwilio, body: dict[str, Any], field: str
) -> None:
    """One fault, one field, and nothing happens."""
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
def test_what_twilio_refuses_keeps_twilios_code(
    app: App, fake_twilio: FakeTwilio, to: str, from_: str, status: int, code: str, twilio_code: int
) -> None:
    """Twilio's magic numbers: https://www.twilio.com/docs/iam/test-credentials"""
    problem = assert_problem(app.post("send_sms", {"to": to, "from": from_, "body": "Hi"}), status, code)

    assert problem["twilio"]["code"] == twilio_code


def test_without_a_sender_the_settings_are_named(start_app: StartApp) -> None:
    """Either setting will do."""
    app = start_app(TWILIO_FROM_NUMBER="")

    problem = assert_problem(app.post("send_sms", {"to": TO, "body": "Hi"}), 503, "not_configured")
    assert {setting["name"] for setting in problem["settings"]} == {
        "TWILIO_FROM_NUMBER",
        "TWILIO_MESSAGING_SERVICE_SID",
    }

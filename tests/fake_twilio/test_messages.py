"""The lifecycle of a message: its statuses, its outcome, its segments."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from fake_twilio.model.segments import segments
from tests.support.fake_twilio_stage import OURS, THEIRS, Stage, refused


def statuses(stage: Stage) -> list[str]:
    """Return the statuses that were reported."""
    return [form["MessageStatus"] for form in stage.app.forms()]


def test_a_message_is_delivered(stage: Stage) -> None:
    """The answer says queued; sending, sent and delivered are reported, each signed."""
    text = stage.text(body="good morning")
    assert (text.status, text.sid[:2]) == ("queued", "SM")
    assert stage.fake.phone(THEIRS).wait_for_text("morning").sid == text.sid
    stage.fake.wait_until_quiet()
    assert statuses(stage) == ["sending", "sent", "delivered"]
    assert all(received.signed for received in stage.app.received)
    fetched = stage.client.messages(text.sid).fetch()
    assert (fetched.status, fetched.error_code) == ("delivered", None)
    assert fetched.date_sent is not None
    assert stage.fake.faults == []


def test_the_last_callback_has_the_fields_that_twilio_sends(stage: Stage) -> None:
    """Of a delivered message."""
    sid = stage.text().sid
    stage.fake.wait_until_quiet()
    form = stage.app.forms()[-1]
    assert re.fullmatch(r"\d{10}", form.pop("RawDlrDoneDate"))
    assert form == {
        "SmsSid": sid,
        "SmsStatus": "delivered",
        "MessageSid": sid,
        "MessageStatus": "delivered",
        "To": THEIRS,
        "From": OURS,
        "AccountSid": stage.fake.account.sid,
        "ApiVersion": "2010-04-01",
    }
    assert "RawDlrDoneDate" not in stage.app.forms()[0]


@pytest.mark.parametrize(
    ("how", "told", "error_code"),
    [
        (("switch_off",), ["sending", "sent", "undelivered"], 30003),
        (("disconnect",), ["sending", "sent", "undelivered"], 30005),
        (("texts_end_as", "undelivered", 30007), ["sending", "sent", "undelivered"], 30007),
        (("texts_end_as", "failed", 30008), ["sending", "failed"], 30008),
    ],
)
def test_an_undelivered_message_has_an_error_code(
    stage: Stage, how: tuple[str | int, ...], told: list[str], error_code: int
) -> None:
    """In the callback and in the resource; the phone does not get the message."""
    phone = stage.fake.phone(THEIRS)
    getattr(phone, str(how[0]))(*how[1:])
    text = stage.text()
    stage.fake.wait_until_quiet()
    assert statuses(stage) == told
    assert [form.get("ErrorCode") for form in stage.app.forms()] == [None] * (len(told) - 1) + [str(error_code)]
    fetched = stage.client.messages(text.sid).fetch()
    assert (fetched.status, fetched.error_code) == (told[-1], error_code)
    assert fetched.error_message
    with pytest.raises(AssertionError):
        phone.wait_for_text(timeout=0)


def test_a_messaging_service_accepts_first_and_chooses_a_sender(stage: Stage) -> None:
    """Accepted without a sender; then queued, sent and delivered from the service's number."""
    service = stage.fake.account.messaging_service_sid
    text = stage.text(messaging_service_sid=service)
    assert (text.status, text.from_, text.num_segments) == ("accepted", None, "0")
    stage.fake.wait_until_quiet()
    assert statuses(stage) == ["queued", "sending", "sent", "delivered"]
    assert {(form["From"], form["MessagingServiceSid"]) for form in stage.app.forms()} == {(OURS, service)}
    fetched = stage.client.messages(text.sid).fetch()
    assert (fetched.from_, fetched.num_segments, fetched.messaging_service_sid) == (OURS, "1", service)


def test_a_scheduled_message_waits_and_can_be_canceled_once(stage: Stage) -> None:
    """Only the cancellation is reported, and the phone does not get the message."""
    text = stage.text(
        messaging_service_sid=stage.fake.account.messaging_service_sid,
        schedule_type="fixed",
        send_at=datetime.now(UTC) + timedelta(minutes=10),
    )
    assert text.status == "scheduled"
    stage.fake.wait_until_quiet()
    assert stage.app.received == []
    assert stage.client.messages(text.sid).update(status="canceled").status == "canceled"
    stage.fake.wait_until_quiet()
    assert statuses(stage) == ["canceled"]
    with refused(30409):
        stage.client.messages(text.sid).update(status="canceled")


def test_a_message_that_was_sent_cannot_be_canceled(stage: Stage) -> None:
    """Only a scheduled one can."""
    text = stage.text()
    stage.fake.wait_until_quiet()
    with refused(30409):
        stage.client.messages(text.sid).update(status="canceled")


def test_a_message_with_pictures_is_an_mms(stage: Stage) -> None:
    """Its SID starts with MM, and its media are counted."""
    pictures = ["https://example.com/1.jpg", "https://example.com/2.jpg"]
    text = stage.text(media_url=pictures)
    assert (text.sid[:2], text.num_media) == ("MM", "2")
    assert stage.fake.phone(THEIRS).wait_for_text().media == pictures


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("é" * 160, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # a letter of two units does not fit at the end of the first segment
        ("ã" * 70, 1),
        ("ã" * 71, 2),
        ("ã" * 134, 2),
        ("ã" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),  # 67 units hold 33 letters of two
        ("a" * 1600, 11),
    ],
)
def test_segments_are_counted_as_by_networks(body: str, count: int) -> None:
    """GSM-7 with its extension, UCS-2 with characters beyond it, one segment and several."""
    assert segments(body) == count

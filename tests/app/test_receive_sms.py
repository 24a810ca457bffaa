"""GET, POST /api/receive_sms: inbound messages and opt-outs."""

from __future__ import annotations

import secrets
from xml.etree import ElementTree

import pytest

from fake_twilio.testing import FakeTwilio
from tests.support.app import App, assert_problem

NUMBER = "+15005550006"


def new_phone() -> str:
    """Return a phone number that no other test uses."""
    return f"+1555{secrets.randbelow(9_000_000) + 1_000_000}"


def text(app: App, body: str, sender: str = "+15551234567", **more: str) -> tuple[str, ElementTree.Element]:
    """Send a message to a number of the app; return the message's SID and the TwiML that answers."""
    sid = "SM" + secrets.token_hex(16)
    form = {"MessageSid": sid, "SmsStatus": "received", "From": sender, "To": NUMBER, "Body": body, "NumSegments": "1"}
    answer = app.signed_post("receive_sms", {**form, **more})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    return sid, ElementTree.fromstring(answer.text)


def test_a_message_is_logged_with_its_media_but_without_its_text(app: App) -> None:
    """Without a script it gets no reply."""
    sid, reply = text(
        app, "a secret", NumMedia="1", MediaUrl0="https://api.twilio.com/ME1", MediaContentType0="image/png"
    )

    assert list(reply) == []
    found = app.get(f"activity/{sid}").json()
    assert (found["kind"], found["status"], found["direction"]) == ("message", "received", "inbound")
    assert (found["from"], found["to"], found["segments"]) == ("+15551234567", NUMBER, 1)
    assert found["events"][0]["fields"]["MediaUrl0"] == "https://api.twilio.com/ME1"
    assert "a secret" not in str(found)


def test_a_message_is_answered_by_the_script_of_its_number(app: App) -> None:
    """With the message's own text, escaped."""
    number = new_phone()  # the app has not cached that this number has no script
    assert app.put(f"scripts/text-{number[1:]}", [{"verb": "Message", "body": "You wrote: {{Body}}"}]).ok

    _, reply = text(app, "Hello <b>", To=number)
    assert reply.findtext("Message") == "You wrote: Hello <b>"


def test_after_stop_no_message_is_sent_until_start(app: App, fake_twilio: FakeTwilio) -> None:
    """The app answers Twilio's error without asking Twilio. STOP itself gets no reply."""
    phone = new_phone()
    assert app.post("send_sms", {"to": phone, "body": "Hi"}).status_code == 201
    assert list(text(app, " stop ", phone)[1]) == []
    asked = len(fake_twilio.requests)

    problem = assert_problem(app.post("send_sms", {"to": phone, "body": "Hi"}), 422, "recipient_opted_out")
    assert problem["twilio"]["code"] == 21610
    assert len(fake_twilio.requests) == asked
    assert app.post("send_sms", {"to": new_phone(), "body": "Hi"}).status_code == 201
    text(app, "START", phone)
    assert app.post("send_sms", {"to": phone, "body": "Hi"}).status_code == 201


@pytest.mark.parametrize("word", ["STOP", "StopAll", "unsubscribe", "CANCEL", "End", "QUIT", "Revoke", "OPTOUT"])
def test_each_of_twilios_keywords_is_an_opt_out(app: App, fake_twilio: FakeTwilio, word: str) -> None:
    """As the whole message, in upper or lower case."""
    phone = new_phone()
    sid, _ = text(app, word, phone)

    assert app.post("send_sms", {"to": phone, "body": "Hi"}).status_code == 422
    assert app.get(f"activity/{sid}").json()["events"][0]["fields"]["OptOutType"] == "STOP"


@pytest.mark.parametrize("body", ["please stop", "STOP it", "HELP", "INFO", ""])
def test_any_other_message_is_no_opt_out(app: App, fake_twilio: FakeTwilio, body: str) -> None:
    """A keyword among other words, or HELP, which Twilio answers."""
    phone = new_phone()
    text(app, body, phone)

    assert app.post("send_sms", {"to": phone, "body": "Hi"}).status_code == 201


def test_twilios_opt_out_type_takes_precedence_over_the_text(app: App, fake_twilio: FakeTwilio) -> None:
    """With Advanced Opt-Out an account has its own keywords, in any language."""
    phone = new_phone()
    text(app, "ARRET", phone, OptOutType="STOP")

    assert app.post("send_sms", {"to": phone, "body": "Hi"}).status_code == 422


def test_an_opt_out_of_a_messaging_service_applies_to_all_its_numbers(app: App, fake_twilio: FakeTwilio) -> None:
    """Whichever of them got the STOP."""
    phone, service = new_phone(), "MG" + "0" * 31 + "1"
    text(app, "STOP", phone, MessagingServiceSid=service)
    body = {"to": phone, "body": "Hi", "messaging_service_sid": service}

    assert_problem(app.post("send_sms", body), 422, "recipient_opted_out")


def test_without_storage_messages_are_accepted_and_sent(app_without_storage: App, fake_twilio: FakeTwilio) -> None:
    """Twilio's own list of opt-outs still applies."""
    assert list(text(app_without_storage, "STOP")[1]) == []
    app_without_storage.wait_for_line("an opt-out or opt-in could not be recorded")
    assert app_without_storage.post("send_sms", {"to": "+15551234567", "body": "Hi"}).status_code == 201
    fake_twilio.reset()

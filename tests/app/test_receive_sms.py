"""GET, POST /api/receive_sms: inbound texts, and who wants none from us."""

from __future__ import annotations

import secrets
import time
from xml.etree import ElementTree

import pytest
import requests

from dev.azurite import connection_string
from dev.processes import free_port
from fake_twilio.testing import FakeTwilio
from tests.support.app import App, StartApp, assert_problem

NUMBER = "+15005550006"


def new_phone() -> str:
    """Return a number that no other test uses."""
    return f"+1555{secrets.randbelow(9_000_000) + 1_000_000}"


def text(app: App, body: str, sender: str = "+15551234567", **more: str) -> tuple[str, ElementTree.Element]:
    """Text one of our numbers; return the text's SID and the TwiML that it gets."""
    sid = "SM" + secrets.token_hex(16)
    form = {"MessageSid": sid, "SmsStatus": "received", "From": sender, "To": NUMBER, "Body": body, "NumSegments": "1"}
    answer = app.signed_post("receive_sms", {**form, **more})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    return sid, ElementTree.fromstring(answer.text)


def test_a_text_is_logged_with_its_media_and_not_its_words(app: App) -> None:
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


def test_a_messaging_script_answers(app: App) -> None:
    """The one for the number that was texted."""
    script = [{"verb": "Message", "body": "You wrote: {{Body}}"}]
    assert requests.put(f"{app.url}/api/scripts/text-15005550006", json=script, timeout=30).ok
    deadline = time.monotonic() + 8
    while not list(text(app, "Hello <b>")[1]):
        assert time.monotonic() < deadline
        time.sleep(0.2)

    _, reply = text(app, "Hello <b>")
    assert reply.findtext("Message") == "You wrote: Hello <b>"
    requests.delete(f"{app.url}/api/scripts/text-15005550006", timeout=30)


def test_stop_is_never_answered_and_start_lifts_it(app: App, fake_twilio: FakeTwilio) -> None:
    """In between, a send is refused with Twilio's words before Twilio is asked."""
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
def test_each_of_twilios_words_opts_out(app: App, fake_twilio: FakeTwilio, word: str) -> None:
    """Whole texts, in any case."""
    phone = new_phone()
    sid, _ = text(app, word, phone)

    assert app.post("send_sms", {"to": phone, "body": "Hi"}).status_code == 422
    assert app.get(f"activity/{sid}").json()["events"][0]["fields"]["OptOutType"] == "STOP"


@pytest.mark.parametrize("body", ["please stop", "STOP it", "HELP", "INFO", ""])
def test_other_texts_opt_nobody_out(app: App, fake_twilio: FakeTwilio, body: str) -> None:
    """A word among others is not an opt-out; HELP is answered by Twilio."""
    phone = new_phone()
    text(app, body, phone)

    assert app.post("send_sms", {"to": phone, "body": "Hi"}).status_code == 201


def test_what_twilio_says_it_was_counts(app: App, fake_twilio: FakeTwilio) -> None:
    """With Advanced Opt-Out the words are the account's own, in any language."""
    phone = new_phone()
    text(app, "ARRET", phone, OptOutType="STOP")

    assert app.post("send_sms", {"to": phone, "body": "Hi"}).status_code == 422


def test_an_opt_out_of_a_messaging_service_is_one_of_its_texts(app: App, fake_twilio: FakeTwilio) -> None:
    """Whichever of its numbers was texted."""
    phone, service = new_phone(), "MG" + "0" * 31 + "1"
    text(app, "STOP", phone, MessagingServiceSid=service)
    body = {"to": phone, "body": "Hi", "messaging_service_sid": service}

    assert_problem(app.post("send_sms", body), 422, "recipient_opted_out")


def test_without_storage_a_text_is_taken_and_sends_go_out(start_app: StartApp, fake_twilio: FakeTwilio) -> None:
    """Twilio's own list of opt-outs still holds."""
    app = start_app(TABLES_CONNECTION_STRING=connection_string(free_port()))

    assert list(text(app, "STOP")[1]) == []
    app.wait_for_line("an opt-out or opt-in could not be recorded")
    assert app.post("send_sms", {"to": "+15551234567", "body": "Hi"}).status_code == 201
    fake_twilio.reset()

"""POST /api/make_call: the request, the response, and the life of a call."""

from __future__ import annotations

from typing import Any

import pytest

from fake_twilio.testing import FakeTwilio
from tests.support.app import App, StartApp, assert_problem, errors_of
from tests.support.creates import creates, only_create

TO = "+15551234567"


def test_a_call_rings_is_answered_and_is_logged_until_its_end(app: App, fake_twilio: FakeTwilio) -> None:
    """The callee hears the text."""
    answer = app.post("make_call", {"to": TO, "say": "Your parcel is here."})

    assert answer.status_code == 201
    placed = answer.json()
    assert placed["status"] == "queued"
    assert (placed["to"], placed["from"]) == (TO, "+15005550006")
    assert placed["created"].endswith("Z")
    assert answer.headers["location"] == placed["links"]["activity"] == f"{app.url}/api/activity/{placed['sid']}"

    call = fake_twilio.phone(TO).wait_for_call()
    call.answer()
    call.wait_until_heard("Your parcel is here.")
    call.wait_until("completed")

    found = app.wait_for_activity(placed["sid"], "completed")
    assert [event["status"] for event in found["events"]] == [
        "queued",
        "initiated",
        "ringing",
        "in-progress",
        "completed",
    ]
    assert all(event["at"] and event["received"] for event in found["events"])
    assert found["final"] is True
    assert found["direction"] == "outbound-api"


def test_a_request_can_be_a_form(app: App, fake_twilio: FakeTwilio) -> None:
    """`curl -d to=+1555… -d timeout=20`: the plus arrives as a space, the number as text."""
    body = "to=+442079460018&say=Hi&timeout=20&record=true"
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    answer = app.post("make_call", data=body, headers=headers)

    assert answer.status_code == 201
    form = only_create(fake_twilio)
    assert (form["To"], form["Timeout"], form["Record"]) == (["+442079460018"], ["20"], ["true"])


@pytest.mark.parametrize("to", [" 5551234567", " (555) 123-4567 "])
def test_a_space_before_a_number_in_json_is_not_a_plus(app: App, fake_twilio: FakeTwilio, to: str) -> None:
    """Only a form turns a plus into a space."""
    assert app.post("make_call", {"to": to}).json()["to"] == TO


def test_every_field_is_passed_to_twilio(app: App, fake_twilio: FakeTwilio) -> None:
    """Under Twilio's name; the emulator finds no error."""
    answer = app.post(
        "make_call",
        {
            "to": TO,
            "say": "Tea & <biscuits>",
            "voice": "Polly.Amy",
            "language": "en-GB",
            "from": "(500) 555-0006",
            "timeout": 30,
            "time_limit": 600,
            "send_digits": "ww12#",
            "record": True,
            "machine_detection": "DetectMessageEnd",
        },
    )

    assert answer.status_code == 201
    form = only_create(fake_twilio)
    assert form["Twiml"] == [
        '<?xml version="1.0" encoding="UTF-8"?><Response>'
        '<Say language="en-GB" voice="Polly.Amy">Tea &amp; &lt;biscuits&gt;</Say></Response>'
    ]
    assert form["From"] == ["+15005550006"]
    assert form["Timeout"] == ["30"]
    assert form["TimeLimit"] == ["600"]
    assert form["SendDigits"] == ["ww12#"]
    assert form["Record"] == ["true"]
    assert form["MachineDetection"] == ["DetectMessageEnd"]
    assert form["StatusCallbackEvent"] == ["initiated", "ringing", "answered", "completed"]
    [callback] = form["StatusCallback"]
    assert callback.startswith(f"{app.url}/api/status_callback?started=")
    assert callback.endswith("#rc=3&rp=ct,rt,5xx")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("+15551234567", "+15551234567"),
        ("(555) 123-4567", "+15551234567"),
        ("1 555 123 4567", "+15551234567"),
        ("+44 20 7946 0018", "+442079460018"),
        ("+49 (0)30 123456", "+4930123456"),
        ("tel:+15551234567", "+15551234567"),
        ("client:alice", "client:alice"),
        ("client:" + "a" * 256, "client:" + "a" * 256),
        ("sip:alice@example.com", "sip:alice@example.com"),
    ],
)
def test_a_number_can_have_any_usual_form(app: App, fake_twilio: FakeTwilio, given: str, sent: str) -> None:
    """Twilio gets it in E.164; a client or SIP address is passed on unchanged."""
    answer = app.post("make_call", {"to": given})

    assert answer.status_code == 201, answer.text
    assert answer.json()["to"] == sent
    assert only_create(fake_twilio)["To"] == [sent]


def test_a_client_gets_parameters_that_are_not_logged(app: App, fake_twilio: FakeTwilio) -> None:
    """They may be about the callee."""
    to = "client:alice?order=7&name=Ann%20Smith"
    placed = app.post("make_call", {"to": to}).json()

    assert only_create(fake_twilio)["To"] == [to]
    found = app.wait_for_activity(placed["sid"], "ringing")
    assert placed["to"] == found["to"] == "client:alice"
    assert "Smith" not in str(found)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "to"),
        ({"to": None}, "to"),
        ({"to": ""}, "to"),
        ({"to": "abc"}, "to"),
        ({"to": "+1555"}, "to"),
        ({"to": "555 123 4567 ext. 8"}, "to"),
        ({"to": "+1555123456789012345"}, "to"),
        ({"to": 15551234567}, "to"),
        ({"to": ["+15551234567"]}, "to"),
        ({"to": "client:"}, "to"),
        ({"to": "client:a b"}, "to"),
        ({"to": "client:?a=b"}, "to"),
        ({"to": "client:a?b c"}, "to"),
        ({"to": "client:a?" + "b" * 801}, "to"),
        ({"to": "sip:nowhere"}, "to"),
        ({"to": TO, "from": "nobody"}, "from"),
        ({"to": TO, "say": ""}, "say"),
        ({"to": TO, "say": " \n\t"}, "say"),
        ({"to": TO, "say": "x" * 4097}, "say"),
        ({"to": TO, "say": "x" * 50_000}, "say"),
        ({"to": TO, "say": "&" * 1000}, "say"),
        ({"to": TO, "say": "bell \x07"}, "say"),
        ({"to": TO, "say": "\x00"}, "say"),
        ({"to": TO, "say": "\ufffe"}, "say"),
        ({"to": TO, "say": "\ud800"}, "say"),
        ({"to": TO, "say": "hi", "voice": '"><Hangup/>'}, "voice"),
        ({"to": TO, "say": "hi", "language": "en GB"}, "language"),
        ({"to": TO, "voice": "alice"}, "voice"),
        ({"to": TO, "say": "hi", "url": "https://example.com"}, "url"),
        ({"to": TO, "twiml": "Hello"}, "twiml"),
        ({"to": TO, "twiml": "<Response>"}, "twiml"),
        ({"to": TO, "twiml": "<Reponse/>"}, "twiml"),
        ({"to": TO, "twiml": "<Response/><Response/>"}, "twiml"),
        ({"to": TO, "twiml": "<Response><Say>" + "x" * 4000 + "</Say></Response>"}, "twiml"),
        ({"to": TO, "twiml": '<!DOCTYPE r [<!ENTITY a "b">]><Response><Say>&a;</Say></Response>'}, "twiml"),
        ({"to": TO, "twiml": '<!DOCTYPE r SYSTEM "file:///etc/passwd"><Response/>'}, "twiml"),
        ({"to": TO, "twiml": "<Response>&undefined;</Response>"}, "twiml"),
        ({"to": TO, "twiml": "<Response>\x00</Response>"}, "twiml"),
        ({"to": TO, "twiml": "<Response>\udfff</Response>"}, "twiml"),
        ({"to": TO, "url": "example.com/twiml"}, "url"),
        ({"to": TO, "url": "ftp://example.com/"}, "url"),
        ({"to": TO, "url": "https://"}, "url"),
        ({"to": TO, "url": "https://[::1"}, "url"),
        ({"to": TO, "url": "https://example.com/a b"}, "url"),
        ({"to": TO, "url": "javascript:alert(1)"}, "url"),
        ({"to": TO, "timeout": 0}, "timeout"),
        ({"to": TO, "timeout": 601}, "timeout"),
        ({"to": TO, "timeout": 1.5}, "timeout"),
        ({"to": TO, "timeout": "30"}, "timeout"),
        ({"to": TO, "time_limit": 0}, "time_limit"),
        ({"to": TO, "time_limit": 86_401}, "time_limit"),
        ({"to": TO, "send_digits": ""}, "send_digits"),
        ({"to": TO, "send_digits": "1,2"}, "send_digits"),
        ({"to": TO, "send_digits": "1" * 33}, "send_digits"),
        ({"to": TO, "record": "yes"}, "record"),
        ({"to": TO, "machine_detection": "enable"}, "machine_detection"),
        ({"to": TO, "To": TO}, "To"),
        ({"to": TO, "colour": "red"}, "colour"),
        ({"to": TO, "\ud800": "red"}, "\ud800"),
        ({"to": TO, "script": []}, "script"),
        ({"to": TO, "script": [{"verb": "Say", "text": "&" * 4000}] * 8}, "script"),
    ],
)
def test_a_wrong_field_is_an_error_and_no_call_is_placed(
    app: App, fake_twilio: FakeTwilio, body: dict[str, Any], field: str
) -> None:
    """It is the only error."""
    assert list(errors_of(app.post("make_call", body))) == [field]
    assert fake_twilio.requests == []


def test_all_errors_of_a_request_are_in_one_answer(app: App) -> None:
    """They can be fixed together."""
    body = {"to": "x", "say": "", "twiml": "<a/>", "timeout": 0, "record": 1, "colour": "red", "size": 3}

    assert set(errors_of(app.post("make_call", body))) == {
        "to",
        "say",
        "twiml",
        "timeout",
        "record",
        "colour",
        "size",
    }


@pytest.mark.parametrize(
    "body", [b"", b"  ", b"{", b"[]", b'"to"', b"null", b"\xff\xfe", b"[" * 100_000, b'{"to": NaN']
)
def test_a_body_that_is_no_json_object_is_a_400(app: App, body: bytes) -> None:
    """The place of the error is the whole body, `$`."""
    answer = app.post("make_call", data=body, headers={"content-type": "application/json"})

    assert list(errors_of(answer)) == ["$"]


def test_a_form_field_given_twice_is_an_error(app: App) -> None:
    """Either value could be the intended one."""
    answer = app.post("make_call", data=[("to", TO), ("to", "+15557654321")])

    assert list(errors_of(answer)) == ["to"]


def test_without_a_number_to_call_from_the_error_names_the_setting(start_app: StartApp) -> None:
    """The setting is not needed if the request has a number."""
    app = start_app(TWILIO_FROM_NUMBER="")

    problem = assert_problem(app.post("make_call", {"to": TO}), 503, "not_configured")
    assert [setting["name"] for setting in problem["settings"]] == ["TWILIO_FROM_NUMBER"]
    assert app.post("make_call", {"to": TO, "from": "+15005550006"}).status_code == 201


def test_only_allowed_countries_are_called(start_app: StartApp, fake_twilio: FakeTwilio) -> None:
    """The most effective measure against toll fraud."""
    app = start_app(ALLOWED_COUNTRIES="US, GB")

    assert app.post("make_call", {"to": "+12025550123"}).status_code == 201
    assert app.post("make_call", {"to": "+442079460018"}).status_code == 201
    for elsewhere in ("+4930123456", "+18765551234", "+88213000000"):
        assert_problem(app.post("make_call", {"to": elsewhere}), 403, "country_not_allowed")
    assert len(creates(fake_twilio)) == 2


def test_with_allowed_countries_a_number_of_an_unknown_country_is_an_error(american_app: App) -> None:
    """It may be of a country that is not allowed."""
    problem = assert_problem(american_app.post("make_call", {"to": TO}), 403, "country_not_allowed")
    assert problem["detail"] == "The number's country is unknown, and ALLOWED_COUNTRIES is set."


@pytest.mark.parametrize("to", ["5551234", "+15551234", "1 555 1234"])
def test_a_number_without_an_area_code_is_an_error(app: App, fake_twilio: FakeTwilio, to: str) -> None:
    """It can only be dialled within one town."""
    problem = assert_problem(app.post("make_call", {"to": to}), 400, "invalid_request")
    assert "is not a possible phone number" in problem["detail"]
    assert fake_twilio.requests == []


@pytest.mark.parametrize(
    ("to", "from_", "status", "twilio_code"),
    [
        ("+15005550001", "+15005550006", 400, 21217),
        ("+15005550002", "+15005550006", 422, 21214),
        ("+15005550003", "+15005550006", 403, 21215),
        ("+15005550004", "+15005550006", 422, 21216),
        (TO, "+15005550001", 422, 21212),
        (TO, "+15557770000", 422, 21210),
    ],
)
def test_an_error_of_twilio_has_twilios_code(
    app: App, fake_twilio: FakeTwilio, to: str, from_: str, status: int, twilio_code: int
) -> None:
    """Twilio's magic numbers cause these: https://www.twilio.com/docs/iam/test-credentials ."""
    problem = assert_problem(app.post("make_call", {"to": to, "from": from_}), status, "twilio_refused")

    assert problem["twilio"]["code"] == twilio_code
    assert problem["twilio"]["message"]
    assert problem["twilio"]["more_info"] == f"https://www.twilio.com/docs/errors/{twilio_code}"


@pytest.mark.parametrize("end", ["busy", "no-answer", "failed"])
def test_a_call_that_is_not_answered_has_its_status_in_the_log(app: App, fake_twilio: FakeTwilio, end: str) -> None:
    """The callee declines, does not answer, or cannot be reached."""
    phone = fake_twilio.phone(TO)
    if end == "failed":
        phone.disconnect()
    sid = app.post("make_call", {"to": TO}).json()["sid"]
    if end == "busy":
        phone.wait_for_call().decline()
    elif end == "no-answer":
        phone.wait_for_call().ring_out()

    assert app.wait_for_activity(sid, end)["final"] is True


def test_a_detection_that_the_call_does_not_wait_for_is_an_event(app: App, fake_twilio: FakeTwilio) -> None:
    """The callee hears the text at once; the summary says who has answered."""
    assert list(errors_of(app.post("make_call", {"to": TO, "async_detection": True}))) == ["async_detection"]

    sid = app.post("make_call", {"to": TO, "machine_detection": "Enable", "async_detection": True}).json()["sid"]
    fake_twilio.phone(TO).wait_for_call().answer()
    fake_twilio.wait_until_quiet()

    found = app.wait_for_activity(sid, "completed")
    assert found["answered_by"] == "human"
    assert "answered by human" in [event.get("what") for event in found["events"]]

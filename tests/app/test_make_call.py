"""POST /api/make_call."""

from __future__ import annotations

from typing import Any

import pytest

from fake_twilio.testing import FakeTwilio
from tests.support.app import App, StartApp, assert_problem, errors_of

TO = "+15551234567"


def asked(fake_twilio: FakeTwilio) -> dict[str, list[str]]:
    """Return what Twilio was asked in the one create it got."""
    [request] = [request for request in fake_twilio.requests if request.method == "POST"]
    form: dict[str, list[str]] = {}
    for name, value in request.form:
        form.setdefault(name, []).append(value)
    return form


def test_a_call_rings_is_answered_is_heard_and_is_logged_to_its_end(app: App, fake_twilio: FakeTwilio) -> None:
    """The whole story that the project is for."""
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


def test_without_anything_to_say_the_call_says_hello(app: App, fake_twilio: FakeTwilio) -> None:
    """The shortest request that works."""
    app.post("make_call", {"to": TO})
    call = fake_twilio.phone(TO).wait_for_call()
    call.answer()

    call.wait_until_heard("Hello World")


def test_a_form_does_as_well_as_json(app: App, fake_twilio: FakeTwilio) -> None:
    """`curl -d to=+1555… -d timeout=20`: the plus arrives as a space, the number as text."""
    body = "to=+442079460018&say=Hi&timeout=20&record=true"
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    answer = app.post("make_call", data=body, headers=headers)

    assert answer.status_code == 201
    form = asked(fake_twilio)
    assert (form["To"], form["Timeout"], form["Record"]) == (["+442079460018"], ["20"], ["true"])


@pytest.mark.parametrize("to", [" 5551234567", " (555) 123-4567 "])
def test_a_space_before_a_number_is_a_space(app: App, fake_twilio: FakeTwilio, to: str) -> None:
    """In JSON nobody loses a plus, so it does not become another country's number."""
    assert app.post("make_call", {"to": to}).json()["to"] == TO


def test_every_field_reaches_twilio_under_its_name(app: App, fake_twilio: FakeTwilio) -> None:
    """And Twilio's own checks find nothing wrong with any."""
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
    form = asked(fake_twilio)
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


def test_a_url_is_fetched_and_nothing_goes_inline(app: App, fake_twilio: FakeTwilio) -> None:
    """Twilio fetches our own hello, signed, and says it."""
    app.post("make_call", {"to": TO, "url": f"{app.url}/api/twiml_hello"})
    call = fake_twilio.phone(TO).wait_for_call()
    call.answer()

    call.wait_until_heard("Hello World")
    assert "Twiml" not in asked(fake_twilio)


def test_twiml_of_ones_own_goes_out_as_it_is(app: App, fake_twilio: FakeTwilio) -> None:
    """Byte for byte."""
    document = "<Response><Say>One</Say><Pause length='1'/><Say>Two ü</Say></Response>"
    app.post("make_call", {"to": TO, "twiml": document})

    assert asked(fake_twilio)["Twiml"] == [document]


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
        ("sip:alice@example.com", "sip:alice@example.com"),
    ],
)
def test_a_number_may_be_written_as_people_write_it(app: App, fake_twilio: FakeTwilio, given: str, sent: str) -> None:
    """Twilio gets E.164, or a client or SIP address as it is."""
    answer = app.post("make_call", {"to": given})

    assert answer.status_code == 201, answer.text
    assert answer.json()["to"] == sent
    assert asked(fake_twilio)["To"] == [sent]


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
        ({"to": "sip:nowhere"}, "to"),
        ({"to": TO, "from": "nobody"}, "from"),
        ({"to": TO, "say": ""}, "say"),
        ({"to": TO, "say": " \n\t"}, "say"),
        ({"to": TO, "say": "x" * 4097}, "say"),
        ({"to": TO, "say": "x" * 100_000}, "say"),
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
        ({"to": TO, "script": [{"verb": "Say", "text": "x" * 4000}] * 20}, "script"),
    ],
)
def test_a_wrong_field_is_named_and_twilio_is_not_asked(
    app: App, fake_twilio: FakeTwilio, body: dict[str, Any], field: str
) -> None:
    """One fault, one field, and nothing happens."""
    assert list(errors_of(app.post("make_call", body))) == [field]
    assert fake_twilio.requests == []


def test_all_faults_of_a_request_are_reported_in_one_answer(app: App) -> None:
    """So that one look mends all of it."""
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
def test_a_body_that_is_no_json_object_is_a_fault_of_the_body(app: App, body: bytes) -> None:
    """Not a 500, whatever the bytes are."""
    answer = app.post("make_call", data=body, headers={"content-type": "application/json"})

    assert list(errors_of(answer)) == ["$"]


def test_a_form_field_given_twice_is_refused(app: App) -> None:
    """Which of the two was meant is not ours to guess."""
    answer = app.post("make_call", data=[("to", TO), ("to", "+15557654321")])

    assert list(errors_of(answer)) == ["to"]


def test_without_a_number_to_call_from_the_settings_are_named(start_app: StartApp) -> None:
    """The caller may name one; the setting need not be there."""
    app = start_app(TWILIO_FROM_NUMBER="")

    problem = assert_problem(app.post("make_call", {"to": TO}), 503, "not_configured")
    assert [setting["name"] for setting in problem["settings"]] == ["TWILIO_FROM_NUMBER"]
    assert app.post("make_call", {"to": TO, "from": "+15005550006"}).status_code == 201


def test_only_allowed_countries_are_called(start_app: StartApp, fake_twilio: FakeTwilio) -> None:
    """The strongest single measure against toll fraud."""
    app = start_app(ALLOWED_COUNTRIES="US, GB")

    assert app.post("make_call", {"to": "+12025550123"}).status_code == 201
    assert app.post("make_call", {"to": "+442079460018"}).status_code == 201
    for elsewhere in ("+4930123456", "+18765551234", "+88213000000"):
        assert_problem(app.post("make_call", {"to": elsewhere}), 403, "country_not_allowed")
    assert len([request for request in fake_twilio.requests if request.method == "POST"]) == 2


def test_a_number_of_no_known_country_is_refused_where_countries_are_listed(start_app: StartApp) -> None:
    """Nobody can tell whether it may be called; without a list it may."""
    answer = start_app(ALLOWED_COUNTRIES="US").post("make_call", {"to": "+15551234567"})
    problem = assert_problem(answer, 403, "country_not_allowed")
    assert problem["detail"] == "The number's country is unknown, and ALLOWED_COUNTRIES is set."


@pytest.mark.parametrize("to", ["5551234", "+15551234", "1 555 1234"])
def test_what_is_dialled_within_a_town_only_is_no_number(app: App, fake_twilio: FakeTwilio, to: str) -> None:
    """Without an area code it would be somebody else's number, or nobody's."""
    problem = assert_problem(app.post("make_call", {"to": to}), 400, "invalid_request")
    assert "is not a possible phone number" in problem["detail"]
    assert fake_twilio.requests == []


def test_twiml_dials_only_allowed_countries_too(start_app: StartApp, fake_twilio: FakeTwilio) -> None:
    """What cannot be read as a script cannot be checked, so it is refused where countries are."""
    app = start_app(ALLOWED_COUNTRIES="US")
    document = "<Response><Dial>{}</Dial></Response>"

    assert app.post("make_call", {"to": "+12025550123", "twiml": document.format("+12025550124")}).status_code == 201
    for twiml in (document.format("+442079460018"), "<Response><Pay/></Response>"):
        faults = errors_of(app.post("make_call", {"to": "+12025550123", "twiml": twiml}))
        assert all(place.startswith("twiml[0]") for place in faults)


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
def test_what_twilio_refuses_keeps_twilios_code(
    app: App, fake_twilio: FakeTwilio, to: str, from_: str, status: int, twilio_code: int
) -> None:
    """Twilio's magic numbers: https://www.twilio.com/docs/iam/test-credentials"""
    problem = assert_problem(app.post("make_call", {"to": to, "from": from_}), status, "twilio_refused")

    assert problem["twilio"]["code"] == twilio_code
    assert problem["twilio"]["message"]
    assert problem["twilio"]["more_info"] == f"https://www.twilio.com/docs/errors/{twilio_code}"


@pytest.mark.parametrize("end", ["busy", "no-answer", "failed"])
def test_a_call_that_nobody_takes_ends_as_what_it_was(app: App, fake_twilio: FakeTwilio, end: str) -> None:
    """Declined, rung out, or nobody there."""
    phone = fake_twilio.phone(TO)
    if end == "failed":
        phone.disconnect()
    sid = app.post("make_call", {"to": TO}).json()["sid"]
    if end == "busy":
        phone.wait_for_call().decline()
    elif end == "no-answer":
        phone.wait_for_call().ring_out()

    assert app.wait_for_activity(sid, end)["final"] is True


def test_a_script_goes_with_the_call(app: App, fake_twilio: FakeTwilio) -> None:
    """As TwiML, with our own addresses absolute, since such a document has none of its own."""
    script = [{"verb": "Say", "text": "Hello"}, {"verb": "Redirect", "url": "/api/twiml_hello"}]
    assert app.post("make_call", {"to": TO, "script": script}).status_code == 201

    assert asked(fake_twilio)["Twiml"] == [
        '<?xml version="1.0" encoding="UTF-8"?><Response><Say>Hello</Say>'
        f"<Redirect>{app.url}/api/twiml_hello</Redirect></Response>"
    ]


@pytest.mark.parametrize(
    "script", [[{"verb": "Say", "text": "x" * 4000}], [{"verb": "Say", "text": "Hello {{To}}"}]], ids=["long", "filled"]
)
def test_a_script_that_cannot_go_with_the_call_is_fetched_from_us(
    app: App, fake_twilio: FakeTwilio, script: list[Any]
) -> None:
    """Too long for Twilio, or with something in it that only the call can tell."""
    assert app.post("make_call", {"to": TO, "script": script}).status_code == 201
    call = fake_twilio.phone(TO).wait_for_call()
    call.answer()

    call.wait_until_heard("xxx" if len(script[0]["text"]) > 100 else f"Hello {TO}")
    [url] = asked(fake_twilio)["Url"]
    assert url.startswith(f"{app.url}/api/twiml/sent_")


@pytest.mark.parametrize("text", ["&" * 3000, "&" * 2990 + "{{From}}"], ids=["whole", "filled"])
def test_a_script_that_is_too_long_as_twiml_is_refused(app: App, fake_twilio: FakeTwilio, text: str) -> None:
    """Twilio reads 64 kB, and whoever answered would hear an apology; XML's escapes are longer than JSON's."""
    script = [{"verb": "Say", "text": text}] * 5

    assert "bytes long as TwiML" in errors_of(app.post("make_call", {"to": TO, "script": script}))["script"]
    assert fake_twilio.requests == []
    assert app.post("make_call", {"to": TO, "script": script[1:]}).status_code == 201


def test_a_script_that_is_too_long_as_json_is_refused(app: App, fake_twilio: FakeTwilio) -> None:
    """No property of a table could hold it, though Twilio would read its TwiML."""
    dial = {"verb": "Dial", "nouns": [{"noun": "Client", "identity": "b"}] * 5}

    assert "bytes long as JSON" in errors_of(app.post("make_call", {"to": TO, "script": [dial] * 480}))["script"]
    assert fake_twilio.requests == []


def test_a_scripts_faults_come_with_those_of_the_request(app: App) -> None:
    """Each with its place."""
    body = {"to": "x", "script": [{"verb": "Say"}, {"verb": "Sya"}]}

    assert set(errors_of(app.post("make_call", body))) == {"to", "script[1].verb"}

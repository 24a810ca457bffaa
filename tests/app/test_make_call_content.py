"""POST /api/make_call: what the callee hears: `say`, `twiml`, `script` or `url`."""

from __future__ import annotations

from typing import Any

import pytest

from fake_twilio.testing import FakeTwilio
from tests.support.app import App, errors_of
from tests.support.creates import only_create

TO = "+15551234567"


def test_without_any_content_the_call_says_hello(app: App, fake_twilio: FakeTwilio) -> None:
    """The shortest valid request."""
    app.post("make_call", {"to": TO})
    call = fake_twilio.phone(TO).wait_for_call()
    call.answer()

    call.wait_until_heard("Hello World")


def test_a_url_is_passed_to_twilio(app: App, fake_twilio: FakeTwilio) -> None:
    """Twilio fetches the app's own hello, with a signature."""
    app.post("make_call", {"to": TO, "url": f"{app.url}/api/twiml_hello"})
    call = fake_twilio.phone(TO).wait_for_call()
    call.answer()

    call.wait_until_heard("Hello World")
    assert "Twiml" not in only_create(fake_twilio)


def test_twiml_is_passed_to_twilio_unchanged(app: App, fake_twilio: FakeTwilio) -> None:
    """Byte for byte."""
    document = "<Response><Say>One</Say><Pause length='1'/><Say>Two ü</Say></Response>"
    app.post("make_call", {"to": TO, "twiml": document})

    assert only_create(fake_twilio)["Twiml"] == [document]


def test_twiml_dials_only_allowed_countries_too(american_app: App, fake_twilio: FakeTwilio) -> None:
    """A document that cannot be read as a script cannot be checked, so it is an error."""
    call, document = {"to": "+12025550123"}, "<Response><Dial>{}</Dial></Response>"

    assert american_app.post("make_call", {**call, "twiml": document.format("+12025550124")}).status_code == 201
    for twiml in (document.format("+442079460018"), "<Response><Pay/></Response>"):
        errors = errors_of(american_app.post("make_call", {**call, "twiml": twiml}))
        assert all(place.startswith("twiml[0]") for place in errors)


@pytest.mark.parametrize(
    ("within", "place"),
    [
        ("<Redirect>next</Redirect>", "[0].url"),
        ("<Redirect/>", "[0].url"),
        ("<Gather/>", "[0].action"),
        ("<Record/>", "[0].action"),
        ("<Gather action='next'><Play>a.mp3</Play></Gather>", "[0].verbs[0].url"),
    ],
)
def test_twiml_without_an_address_contains_nothing_relative(american_app: App, within: str, place: str) -> None:
    """If it is read as a script, the reason is given before Twilio fails in the middle of the call."""
    body = {"to": "+12025550123", "twiml": f"<Response>{within}</Response>"}

    assert "TwiML sent with a call" in errors_of(american_app.post("make_call", body))[f"twiml{place}"]


def test_a_script_is_sent_with_the_call_as_twiml(app: App, fake_twilio: FakeTwilio) -> None:
    """Its paths become URLs, because TwiML sent with a call has no base URL."""
    script = [{"verb": "Say", "text": "Hello"}, {"verb": "Redirect", "url": "/api/twiml_hello"}]
    assert app.post("make_call", {"to": TO, "script": script}).status_code == 201

    assert only_create(fake_twilio)["Twiml"] == [
        '<?xml version="1.0" encoding="UTF-8"?><Response><Say>Hello</Say>'
        f"<Redirect>{app.url}/api/twiml_hello</Redirect></Response>"
    ]


@pytest.mark.parametrize(
    "script",
    [
        [{"verb": "Say", "text": "x" * 4000}],
        [{"verb": "Say", "text": "Hello {{To}}"}],
        [{"verb": "Say", "text": "xxx"}, {"verb": "Gather"}],
        [{"verb": "Say", "text": "xxx"}, {"verb": "Record"}],
        [{"verb": "Say", "text": "xxx"}, {"verb": "Redirect", "url": "next"}],
    ],
    ids=["long", "filled", "gather", "record", "relative"],
)
def test_a_script_that_cannot_be_sent_with_the_call_is_fetched(
    app: App, fake_twilio: FakeTwilio, script: list[Any]
) -> None:
    """It is too long, has a placeholder, or something in it needs an address of the document."""
    assert app.post("make_call", {"to": TO, "script": script}).status_code == 201
    call = fake_twilio.phone(TO).wait_for_call()
    call.answer()

    call.wait_until_heard(script[0]["text"][:3].replace("Hel", f"Hello {TO}"))
    [url] = only_create(fake_twilio)["Url"]
    assert url.startswith(f"{app.url}/api/twiml/sent_")


@pytest.mark.parametrize("text", ["&" * 3000, "&" * 2990 + "{{From}}"], ids=["whole", "filled"])
def test_a_script_that_is_too_long_as_twiml_is_an_error(app: App, fake_twilio: FakeTwilio, text: str) -> None:
    """Twilio accepts 64 kB, and XML's escapes are longer than JSON's."""
    script = [{"verb": "Say", "text": text}] * 5

    assert "bytes long as TwiML" in errors_of(app.post("make_call", {"to": TO, "script": script}))["script"]
    assert fake_twilio.requests == []
    assert app.post("make_call", {"to": TO, "script": script[1:]}).status_code == 201


def test_a_request_that_is_too_long_is_an_error(app: App, fake_twilio: FakeTwilio) -> None:
    """It is not even parsed."""
    dial = {"verb": "Dial", "nouns": [{"noun": "Client", "identity": "b"}] * 5}

    assert "at most 65,536" in errors_of(app.post("make_call", {"to": TO, "script": [dial] * 480}))["$"]
    assert fake_twilio.requests == []


def test_a_scripts_errors_are_among_those_of_the_request(app: App) -> None:
    """Each with its place."""
    body = {"to": "x", "script": [{"verb": "Say"}, {"verb": "Sya"}]}

    assert set(errors_of(app.post("make_call", body))) == {"to", "script[1].verb"}

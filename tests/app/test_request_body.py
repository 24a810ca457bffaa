"""What a request's body may be: its media type, its encoding and its length."""

from __future__ import annotations

import json

import pytest

from fake_twilio.testing import FakeTwilio
from tests.support.app import App, errors_of
from tests.support.creates import creates, only_create

TO = "+15551234567"
FORM = "application/x-www-form-urlencoded"
OBJECT = json.dumps({"to": TO, "body": "Hi"})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", OBJECT),
        ("Application/JSON; Charset=UTF-8", OBJECT),
        ("application/vnd.api+json", OBJECT),
        (None, OBJECT),
        ("text/plain", OBJECT),
        (FORM, OBJECT),
        (FORM, f"\n {OBJECT}"),
        (FORM, "to=%2B15551234567&body=Hi"),
        ("Application/X-WWW-Form-URLEncoded", "to=%2B15551234567&body=Hi"),
        (FORM.upper() + "; charset=utf-8", "to=%2B15551234567&body=Hi"),
    ],
)
def test_a_body_that_can_be_only_one_thing_is_accepted(
    app: App, fake_twilio: FakeTwilio, kind: str | None, body: str
) -> None:
    """`curl -d` sends JSON as a form if it is not told otherwise."""
    answer = app.request("POST", "send_sms", data=body.encode(), headers={"content-type": kind} if kind else {})

    assert answer.status_code == 201, answer.text
    assert (only_create(fake_twilio)["To"], only_create(fake_twilio)["Body"]) == ([TO], ["Hi"])


@pytest.mark.parametrize(
    ("kind", "body", "named"),
    [
        ("multipart/form-data; boundary=x", "--x\r\n\r\n--x--", "multipart/form-data"),
        ("text/xml", "<to/>", "text/xml"),
        ("Application/XML", "<to/>", "application/xml"),
        ("text/plain", "to=1", "text/plain"),
        (None, "to=1", "missing"),
        ("application/pdf", OBJECT, "application/pdf"),
    ],
)
def test_another_body_is_an_error_that_names_the_content_type(
    app: App, kind: str | None, body: str, named: str
) -> None:
    """And the accepted ones."""
    answer = app.request("POST", "send_sms", data=body.encode(), headers={"content-type": kind} if kind else {})
    detail = errors_of(answer)["$"]

    assert named in detail
    assert "Content-Type" in detail
    assert FORM in detail


@pytest.mark.parametrize("kind", [None, FORM, "text/xml", "Text/XML; charset=utf-8", "text/plain"])
def test_a_document_is_stored_whatever_its_type(app: App, kind: str | None) -> None:
    """No JSON begins like XML."""
    document = b"\n<Response><Say>hi</Say></Response>"
    answer = app.request("PUT", "scripts/x?dry_run=1", data=document, headers={"content-type": kind} if kind else {})

    assert answer.json()["script"][0]["text"] == "hi"


@pytest.mark.parametrize("body", [b"to=%2B15551234567&body=caf%E9", b"to=%2B15551234567&body=caf\xe9", b"to=1&b%E9=1"])
def test_a_form_that_is_not_utf_8_is_an_error(app: App, fake_twilio: FakeTwilio, body: bytes) -> None:
    """It would be sent with other characters."""
    answer = app.request("POST", "send_sms", data=body, headers={"content-type": FORM})

    assert list(errors_of(answer).values()) == ["is not UTF-8"]
    assert creates(fake_twilio) == []


def test_a_script_in_a_form_is_json(app: App, fake_twilio: FakeTwilio) -> None:
    """Like the script in a JSON body."""
    script = json.dumps([{"verb": "Say", "text": "Hello there"}])

    assert app.post("make_call", data={"to": TO, "script": script}).status_code == 201
    assert "Hello there" in only_create(fake_twilio)["Twiml"][0]
    assert "is not JSON" in errors_of(app.post("make_call", data={"to": TO, "script": "[{"}))["script"]
    assert list(errors_of(app.post("make_call", data={"to": TO, "script": '{"a": 1}'}))) == ["script"]


@pytest.mark.parametrize("as_form", [True, False])
@pytest.mark.parametrize("field", ["say", "twiml", "script", "url"])
def test_blank_content_of_a_call_is_not_the_same_as_none(
    app: App, fake_twilio: FakeTwilio, field: str, as_form: bool
) -> None:
    """Otherwise the callee would hear the default text."""
    body = {"to": TO, field: ""}

    assert list(errors_of(app.post("make_call", **{"data" if as_form else "body": body}))) == [field]
    assert creates(fake_twilio) == []


@pytest.mark.parametrize("as_form", [True, False])
@pytest.mark.parametrize("field", ["body", "media_url"])
def test_blank_content_of_a_message_is_not_the_same_as_none(
    app: App, fake_twilio: FakeTwilio, field: str, as_form: bool
) -> None:
    """Although the other one is given."""
    body: dict[str, object] = {"to": TO, "body": "Hi", "media_url": "https://example.com/a.png", field: ""}
    if not as_form and field == "body":
        body["media_url"] = ["https://example.com/a.png"]

    errors = errors_of(app.post("send_sms", **{"data" if as_form else "body": body}))
    assert {name.partition("[")[0] for name in errors} == {field}
    assert creates(fake_twilio) == []


@pytest.mark.parametrize("size", [64 * 1024 + 1, 6_000_000])
@pytest.mark.parametrize("route", ["send_sms", "make_call", "scripts/x"])
def test_a_long_body_is_an_error_before_it_is_parsed(app: App, route: str, size: int) -> None:
    """Whatever it contains."""
    answer = app.request("PUT" if route == "scripts/x" else "POST", route, data=b"x" * size)

    assert "bytes long" in errors_of(answer)["$"]


def test_at_most_fifty_errors_are_reported(app: App) -> None:
    """With their number."""
    answer = app.post("send_sms", {"to": TO, "body": "Hi", **{f"x{number}": 1 for number in range(4000)}})

    assert len(errors_of(answer)) == 50
    assert "4,000" in answer.json()["detail"]
    assert len(answer.content) < 20_000

"""What is accepted as a number, and which numbers and addresses may be called."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from shared import phone_numbers
from shared.errors import CountryNotAllowed
from tests.support.app import App, StartApp, assert_problem, errors_of

Change = Callable[..., None]
NUMBER = "+14155550155"


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        "415-555-0155",
        "(415) 555 0155",
        "1 415.555.0155",
        "+1 [415] 555/0155",
        "tel:+1-415-555-0155",
        "TEL:4155550155",
        "  415 555 0155 ",
        "\u202a+1 415 555 0155\u202c",
        "\u200e+14155550155",
        "+1\u00a0415\u2011555\u20110155",
        "".join(chr(ord(character) + 0xFEE0) for character in NUMBER),
    ],
)
@pytest.mark.usefixtures("example_settings")
def test_a_number_in_any_usual_form_is_accepted(text: str) -> None:
    """Separators, brackets, `tel:`, full-width digits and invisible marks of direction do not matter."""
    assert phone_numbers.number(text) == NUMBER


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("whatsapp:+14155550155", "channel whatsapp"),
        ("rcs:+14155550155", "channel rcs"),
        ("messenger:4155550155", "channel messenger"),
        ("order 4155550155", "expected a phone number"),
        ("4155550155 please", "expected a phone number"),
        ("https://example.com/4155550155", "https"),
        ("1-800-FLOWERS", "expected a phone number"),
        ("+1415555<0155>", "expected a phone number"),
        ("4155550155,4155550156", "expected a phone number"),
        ("+14155550100 x123", "send_digits"),
        ("415 555 0100 ext. 12", "send_digits"),
        ("tel:+14155550100;ext=5", "send_digits"),
        ("+1" + " " * 100 + "4155550155", "expected a phone number"),
        ("12", "not a possible"),
        ("", "expected a phone number"),
        ("alice@example.com", "expected a phone number"),
    ],
)
@pytest.mark.usefixtures("example_settings")
def test_text_that_only_contains_a_number_is_rejected_with_the_reason(text: str, reason: str) -> None:
    """A number is not dug out of other text."""
    with pytest.raises(ValueError, match=reason):
        phone_numbers.number(text)


@given(before=st.text(max_size=3), after=st.text(max_size=3))
def test_what_is_added_to_a_number_changes_it_or_is_a_separator(before: str, after: str) -> None:
    """Letters and symbols around a number are never ignored."""
    text = before + NUMBER + after
    try:
        read = phone_numbers.number(text)
    except ValueError:
        return
    plain = phone_numbers.without_marks(text)
    assert "".join(filter(str.isdigit, plain)) == "".join(filter(str.isdigit, read))
    assert not any(character.isalpha() for character in plain)


def test_a_sender_of_more_than_eleven_characters_is_told_so(app: App) -> None:
    """And one of eleven is accepted."""
    body = {"to": "+447911123456", "body": "x"}

    assert "at most 11" in errors_of(app.post("send_sms", {**body, "from": "Zeus The Mighty"}))["from"]
    assert app.post("send_sms", {**body, "from": "Twelve Apes"}).status_code == 201


@pytest.mark.parametrize("number", ["+19005551234", "+15002345678", "+449098790000", "+447012345678", "+491805123456"])
def test_costly_numbers_need_a_setting(example_settings: Change, number: str) -> None:
    """Premium-rate, personal and shared-cost numbers, whatever the countries."""
    with pytest.raises(CountryNotAllowed, match="ALLOW_PREMIUM_NUMBERS"):
        phone_numbers.call_recipient(number)

    example_settings(ALLOW_PREMIUM_NUMBERS="true")

    assert phone_numbers.call_recipient(number) == number


@pytest.mark.parametrize("number", ["+15005550001", "+18005551234", "+14155550199", "+442079460958"])
@pytest.mark.usefixtures("example_settings")
def test_ordinary_free_and_test_numbers_need_none(number: str) -> None:
    """Twilio's test numbers are in the range of personal numbers."""
    assert phone_numbers.call_recipient(number) == number


@pytest.fixture(scope="module")
def american(start_app: StartApp) -> App:
    """An app that may call the United States, and one SIP host."""
    return start_app(ALLOWED_COUNTRIES="US", ALLOWED_SIP_HOSTS="pbx.example.com")


def call(app: App, **fields: object) -> requests.Response:
    """Place a call to an American number, unless the fields say otherwise."""
    return app.post("make_call", {"to": "+14155550199", **fields})


@pytest.mark.parametrize(
    "dial",
    [
        "<Dial>+18765551234</Dial>",
        "<Dial>+1876{{a}}5551234</Dial>",
        "<Dial>{{To}}</Dial>",
        "<Dial><Number>+44 20 7946 0958</Number></Dial>",
        "<Dial>+19005551234</Dial>",
        "<Dial><Sip>sip:+18765551234@evil.example</Sip></Dial>",
        "<Dial><Sip>1876@evil.example;transport=tls</Sip></Dial>",
        '<Sms to="+18765551234">x</Sms>',
    ],
)
def test_a_calls_twiml_cannot_call_elsewhere(american: App, dial: str) -> None:
    """Numbers of other countries, costly ones, unknown ones, and SIP hosts that are not allowed."""
    errors_of(call(american, twiml=f"<Response>{dial}</Response>"))


@pytest.mark.parametrize(
    "dial",
    ["<Dial>415-555-0155</Dial>", "<Dial><Sip>sip:bob@pbx.example.com</Sip></Dial>", "<Dial><Client>a</Client></Dial>"],
)
def test_a_calls_twiml_can_call_what_is_allowed(american: App, dial: str) -> None:
    """In any usual form."""
    assert call(american, twiml=f"<Response>{dial}</Response>").status_code == 201


def test_a_call_to_a_sip_host_needs_it_to_be_allowed(american: App, app: App) -> None:
    """Where countries are limited, since a SIP host can pass a call on."""
    assert call(american, to="sip:bob@pbx.example.com").status_code == 201
    assert call(american, to="client:bob").status_code == 201
    assert_problem(call(american, to="sip:bob@evil.example"), 403, "country_not_allowed")
    assert call(app, to="sip:bob@evil.example").status_code == 201


def test_a_costly_number_in_twiml_is_rejected_where_all_countries_are_allowed(app: App) -> None:
    """Other text in a document is left to Twilio."""
    assert "premium" in errors_of(call(app, twiml="<Response><Dial>+1 900 555 1234</Dial></Response>"))["twiml"]
    assert call(app, twiml="<Response><Dial>+1 415 555 0155</Dial></Response>").status_code == 201

"""POST /api/access_token: who gets which token, read without the library that made it."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from access_token import TokenRequest, check_possible
from fake_twilio.testing import FakeTwilio
from shared.browser_calls import PERMISSION
from shared.errors import NotConfigured
from shared.settings import settings
from tests.support.app import SETTINGS, App, assert_problem, errors_of

OTHERS = {"X-MS-CLIENT-PRINCIPAL-NAME": "mallory", "X-MS-CLIENT-PRINCIPAL-ID": "mallory"}


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the claims of a token, as the JWT standard says, if the API key's secret signed it."""
    header, claims, signature = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
    signed = token.rpartition(".")[0].encode()
    assert hmac.digest(SETTINGS["TWILIO_API_SECRET"].encode(), signed, "sha256") == signature
    return json.loads(header), json.loads(claims)


def test_a_token_says_who_may_do_what_and_for_how_long(app: App, fake_twilio: FakeTwilio) -> None:
    """By default an hour, to call and to be called. No cache keeps it."""
    answer = app.post("access_token", {"identity": "alice_1"})
    body = answer.json()
    header, claims = read(body["token"])

    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    assert header == {"typ": "JWT", "alg": "HS256", "cty": "twilio-fpa;v=1"}
    assert (claims["iss"], claims["sub"]) == (SETTINGS["TWILIO_API_KEY"], SETTINGS["TWILIO_ACCOUNT_SID"])
    assert claims["nbf"] <= time.time() < claims["exp"] <= time.time() + 3600
    assert datetime.fromisoformat(body["expires"]).timestamp() == claims["exp"]
    assert (body["identity"], claims["grants"]["identity"]) == ("alice_1", "alice_1")
    voice = claims["grants"]["voice"]
    assert (voice["incoming"], voice["outgoing"]["application_sid"]) == (
        {"allow": True},
        SETTINGS["TWILIO_TWIML_APP_SID"],
    )
    assert list(voice["outgoing"]["params"]) == [PERMISSION]
    assert f"http://{body['signaling']}" == fake_twilio.url
    assert body["token"] not in app.log()


@pytest.mark.parametrize(("asked", "grants"), [("incoming", {"outgoing"}), ("outgoing", {"incoming"})])
def test_a_token_allows_only_what_is_asked_for(app: App, asked: str, grants: set[str]) -> None:
    """A form can ask for it too."""
    body = app.post("access_token", data={"identity": "a", "ttl": "60", asked: "false"}).json()
    _, claims = read(body["token"])

    assert set(claims["grants"]["voice"]) == grants
    assert claims["exp"] <= time.time() + 60


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"identity": "ann smith"}, "identity"),
        ({"identity": "a" * 122}, "identity"),
        ({"identity": "a\U0001f600"}, "identity"),
        ({"identity": "ann@example.com"}, "identity"),
        ({"identity": "\u00e4nn"}, "identity"),
        ({"identity": "\u0661"}, "identity"),
        ({"identity": "ann\n"}, "identity"),
        ({"identity": ""}, "identity"),
        ({}, "identity"),
        ({"identity": "a", "ttl": 59}, "ttl"),
        ({"identity": "a", "ttl": 3601}, "ttl"),
        ({"identity": "a", "incoming": False, "outgoing": False}, "outgoing"),
        ({"identity": "a", "outgoing": False, "to": ["client:b"]}, "to"),
        ({"identity": "a", "outgoing": False, "from": "+15005550006"}, "from"),
        ({"identity": "a", "from": "client:b"}, "from"),
        ({"identity": "a", "to": []}, "to"),
        ({"identity": "a", "to": ["client:b"] * 11}, "to"),
        ({"identity": "a", "to": ["sip:b@example.com"]}, "to"),
        ({"identity": "a", "to": ["client:b c"]}, "to"),
        ({"identity": "a", "to": ["script:A"]}, "to"),
    ],
)
def test_a_wrong_request_gets_the_rule(app: App, fields: dict[str, Any], wrong: str) -> None:
    """Spaces, emoji, 122 characters: the SDK could neither call nor be called."""
    errors = errors_of(app.post("access_token", fields, headers=OTHERS))

    assert list(errors) == [wrong]
    if fields.get("identity") not in (None, "", "a"):
        assert "expected 1 to 121 letters A-Z and a-z, digits and underscores" in errors["identity"]


def test_a_token_for_a_number_needs_its_country_to_be_listed(app: App, american_app: App) -> None:
    """Where no country is listed, browsers call no numbers."""
    at_home, abroad = ({"identity": "a", "to": [number]} for number in ("(202) 555-0123", "+442079460018"))

    assert american_app.post("access_token", at_home).status_code == 201
    assert_problem(american_app.post("access_token", abroad), 403, "country_not_allowed")
    assert_problem(app.post("access_token", at_home), 403, "country_not_allowed")


@pytest.mark.parametrize(
    ("missing", "asked"),
    [
        (["TWILIO_API_KEY", "TWILIO_API_SECRET"], TokenRequest("a", outgoing=False)),
        (["TWILIO_TWIML_APP_SID"], TokenRequest("a")),
        ([], TokenRequest("a")),
    ],
)
def test_a_missing_setting_is_named(
    example_settings: Callable[..., None], missing: list[str], asked: TokenRequest
) -> None:
    """The auth token cannot sign an access token. Only outgoing calls need the TwiML App."""
    example_settings(**dict.fromkeys(missing, ""))
    named: list[str] = []
    try:
        check_possible(asked, settings())
    except NotConfigured as error:
        named = list(error.problems)

    assert named == missing

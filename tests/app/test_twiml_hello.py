"""GET, POST /api/twiml_hello."""

from __future__ import annotations

import requests

from tests.support.app import SETTINGS, App, sign


def test_twilio_gets_hello_world_in_twiml(app: App) -> None:
    """Byte for byte what Twilio's own builder makes, under the type that Twilio reads."""
    answer = app.signed_post("twiml_hello", {"CallSid": "CA1", "Digits": ""})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response><Say>Hello World</Say></Response>'


def test_a_signed_get_does_as_well(app: App) -> None:
    """Twilio fetches with the method that it was given."""
    url = f"{app.url}/api/twiml_hello?CallSid=CA1"
    headers = {"X-Twilio-Signature": sign(url, {}, SETTINGS["TWILIO_AUTH_TOKEN"])}

    assert requests.get(url, headers=headers, timeout=30).status_code == 200


def test_nobody_else_gets_anything(app: App) -> None:
    """An unsigned request is refused, also on a laptop."""
    assert app.get("twiml_hello").status_code == 403

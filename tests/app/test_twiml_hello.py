"""GET, POST /api/twiml_hello."""

from __future__ import annotations

from tests.support.app import App


def test_twilio_gets_hello_world_in_twiml(app: App) -> None:
    """Byte for byte what Twilio's own builder writes, with a media type that Twilio accepts."""
    answer = app.signed_post("twiml_hello", {"CallSid": "CA1", "Digits": ""})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response><Say>Hello World</Say></Response>'


def test_twilio_may_use_get(app: App) -> None:
    """The method is set at Twilio."""
    assert app.signed_get("twiml_hello?CallSid=CA1").status_code == 200


def test_an_unsigned_request_is_a_403(app: App) -> None:
    """On a laptop too."""
    assert app.get("twiml_hello").status_code == 403

"""Fetch twimlets like Twilio, and read what they answer."""

from __future__ import annotations

from urllib.parse import urlencode
from xml.etree import ElementTree

from fake_twilio.twiml.check import check
from tests.support.app import App

CALL = {"CallSid": "CA1", "From": "+15551234567", "To": "+15005550006", "CallStatus": "in-progress"}


def fetch(app: App, name: str, parameters: dict[str, str], **fields: str) -> ElementTree.Element:
    """POST to a twimlet like Twilio: its parameters are in the URL, the call's fields in the form."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    answer = app.signed_post(f"twimlet/{name}{query}", {**CALL, **fields})
    assert answer.status_code == 200
    document = ElementTree.fromstring(answer.text)
    assert list(check(document, "voice")) == []
    return document


def follow(app: App, element: ElementTree.Element, address: str = "action", **fields: str) -> ElementTree.Element:
    """Fetch the URL in an attribute of an element, or in its text, with POST: a twimlet's URLs ask for it."""
    url = element.get(address) if address != "text" else element.text
    method = element.get({"waitUrl": "waitMethod"}.get(address, "method"))
    assert url is not None
    assert method == "POST"
    assert url.startswith(f"{app.url}/api/")
    answer = app.signed_post(url.removeprefix(f"{app.url}/api/"), {**CALL, **fields})
    assert answer.status_code == 200
    return ElementTree.fromstring(answer.text)


def get(app: App, name: str, parameters: dict[str, str]) -> ElementTree.Element:
    """GET a twimlet like Twilio: the parameters and the call's fields are in the URL."""
    answer = app.signed_get(f"twimlet/{name}?{urlencode({**parameters, **CALL, **parameters})}")
    assert answer.status_code == 200
    return ElementTree.fromstring(answer.text)


def is_apology(document: ElementTree.Element) -> bool:
    """Return whether a document apologises and hangs up."""
    return [verb.tag for verb in document] == ["Say", "Hangup"] and "We are sorry" in (document[0].text or "")


def outline(document: ElementTree.Element) -> list[str]:
    """Return each verb of a document with its text."""
    return [f"{verb.tag} {verb.text or ''}".strip() for verb in document]

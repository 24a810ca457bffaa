"""The deployed app, asked over HTTPS: is it healthy, does it take a signature, does it place a call."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from deployment.patience import Patience
from deployment.steps import Failed
from deployment.twilio_api import NO_ANSWER, as_object, in_words, send

SIGNED_ROUTE = "twiml_hello"  # answers Twilio alone, and changes nothing
FINAL = ("completed", "busy", "no-answer", "failed", "canceled")


def ask(url: str, headers: dict[str, str], body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any], str]:
    """Return the status of one request, its JSON object, and why there was no answer (then the status is 0)."""
    data = json.dumps(body).encode() if body is not None else None
    if data is not None:
        headers = {**headers, "Content-Type": "application/json"}
    try:
        status, _, text = send(urllib.request.Request(url, data, headers), seconds=60)
    except NO_ANSWER as error:
        return 0, {}, in_words(error)
    return status, as_object(text), ""


def wait_until_healthy(address: str, patience: Patience, mend: Callable[[], None]) -> None:
    """Return once the app says that it is ready; calls `mend` now and then while its settings are wrong."""
    said = ""
    for count in patience.tries(every=10, minutes=15):
        status, health, trouble = ask(f"{address}/api/health", {})
        if status == 200:
            patience.terminal.say(f"  {address}/api/health says that all is well.")
            return
        words = f"{status} {describe(health)}".strip() if status else trouble
        if "certificate" in words.lower():
            raise Failed(words)
        if words != said:
            patience.terminal.say(f"  Not yet: {words}")
            said = words
        if health.get("settings") == "wrong" and count % 6 == 1:
            mend()
    raise Failed(f"The app did not become healthy: {said}")


def is_healthy(address: str) -> bool:
    """Whether the app says, at once, that it is ready."""
    return ask(f"{address}/api/health", {})[0] == 200


def describe(health: dict[str, Any]) -> str:
    """Return what /api/health says about each part."""
    return ", ".join(f"{part}: {word}" for part, word in health.items())


def takes_signature(base_url: str, token: str, signed_for: str = "") -> bool | None:
    """Whether the app takes a request for Twilio's that is signed with this auth token; None when it does not say.

    The address that is signed may be another than the one that is asked: the app checks what it believes its own to be.
    https://www.twilio.com/docs/usage/security#validating-requests
    """
    signed = f"{signed_for or base_url}/api/{SIGNED_ROUTE}"
    signature = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    status, _, _ = ask(f"{base_url}/api/{SIGNED_ROUTE}", {"X-Twilio-Signature": signature})
    return {200: True, 403: False}.get(status)


def wait_until_signature(base_url: str, token: str, taken: bool, patience: Patience, mend: Callable[[], None]) -> bool:
    """Wait until the app takes this token's signature, or until it does not any more; whether it came to that.

    Five answers in a row count, since several instances may be running and each reads its settings when it starts.
    """
    in_a_row = 0
    for count in patience.tries(every=3, minutes=10):
        in_a_row = in_a_row + 1 if takes_signature(base_url, token) is taken else 0
        if in_a_row == 5:
            return True
        if not in_a_row and count % 20 == 19:
            mend()
    return False


def place_call(address: str, key: str, to: str, patience: Patience) -> None:
    """Place a call by the app's own make_call, and tell what becomes of it; raises Failed when it is not placed."""
    headers = {"x-functions-key": key}
    status, answer, trouble = ask(f"{address}/api/make_call", headers, {"to": to})
    if status != 201:
        raise Failed(f"The call was not placed: {trouble or status} {answer.get('detail', '')}".strip())
    sid, state = str(answer["sid"]), str(answer["status"])
    patience.terminal.say(f"  {sid} is {state}; the phone should ring now.")
    for _ in patience.tries(every=2, minutes=1.5):
        _, answer, _ = ask(f"{address}/api/activity/{urllib.parse.quote(sid)}", headers)
        if answer.get("status", state) != state:
            state = str(answer["status"])
            patience.terminal.say(f"  {sid} is {state}.")
        if state in FINAL:
            return

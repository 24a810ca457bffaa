"""CPU of a script of twenty verbs for a signed request, and of an empty function."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from urllib.parse import urlencode

import requests

from bench import load
from bench.callbacks import APP, FORM, SIGNER
from bench.services import running_azurite, running_host
from bench.table import Row

NAME = "menu"
VERBS = [
    *({"verb": "Say", "text": f"Sentence {number}, {{{{From}}}}.", "language": "en-GB"} for number in range(12)),
    *({"verb": "Pause", "length": 1} for _ in range(6)),
    {"verb": "Gather", "action": "/api/twiml/menu?from={{From}}", "verbs": [{"verb": "Say", "text": "Press one."}]},
    {"verb": "Redirect", "url": "/api/twiml/menu"},
]


def measure(say: Callable[[str], None], quick: bool) -> list[Row]:
    """Fetch a script from the app, and send the same request to the empty function, in turn."""
    rounds, size = (3, 500) if quick else (5, 2000)
    with ExitStack() as stack:
        tables = stack.enter_context(running_azurite())
        app = stack.enter_context(running_host(tables_port=tables.port))
        empty = stack.enter_context(running_host("bench/empty_app/function_app.py"))
        kept = requests.put(f"http://127.0.0.1:{app.port}/api/scripts/{NAME}", data=json.dumps(VERBS), timeout=30)
        kept.raise_for_status()
        app_ms, empty_ms = load.in_turn(app, empty, rounds, lambda number: [fetch()] * size, say)
    results = f"{app_ms:.2f} ms", f"{empty_ms:.3f} ms"
    return [Row("CPU of a script of 20 verbs / an empty function", *results, app_ms / empty_ms, 3)]


def fetch() -> bytes:
    """Return the request with which Twilio fetches the script for a call."""
    fields = {
        "AccountSid": APP.twilio_account_sid,
        "CallSid": f"CA{0:032x}",
        "CallStatus": "in-progress",
        "Direction": "inbound",
        "From": "+14155550123",
        "To": APP.twilio_from_number,
    }
    signature = SIGNER.compute_signature(APP.url(f"twiml/{NAME}"), fields)
    return load.post(f"/api/twiml/{NAME}", urlencode(fields).encode(), FORM, X_Twilio_Signature=signature)

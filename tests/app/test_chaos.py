"""The log under a Twilio at its worst: callbacks doubled, late, out of order, retried, and too early."""

from __future__ import annotations

from typing import Any

import pytest

from fake_twilio.testing import Chaos, FakeTwilio
from tests.support.app import App, StartApp

CALLS = 6
TEXTS = 6


def history(app: App, fake_twilio: FakeTwilio) -> list[dict[str, Any]]:
    """Place calls and send texts of every fate; return what the log knows of each, without times and names."""
    sids = []
    for number in range(CALLS):
        phone = fake_twilio.phone(f"+1555000100{number}")
        sids.append(app.post("make_call", {"to": phone.number}).json()["sid"])
        call = phone.wait_for_call()
        (call.answer, call.decline, call.ring_out)[number % 3]()
    for number in range(TEXTS):
        phone = fake_twilio.phone(f"+1555000200{number}")
        phone.texts_end_as(*(("delivered", None), ("undelivered", 30003), ("failed", 30007))[number % 3])
        sids.append(app.post("send_sms", {"to": phone.number, "body": "Hi"}).json()["sid"])
    fake_twilio.wait_until_quiet(60)
    return [essence(app.get(f"activity/{sid}").json()) for sid in sids]


def essence(found: dict[str, Any]) -> dict[str, Any]:
    """Return what must be the same in every run: all but SIDs and times."""
    return {
        "status": found["status"],
        "final": found["final"],
        "to": found["to"],
        "error": found.get("error"),
        "events": [(event["status"], event.get("sequence")) for event in found["events"]],
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_log_comes_out_the_same_whatever_twilio_does_to_the_callbacks(
    start_app: StartApp, app: App, fake_twilio: FakeTwilio, seed: int
) -> None:
    """Against the same stories told in order."""
    expected = history(app, fake_twilio)
    with FakeTwilio.running(pace=0, chaos=Chaos(seed, longest=0.1)) as wild:
        wild_app = start_app(TWILIO_API_BASE_URL=wild.url)

        assert history(wild_app, wild) == expected
        assert wild.faults == []

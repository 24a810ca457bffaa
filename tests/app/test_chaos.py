"""The activity log with duplicate, late, early and retried callbacks in the wrong order."""

from __future__ import annotations

from typing import Any

from fake_twilio.testing import Chaos, FakeTwilio
from tests.support.app import App, StartApp

CALLS = 6
TEXTS = 6


def history(app: App, fake_twilio: FakeTwilio) -> list[dict[str, Any]]:
    """Place calls and send messages with every outcome; return the log of each, without SIDs and times."""
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
    """Return the members that are the same in every run: not the SID, not the times."""
    return {
        "status": found["status"],
        "final": found["final"],
        "to": found["to"],
        "error": found.get("error"),
        "events": [(event["status"], event.get("sequence")) for event in found["events"]],
    }


def test_the_log_is_the_same_with_chaos(start_app: StartApp, app: App, fake_twilio: FakeTwilio) -> None:
    """As with the same calls and messages whose callbacks arrive in order."""
    expected = history(app, fake_twilio)
    for seed in (1, 2):
        with FakeTwilio.running(pace=0, chaos=Chaos(seed, longest=0.1)) as wild:
            wild_app = start_app(TWILIO_API_BASE_URL=wild.url)

            assert history(wild_app, wild) == expected, seed
            assert wild.faults == []

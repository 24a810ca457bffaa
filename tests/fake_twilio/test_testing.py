"""What `fake_twilio.testing` offers to tests."""

from __future__ import annotations

import pytest
import requests

from tests.support.fake_twilio_stage import THEIRS, Stage


def test_reset_forgets_everything_and_stops_running_calls(stage: Stage) -> None:
    """Afterwards nothing is listed, and a ringing call does not ring any more."""
    call = stage.call()
    ringing = stage.fake.phone(THEIRS).wait_for_call()
    stage.fake.reset()
    assert stage.client.calls.list() == []
    assert (stage.fake.webhooks, stage.fake.faults) == ([], [])
    assert [request.method for request in stage.fake.requests] == ["GET"]
    stage.fake.wait_until_quiet()
    assert ringing.sid == call.sid
    assert "completed" not in [form["CallStatus"] for form in stage.app.forms()]


def test_a_stopped_emulator_refuses_connections_until_it_starts_again(stage: Stage) -> None:
    """It starts on the same port, and has forgotten nothing."""
    sid, url = stage.text().sid, stage.fake.url
    stage.fake.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
    stage.fake.start()
    assert stage.fake.url == url
    assert stage.client.messages(sid).fetch().sid == sid


def test_a_wait_that_fails_says_what_has_happened_instead(stage: Stage) -> None:
    """And what was waited for."""
    stage.text(body="good morning")
    with pytest.raises(AssertionError, match=r"a text to \+15551234567 with 'good night'[\s\S]*Messages.json"):
        stage.fake.phone(THEIRS).wait_for_text("good night", timeout=0.05)


def test_rest_requests_are_kept_with_repeated_parameters(stage: Stage) -> None:
    """Path and parameters in order."""
    stage.call(status_callback_event=["ringing", "completed"])
    request = stage.fake.requests[-1]
    assert request.path.endswith("/Calls.json")
    assert [value for name, value in request.form if name == "StatusCallbackEvent"] == ["ringing", "completed"]


def test_two_waits_for_a_call_return_two_calls(stage: Stage) -> None:
    """Oldest first."""
    first, second = stage.call(), stage.call()
    assert [stage.fake.phone(THEIRS).wait_for_call().sid for _ in range(2)] == [first.sid, second.sid]

"""What `fake_twilio.testing` offers to tests."""

from __future__ import annotations

import pytest
import requests

from tests.support.fake_twilio_stage import THEIRS, Stage


def test_reset_forgets_everything_and_stops_what_goes_on(stage: Stage) -> None:
    """After a reset there is nothing to see, and a call that rang rings no more."""
    call = stage.call()
    ringing = stage.fake.phone(THEIRS).wait_for_call()
    stage.fake.reset()
    assert stage.client.calls.list() == []
    assert (stage.fake.webhooks, stage.fake.faults) == ([], [])
    assert [request.method for request in stage.fake.requests] == ["GET"]
    stage.fake.wait_until_quiet()
    assert ringing.sid == call.sid
    assert "completed" not in [form["CallStatus"] for form in stage.app.forms()]


def test_a_fake_that_was_stopped_refuses_connections_until_it_starts_again(stage: Stage) -> None:
    """Stopping closes the port; starting opens the same one, and what was known is still known."""
    sid, url = stage.text().sid, stage.fake.url
    stage.fake.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
    stage.fake.start()
    assert stage.fake.url == url
    assert stage.client.messages(sid).fetch().sid == sid


def test_waiting_in_vain_says_what_has_happened(stage: Stage) -> None:
    """A wait that fails names what was waited for and tells what came instead."""
    stage.text(body="good morning")
    with pytest.raises(AssertionError, match=r"a text to \+15551234567 with 'good night'[\s\S]*Messages.json"):
        stage.fake.phone(THEIRS).wait_for_text("good night", timeout=0.05)


def test_requests_are_remembered_as_pairs(stage: Stage) -> None:
    """The REST requests show path and parameters in order, repeated names included."""
    stage.call(status_callback_event=["ringing", "completed"])
    request = stage.fake.requests[-1]
    assert request.path.endswith("/Calls.json")
    assert [value for name, value in request.form if name == "StatusCallbackEvent"] == ["ringing", "completed"]


def test_two_calls_to_one_phone_are_handed_out_one_by_one(stage: Stage) -> None:
    """The second wait for a call gives the second call."""
    first, second = stage.call(), stage.call()
    assert [stage.fake.phone(THEIRS).wait_for_call().sid for _ in range(2)] == [first.sid, second.sid]

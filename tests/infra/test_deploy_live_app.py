"""What the scripts ask of the deployed app, asked of the real one: its health, its signatures, a call."""

from __future__ import annotations

import threading

import pytest
from deployment import live_app
from deployment.patience import Patience
from deployment.steps import Failed
from deployment.terminal import Terminal

from fake_twilio.testing import FakeTwilio
from tests.support.app import App, StartApp

CALLED = "+15557654321"


@pytest.fixture
def patience(capsys: pytest.CaptureFixture[str]) -> Patience:
    """One that does not wait, and prints into the test."""
    return Patience(Terminal(), pace=0.05)


def test_the_apps_health_is_understood(app: App, patience: Patience, capsys: pytest.CaptureFixture[str]) -> None:
    """200 is healthy; the words go to the person."""
    live_app.wait_until_healthy(app.url, patience, lambda: None)

    assert live_app.is_healthy(app.url)
    assert "says that all is well" in capsys.readouterr().out


def test_an_app_with_wrong_settings_asks_for_help(start_app: StartApp, patience: Patience) -> None:
    """As long as a Key Vault reference does not resolve, its text is what the app sees."""
    app = start_app(TWILIO_AUTH_TOKEN="@Microsoft.KeyVault(SecretUri=https://x)")
    mended: list[int] = []
    patience.pace = 0

    with pytest.raises(Failed, match="503 status: not_ready, settings: wrong, storage: unknown"):
        live_app.wait_until_healthy(app.url, patience, lambda: mended.append(1))

    assert len(mended) > 5


def test_the_app_takes_the_signatures_of_both_tokens_and_no_other(start_app: StartApp) -> None:
    """This is how rotate.py knows which tokens the app has."""
    app = start_app(TWILIO_AUTH_TOKEN="first", TWILIO_AUTH_TOKEN_NEXT="second")

    assert [live_app.takes_signature(app.url, token) for token in ("first", "second", "third")] == [True, True, False]
    assert live_app.takes_signature("http://127.0.0.1:9", "first") is None


def test_a_test_call_rings_and_its_end_is_seen(
    start_app: StartApp, fake_twilio: FakeTwilio, patience: Patience, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the app's own make_call, with its function key."""
    app = start_app(key="the-key")
    caller = threading.Thread(target=live_app.place_call, args=(app.url, "the-key", CALLED, patience))
    caller.start()
    fake_twilio.phone(CALLED).wait_for_call().answer()
    caller.join(20)

    assert not caller.is_alive()
    said = capsys.readouterr().out
    assert "is queued; the phone should ring now." in said
    assert "is completed." in said
    with pytest.raises(Failed, match="The call was not placed: 401"):
        live_app.place_call(app.url, "another-key", CALLED, patience)

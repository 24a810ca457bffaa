"""What the commands ask of the deployed app, asked of the real one: its health, its signatures, a call."""

from __future__ import annotations

import threading

import pytest
from deployment import deployed_app, publish
from deployment.azure_cli import Az
from deployment.deployed_app import Deployment
from deployment.terminal import Failed, Terminal

from fake_twilio.testing import FakeTwilio
from tests.support.app import App, StartApp

CALLED = "+15557654321"


class Local(Deployment):
    """An app that is not in Azure."""

    @property
    def address(self) -> str:
        """Where the app runs."""
        return self.host


def test_the_apps_health_is_understood(app: App) -> None:
    """200 means ready."""
    deployed_app.wait_until_healthy(Local("rg", "phone", host=app.url), "", Terminal(), lambda: None)


def test_while_settings_are_wrong_or_the_build_is_another_the_app_is_not_ready(
    app: App, start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as a Key Vault reference does not resolve, its text is what the app sees."""
    monkeypatch.setattr(deployed_app, "tries", lambda every, minutes: range(8))
    wrong = start_app(TWILIO_AUTH_TOKEN="@Microsoft.KeyVault(SecretUri=https://x)")
    refreshed: list[int] = []
    for url, build in ((wrong.url, ""), (app.url, "a-build")):
        with pytest.raises(Failed, match="is ready"):
            deployed_app.wait_until_healthy(
                Local("rg", "phone", host=url), build, Terminal(), lambda: refreshed.append(1)
            )

    assert len(refreshed) == 2


def test_the_app_accepts_the_signatures_of_both_tokens_and_no_other(start_app: StartApp) -> None:
    """rotate.py relies on it."""
    app = start_app(TWILIO_AUTH_TOKEN="first", TWILIO_AUTH_TOKEN_NEXT="second")

    found = [deployed_app.takes_signature(app.url, token) for token in ("first", "second", "third")]
    assert found == [True, True, False]
    assert deployed_app.takes_signature("http://127.0.0.1:9", "first") is None


def test_a_test_call_rings_and_its_end_is_seen(
    start_app: StartApp, fake_twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the app's own make_call, with its function key."""
    here, keys = Local("rg", "phone", host=start_app(key="the-key").url), {"functionKeys": {"default": "the-key"}}
    monkeypatch.setattr(Az, "json", lambda self, *words: keys)
    wait = threading.Event().wait
    monkeypatch.setattr("deployment.azure_cli.time.sleep", lambda seconds: wait(seconds / 20))
    caller = threading.Thread(target=publish.place_call, args=(Az(Terminal()), here, CALLED))
    caller.start()
    fake_twilio.phone(CALLED).wait_for_call().answer()
    caller.join(20)

    assert not caller.is_alive()
    assert "is completed." in capsys.readouterr().out
    keys["functionKeys"]["default"] = "another-key"
    with pytest.raises(Failed, match="401"):
        publish.place_call(Az(Terminal()), here, CALLED)

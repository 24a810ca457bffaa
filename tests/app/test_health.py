"""GET /api/health."""

from __future__ import annotations

import time

import requests

from dev.azurite import connection_string
from dev.processes import free_port
from tests.support.app import App, StartApp


def test_a_ready_app_says_so_to_anybody(app: App) -> None:
    """No key, no signature."""
    answer = requests.get(f"{app.url}/api/health", timeout=30)

    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "settings": "ok", "storage": "ok"}


def test_wrong_settings_are_a_503_that_does_not_say_which(start_app: StartApp) -> None:
    """A monitor needs to know that; only the log and our users need to know what."""
    answer = start_app(TWILIO_AUTH_TOKEN="").get("health")

    assert answer.status_code == 503
    assert answer.json() == {"status": "not_ready", "settings": "wrong", "storage": "unknown"}


def test_storage_out_of_reach_is_a_503_and_is_not_looked_at_each_time(start_app: StartApp) -> None:
    """However often it is asked, storage is asked once in a while."""
    app = start_app(TABLES_CONNECTION_STRING=connection_string(free_port()))

    assert app.get("health").json() == {"status": "not_ready", "settings": "ok", "storage": "unreachable"}
    began = time.monotonic()
    assert [app.get("health").status_code for _ in range(20)] == [503] * 20
    assert time.monotonic() - began < 2

"""GET /api/health."""

from __future__ import annotations

import asyncio

import pytest

import health
from shared.ttl_cache import TtlCache
from tests.support.app import App, Run, StartApp


def test_a_ready_app_is_a_200_for_anybody(app: App) -> None:
    """Without a key, without a signature."""
    answer = app.get("health")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "settings": "ok", "storage": "ok"}


def test_wrong_settings_are_a_503_without_their_names(start_app: StartApp) -> None:
    """The route is public; the log and the app's users get the names."""
    answer = start_app(TWILIO_AUTH_TOKEN="").get("health")

    assert answer.status_code == 503
    assert answer.json() == {"status": "not_ready", "settings": "wrong", "storage": "unknown"}


def test_unavailable_storage_is_a_503(app_without_storage: App) -> None:
    """The answer names the component."""
    answer = app_without_storage.get("health")

    assert answer.status_code == 503
    assert answer.json() == {"status": "not_ready", "settings": "ok", "storage": "unreachable"}


def test_storage_is_checked_once_however_many_requests_arrive(run_here: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within ten seconds."""
    checks = []

    async def check() -> str:
        checks.append("check")
        await asyncio.sleep(0)
        return "ok"

    async def story() -> None:
        for _ in range(2):
            await asyncio.gather(*(health.check_components() for _ in range(10)))

    monkeypatch.setattr(health, "check_storage", check)
    monkeypatch.setattr(health, "checked", TtlCache[str, str](seconds=10))
    monkeypatch.setattr(health, "one_check_at_a_time", asyncio.Lock())
    run_here(story())
    assert checks == ["check"]

"""Fixtures of the emulator's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.fake_twilio_stage import Stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    """An emulator of its own for each test, with an app that answers its webhooks and with Twilio's library."""
    with Stage.ready() as stage:
        yield stage

"""Fixtures of the tests of infra/, whose commands import their parts as scripts do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from tests.support.app import ROOT
from tests.support.stand_in_az.world import Snapshot, World, world

sys.path.insert(0, str(ROOT / "infra"))


@pytest.fixture(scope="session")
def whole_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Snapshot]]:
    """The world, and how it is in the beginning."""
    if os.name != "posix":
        pytest.skip("looks at the modes of files, and puts a script named az on the PATH")
    with world(tmp_path_factory.mktemp("world")) as made:
        yield made, made.snapshot()


@pytest.fixture(scope="session")
def after_deploying(whole_world: tuple[World, Snapshot]) -> Snapshot:
    """How the world is when deploy.py has run once."""
    made, empty = whole_world
    made.restore(empty)
    done = made.deploy()
    assert done.code == 0, done.err
    made.azure.calls.clear()
    return made.snapshot()


@pytest.fixture
def there(whole_world: tuple[World, Snapshot]) -> World:
    """An empty subscription, and a Twilio account with a token, a key and a number."""
    made, empty = whole_world
    made.restore(empty)
    return made


@pytest.fixture
def deployed(whole_world: tuple[World, Snapshot], after_deploying: Snapshot) -> World:
    """The same with the app in it, its number connected."""
    made, _ = whole_world
    made.restore(after_deploying)
    return made

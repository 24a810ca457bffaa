"""What the app does when storage breaks in every way: its own error, in time, and one lost answer costs nothing."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from shared.errors import StorageUnavailable
from shared.settings import settings
from shared.storage import tables as storage_tables
from shared.storage.tables import SIDS, delete, delete_unchanged, get, insert, read_partition, replace, upsert
from shared.time_limit import time_limit
from tests.support.app import Run
from tests.support.lossy_storage import BROKEN, Break, LossyStorage, cut_off, hanging, lossy_storage, lost, reset

Entity = dict[str, object]

# Each operation on an entity that exists, with the method of its request.
OPERATIONS: dict[str, tuple[str, Callable[[Entity], Awaitable[object]]]] = {
    "upsert": ("PATCH", lambda there: upsert(SIDS, {**there, "new": "1"})),
    "insert": ("POST", lambda there: insert(SIDS, {**there, "RowKey": secrets.token_hex(8)})),
    "get": ("GET", lambda there: get(SIDS, str(there["PartitionKey"]), "row")),
    "replace": ("PUT", lambda there: replace(SIDS, {**there, "new": "1"}, instead_of=there)),
    "delete": ("DELETE", lambda there: delete(SIDS, str(there["PartitionKey"]), "row")),
    "delete_unchanged": ("DELETE", lambda there: delete_unchanged(SIDS, there)),
    "read_partition": ("GET", lambda there: read_partition(SIDS, str(there["PartitionKey"]), ["RowKey"], 5)),
}


@pytest.fixture
def broken(run_here: Run, tables: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[LossyStorage]:
    """Return storage in front of the tables, which code in this process uses."""
    with lossy_storage(tables) as storage:
        monkeypatch.setenv("TABLES_CONNECTION_STRING", storage.connection_string)
        settings.cache_clear()
        yield storage


async def existing() -> Entity:
    """Store an entity and return it, as read."""
    keys = {"PartitionKey": secrets.token_hex(8), "RowKey": "row"}
    await insert(SIDS, keys)
    found = await get(SIDS, keys["PartitionKey"], "row")
    assert found is not None
    return found


@pytest.mark.parametrize("how", BROKEN.values(), ids=BROKEN)
def test_storage_that_stays_broken_raises_the_apps_own_error_or_nothing_in_time(
    broken: LossyStorage, run_here: Run, monkeypatch: pytest.MonkeyPatch, how: Break
) -> None:
    """For every operation; a proxy's 404 is not a missing entity, and its 409 is not an existing one."""
    monkeypatch.setattr(storage_tables, "SCAN_SECONDS", 2.0)

    async def outcome(name: str, there: Entity) -> object:
        try:
            with time_limit(2):
                return await OPERATIONS[name][1](there)
        except StorageUnavailable:
            return StorageUnavailable

    async def story() -> None:
        there = [await existing() for _ in OPERATIONS]
        broken.always = how
        began = time.monotonic()
        outcomes = await asyncio.gather(*map(outcome, OPERATIONS, there))
        assert time.monotonic() - began < 3
        for name, result in zip(OPERATIONS, outcomes, strict=True):
            done = set() if name in ("get", "read_partition") else {None, True}
            assert result in {StorageUnavailable, *done}, name

    run_here(story())


@pytest.mark.parametrize("how", [lost, reset, cut_off, hanging], ids=lambda how: how.__name__)
def test_an_operation_whose_first_answer_does_not_arrive_is_repeated(
    broken: LossyStorage, run_here: Run, how: Break
) -> None:
    """Merges and inserts too, which the library does not repeat by itself."""

    async def story() -> None:
        there = [await existing() for _ in OPERATIONS]
        for method, _ in OPERATIONS.values():
            broken.break_next(method, SIDS, how)
        await asyncio.gather(*(operation(one) for (_, operation), one in zip(OPERATIONS.values(), there, strict=True)))
        assert broken.orders == []

    run_here(story())

"""Azure Table storage: the tables, the operations on them, and storage errors as the app's own exceptions."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from shared.errors import StorageUnavailable
from shared.storage.table_client import table_client

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError
    from azure.data.tables.aio import TableClient

log = logging.getLogger(__name__)

# How long a storage operation may take while a caller waits for an answer and hears silence.
PATIENCE_SECONDS = 3.0

# The tables that the app uses; infra/ creates the same ones.
ACTIVITY = "activity"
SIDS = "sids"
IDEMPOTENCY = "idempotency"
SCRIPTS = "scripts"
OPT_OUTS = "optouts"

# https://learn.microsoft.com/rest/api/storageservices/table-service-error-codes
TABLE_NOT_FOUND = "TableNotFound"
FULL = ("TooManyProperties", "EntityTooLarge", "PropertyValueTooLarge", "RequestBodyTooLarge")
COLLISIONS = 5

Result = TypeVar("Result")


class EntityFull(Exception):
    """The entity has as many properties, or bytes, as the service allows; a retry cannot help."""


async def on_table(table: str, operation: Callable[[TableClient], Awaitable[Result]]) -> Result:
    """Run one operation on `table`, and create the table if it is missing.

    Errors about the entity are raised unchanged: ResourceNotFoundError, ResourceExistsError, ResourceModifiedError.
    Raises EntityFull if the entity is full, StorageUnavailable for all other errors.
    """
    from azure.core.exceptions import (
        AzureError,
        HttpResponseError,
        ResourceExistsError,
        ResourceModifiedError,
        ResourceNotFoundError,
    )

    client = table_client(table)
    try:
        try:
            return await operation(client)
        except ResourceNotFoundError as error:
            if error_code(error) != TABLE_NOT_FOUND:
                raise
        await create_table(client)
        return await operation(client)
    except (ResourceNotFoundError, ResourceExistsError, ResourceModifiedError):
        raise
    except HttpResponseError as error:
        if error_code(error) in FULL:
            raise EntityFull from None
        log.error("table %s: %s %s", table, error.status_code, error_code(error))
        raise StorageUnavailable("Storage cannot be reached.") from error
    except (AzureError, TimeoutError) as error:
        log.error("table %s: %s", table, type(error).__name__)
        raise StorageUnavailable("Storage cannot be reached.") from error


async def upsert(table: str, entity: dict[str, object]) -> None:
    """Insert `entity`, or merge its properties into the existing entity with its keys.

    Two upserts of an entity that does not exist yet may collide at the service; afterwards it exists, so retry.
    """
    from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

    for _ in range(COLLISIONS):
        try:
            await on_table(table, lambda client: client.upsert_entity(entity))
        except (ResourceExistsError, ResourceModifiedError):
            continue
        return
    raise StorageUnavailable("Storage is too busy.")


async def get(table: str, partition: str, row: str) -> dict[str, Any] | None:
    """Return the entity with these keys, or None: one point read."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return await on_table(table, lambda client: client.get_entity(partition, row))
    except ResourceNotFoundError:
        return None


async def insert(table: str, entity: dict[str, Any]) -> dict[str, Any] | None:
    """Insert `entity`; returns None when it is inserted, else the existing entity with its keys.

    An insert whose answer is lost is retried and may find itself; therefore two writers' entities must differ.
    """
    from azure.core.exceptions import ResourceExistsError

    for _ in range(COLLISIONS):
        try:
            await on_table(table, lambda client: client.create_entity(entity, retry_on_methods=("POST",)))
        except ResourceExistsError:
            there = await get(table, entity["PartitionKey"], entity["RowKey"])
            if there is None:
                continue  # deleted in the meantime
            return None if is_same(there, entity) else there
        return None
    raise StorageUnavailable("Storage is too busy.")


def is_same(there: dict[str, Any], entity: dict[str, Any]) -> bool:
    """Return whether the stored entity has all properties of `entity`."""
    return all(there.get(name) == value for name, value in entity.items())


async def replace(table: str, entity: dict[str, Any], *, instead_of: dict[str, Any]) -> bool:
    """Replace `instead_of`, which `get` returned, by `entity`; returns False if it has been changed since.

    A replacement whose answer is lost is retried and may find itself; therefore two writers' entities must differ.
    """
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

    etag = instead_of.metadata["etag"]  # type: ignore[attr-defined]
    unchanged = MatchConditions.IfNotModified
    try:
        await on_table(
            table,
            lambda client: client.update_entity(entity, mode="replace", etag=etag, match_condition=unchanged),
        )
    except (ResourceModifiedError, ResourceNotFoundError):
        there = await get(table, entity["PartitionKey"], entity["RowKey"])
        return there is not None and is_same(there, entity)
    return True


async def delete_unchanged(table: str, entity: dict[str, Any]) -> bool:
    """Delete the entity that `get` returned; returns False if it has been changed since. A missing one is no error."""
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceModifiedError

    unchanged = MatchConditions.IfNotModified
    try:
        await on_table(table, lambda client: client.delete_entity(entity, match_condition=unchanged))
    except ResourceModifiedError:
        return False
    return True


async def read_partition(table: str, partition: str, properties: list[str], most: int) -> list[dict[str, Any]]:
    """Return these properties of the first `most` entities of a partition, in the order of their RowKeys."""

    async def read(client: TableClient) -> list[dict[str, Any]]:
        entities = []
        async for entity in client.query_entities(f"PartitionKey eq '{partition}'", select=properties):
            entities.append(dict(entity))
            if len(entities) == most:
                break
        return entities

    return await on_table(table, read)


async def delete(table: str, partition: str, row: str) -> None:
    """Delete the entity with these keys; a missing one is no error."""
    await on_table(table, lambda client: client.delete_entity(partition, row))


async def create_table(client: TableClient) -> None:
    """Create the client's table; another instance may have been faster."""
    from azure.core.exceptions import ResourceExistsError

    try:
        await client.create_table()
        log.info("table %s was missing and has been created", client.table_name)
    except ResourceExistsError:
        pass


def error_code(error: HttpResponseError) -> str:
    """Return the service's error code.

    https://learn.microsoft.com/rest/api/storageservices/table-service-error-codes
    """
    code = getattr(error, "error_code", None)
    if code is None:
        # After an insert the library raises before it has read the code; the message contains it.
        return TABLE_NOT_FOUND if TABLE_NOT_FOUND in str(error) else "unknown"
    return str(getattr(code, "value", code))

"""Azure Table storage: the tables, the operations on them, and storage errors as the app's own exceptions."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from shared.errors import StorageUnavailable
from shared.storage.table_client import table_client
from shared.time_limit import within

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError
    from azure.data.tables.aio import TableClient

log = logging.getLogger(__name__)

# How long a request that a caller waits for, and hears silence, waits for storage.
PATIENCE_SECONDS = 2.0
# The most time for one operation with all its retries, and for one that reads many entities.
OPERATION_SECONDS = 2.0
SCAN_SECONDS = 8.0
# The most time without a byte of the answer of the latter.
SCAN_READ_SECONDS = 3.0

# The tables that the app uses; infra/ creates the same ones.
ACTIVITY = "activity"
SIDS = "sids"
IDEMPOTENCY = "idempotency"
SCRIPTS = "scripts"
OPT_OUTS = "optouts"
CALLER_IDS = "callerids"

# https://learn.microsoft.com/rest/api/storageservices/table-service-error-codes
TABLE_NOT_FOUND = "TableNotFound"
# The answers about an entity; the same statuses with another code come from something else, such as a proxy.
ABOUT_ENTITIES = (
    *("ResourceNotFound", "EntityNotFound", TABLE_NOT_FOUND),
    *("EntityAlreadyExists", "ResourceAlreadyExists", "TableAlreadyExists"),
    *("UpdateConditionNotSatisfied", "ConditionNotMet"),
)
FULL = ("TooManyProperties", "EntityTooLarge", "PropertyValueTooLarge", "RequestBodyTooLarge")
COLLISIONS = 5

Result = TypeVar("Result")


class EntityFull(Exception):
    """The entity has as many properties, or bytes, as the service allows; a retry cannot help."""


async def on_table(
    table: str, operation: Callable[[TableClient], Awaitable[Result]], *, seconds: float = OPERATION_SECONDS
) -> Result:
    """Run one operation on `table` in at most `seconds`, and create the table if it is missing.

    Errors about the entity are raised unchanged: ResourceNotFoundError, ResourceExistsError, ResourceModifiedError.
    Raises EntityFull if the entity is full, StorageUnavailable for all other errors.
    """
    from azure.core.exceptions import (
        HttpResponseError,
        ResourceExistsError,
        ResourceModifiedError,
        ResourceNotFoundError,
    )

    client = table_client(table)  # raises NotConfigured, which is not an error of the storage
    try:
        async with within(seconds):
            try:
                return await operation(client)
            except ResourceNotFoundError as error:
                if error_code(error) != TABLE_NOT_FOUND:
                    raise
            await create_table(client)
            return await operation(client)
    except HttpResponseError as error:
        code = error_code(error)
        about_entity = isinstance(error, ResourceNotFoundError | ResourceExistsError | ResourceModifiedError)
        if about_entity and code in ABOUT_ENTITIES:
            raise
        if code in FULL:
            raise EntityFull from None
        log.error("table %s: %s %s", table, error.status_code, code)
        raise StorageUnavailable("Storage cannot be reached.") from error
    except Exception as error:
        # Besides its own errors the library raises whatever its parsers do when an answer is cut off or is not one of
        # the service. The message may contain the entity, so only the place is logged.
        *_, place = traceback.extract_tb(error.__traceback__)
        log.error("table %s: %s in %s, line %s", table, type(error).__name__, place.name, place.lineno)
        raise StorageUnavailable("Storage cannot be reached.") from error


async def upsert(table: str, entity: dict[str, object]) -> None:
    """Insert `entity`, or merge its properties into the existing entity with its keys.

    Two upserts of an entity that does not exist yet may collide at the service; afterwards it exists, so retry.
    """
    from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

    for _ in range(COLLISIONS):
        try:
            # The library itself retries a merge only after a 5xx, not after a lost connection or a time-out.
            await on_table(table, lambda client: client.upsert_entity(entity, retry_on_methods=("PATCH",)))
        except (ResourceExistsError, ResourceModifiedError):
            continue
        return
    raise StorageUnavailable("Storage is too busy.")


async def get(table: str, partition: str, row: str) -> dict[str, Any] | None:
    """Return the entity with these keys, or None: one point read."""
    from azure.core.exceptions import ResourceNotFoundError

    async def read(client: TableClient) -> dict[str, Any]:
        entity = await client.get_entity(partition, row)
        if not {"PartitionKey", "RowKey"} <= entity.keys():
            raise ValueError("the answer is not the entity")
        return entity

    try:
        return await on_table(table, read)
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
        async for entity in client.query_entities(
            f"PartitionKey eq '{partition}'", select=properties, read_timeout=SCAN_READ_SECONDS
        ):
            entities.append(dict(entity))
            if len(entities) == most:
                break
        return entities

    return await on_table(table, read, seconds=SCAN_SECONDS)


async def delete(table: str, partition: str, row: str) -> None:
    """Delete the entity with these keys; a missing one is no error."""
    await on_table(table, lambda client: client.delete_entity(partition, row))


async def create_table(client: TableClient) -> None:
    """Create the client's table; another instance may have been faster."""
    from azure.core.exceptions import ResourceExistsError

    try:
        await client.create_table(retry_on_methods=("POST",))
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
        message = str(error)
        return next((known for known in (*ABOUT_ENTITIES, *FULL) if known in message), "unknown")
    return str(getattr(code, "value", code))

"""Azure Table Storage: one pooled client a table, and storage's failures in our words."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from shared.errors import StorageUnavailable
from shared.http_session import http_session
from shared.settings import settings

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError
    from azure.data.tables.aio import TableClient
    from azure.identity.aio import DefaultAzureCredential

log = logging.getLogger(__name__)

# The tables that the app uses; infra/ creates the same.
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
    """The entity has as many properties, or bytes, as the service allows; trying again cannot help."""


@cache
def table_client(table: str) -> TableClient:
    """Return the process's one client for `table`, made at the first call, on the worker's event loop."""
    # 170 ms with azure.identity: imported here so that a webhook which stores nothing does not pay for it.
    from azure.core.pipeline import policies
    from azure.core.pipeline.transport import AioHttpTransport
    from azure.data.tables.aio import TableClient

    # What a request of ours passes through for nothing; a third of the CPU of a write.
    unused = (
        policies.AsyncRedirectPolicy,
        policies.CustomHookPolicy,
        policies.DistributedTracingPolicy,
        policies.HttpLoggingPolicy,
        policies.NetworkTraceLoggingPolicy,
        policies.ProxyPolicy,
        policies.RequestIdPolicy,
    )

    class LeanTableClient(TableClient):
        """The library's client without the policies that we do not use."""

        def _configure_policies(self, **options: Any) -> list[Any]:
            return [policy for policy in super()._configure_policies(**options) if not isinstance(policy, unused)]

    options = {
        # Twilio waits 15 s for an answer; the library's defaults wait for minutes. A transport that is handed over
        # takes its time-outs from itself alone.
        "transport": AioHttpTransport(
            session=http_session(),
            session_owner=False,
            use_env_settings=False,
            connection_timeout=2,
            read_timeout=3,
        ),
        "retry_total": 2,
        "retry_backoff_factor": 0.2,
        "retry_backoff_max": 1,
        "timeout": 8,
    }
    app = settings()
    if app.tables_connection_string:
        return LeanTableClient.from_connection_string(app.tables_connection_string, table, **options)
    return LeanTableClient(app.tables_endpoint, table, credential=credential(), **options)


@cache
def credential() -> DefaultAzureCredential:
    """Return the app's identity on Azure, or yours on a laptop; one for all tables, since it remembers its tokens."""
    from azure.identity.aio import DefaultAzureCredential

    return DefaultAzureCredential()


async def on_table(table: str, operation: Callable[[TableClient], Awaitable[Result]]) -> Result:
    """Run one operation on `table`, creating the table where it is missing.

    What the service says about the entity passes through: ResourceNotFoundError, ResourceExistsError,
    ResourceModifiedError. Raises EntityFull when the entity can take no more, StorageUnavailable otherwise.
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
    """Insert `entity`, or merge its properties into the one that has its keys; nothing else of that one changes.

    Two upserts of an entity that does not exist yet may collide at the service; then it is there, so try again.
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


async def insert(table: str, entity: dict[str, Any]) -> bool:
    """Insert `entity`; False when one with its keys is there already."""
    from azure.core.exceptions import ResourceExistsError

    try:
        await on_table(table, lambda client: client.create_entity(entity))
    except ResourceExistsError:
        return False
    return True


async def replace(table: str, entity: dict[str, Any], *, instead_of: dict[str, Any]) -> bool:
    """Replace what `get` returned, `instead_of`, by `entity`; False when somebody changed it meanwhile."""
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
        return False
    return True


async def delete_unchanged(table: str, entity: dict[str, Any]) -> bool:
    """Delete what `get` returned; False when somebody changed or deleted it meanwhile."""
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

    unchanged = MatchConditions.IfNotModified
    try:
        await on_table(table, lambda client: client.delete_entity(entity, match_condition=unchanged))
    except (ResourceModifiedError, ResourceNotFoundError):
        return False
    return True


async def read_partition(table: str, partition: str, properties: list[str], most: int) -> list[dict[str, Any]]:
    """Return these properties of a partition's entities, by RowKey, the first `most` of them."""

    async def read(client: TableClient) -> list[dict[str, Any]]:
        entities = []
        async for entity in client.query_entities(f"PartitionKey eq '{partition}'", select=properties):
            entities.append(dict(entity))
            if len(entities) == most:
                break
        return entities

    return await on_table(table, read)


async def delete(table: str, partition: str, row: str) -> None:
    """Delete the entity with these keys; none there is fine."""
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
    """Return the service's own name for what went wrong.

    https://learn.microsoft.com/rest/api/storageservices/table-service-error-codes
    """
    code = getattr(error, "error_code", None)
    if code is None:
        # After an insert the library raises before it has read the code; the body, in the message, holds it.
        return TABLE_NOT_FOUND if TABLE_NOT_FOUND in str(error) else "unknown"
    return str(getattr(code, "value", code))

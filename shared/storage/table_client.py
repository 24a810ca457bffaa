"""The table clients: one per table, pooled, with time-outs that suit a caller who waits on the line."""

from __future__ import annotations

import asyncio
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from shared.http_session import http_session
from shared.settings import settings

if TYPE_CHECKING:
    from typing import Self

    from azure.core.credentials import AccessToken
    from azure.data.tables.aio import TableClient
    from azure.identity.aio import DefaultAzureCredential


@cache
def table_client(table: str) -> TableClient:
    """Return the process's only client for `table`, created at the first call, on the worker's event loop."""
    # 170 ms with azure.identity: imported here, so that a webhook that stores nothing does not wait for it.
    from azure.core.pipeline import policies
    from azure.core.pipeline.transport import AioHttpTransport
    from azure.data.tables.aio import TableClient

    # The app needs none of these policies, and they use a third of the CPU time of a write.
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
        """The library's client without the policies that the app does not use."""

        def _configure_policies(self, **options: Any) -> list[Any]:
            return [policy for policy in super()._configure_policies(**options) if not isinstance(policy, unused)]

    options = {
        # Short enough for a second try within the time of an operation (tables.py); the library's defaults wait for
        # minutes. The library does not apply its own time-outs to a transport that is passed in, so they are set here.
        "transport": AioHttpTransport(
            session=http_session(),
            session_owner=False,
            use_env_settings=False,
            connection_timeout=0.9,
            read_timeout=0.9,
        ),
        "retry_total": 2,
        "retry_backoff_factor": 0.05,
        "retry_backoff_max": 1,
    }
    app = settings()
    if app.tables_connection_string:
        return LeanTableClient.from_connection_string(app.tables_connection_string, table, **options)
    return LeanTableClient(app.tables_endpoint, table, credential=credential(), **options)


class SharedTokens:
    """The tokens of a credential: fetched once for all tables, and to the end even if the operation is out of time."""

    def __init__(self, source: DefaultAzureCredential) -> None:
        """Start without tokens."""
        self.source = source
        self.fetches: dict[tuple[str, ...], asyncio.Task[AccessToken]] = {}

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Return a token that is valid for some minutes; the tables' clients call this."""
        fetch = self.fetches.get(scopes)
        if fetch is None or (fetch.done() and not is_valid(fetch)):
            fetch = self.fetches[scopes] = asyncio.create_task(self.source.get_token(*scopes, **options))
        return await asyncio.shield(fetch)

    async def close(self) -> None:
        """Close the credential."""
        await self.source.close()

    async def __aenter__(self) -> Self:
        """Open the credential."""
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Close the credential."""
        await self.close()


def is_valid(fetch: asyncio.Task[AccessToken]) -> bool:
    """Return whether a finished fetch brought a token that is valid for five more minutes."""
    return not fetch.cancelled() and fetch.exception() is None and fetch.result().expires_on > time.time() + 300


@cache
def credential() -> SharedTokens:
    """Return the app's identity on Azure, or yours on a laptop; one for all tables."""
    from azure.identity.aio import DefaultAzureCredential

    return SharedTokens(DefaultAzureCredential())

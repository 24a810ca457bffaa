"""The table clients: one per table, pooled, with time-outs that suit a caller who waits on the line."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from shared.http_session import http_session
from shared.settings import settings

if TYPE_CHECKING:
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
        # Twilio waits 15 s for an answer; the library's defaults wait for minutes. The library does not apply its own
        # time-outs to a transport that is passed in, so they are set here.
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
    """Return the app's identity on Azure, or yours on a laptop; one for all tables, because it caches its tokens."""
    from azure.identity.aio import DefaultAzureCredential

    return DefaultAzureCredential()

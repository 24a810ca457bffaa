"""The process's only HTTP session, with a connection pool, for Twilio and the tables."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 3.05
# Includes the wait for a free connection of the pool. Less than the total, to distinguish a request that was never
# sent from one that was never answered.
ACQUIRE_SECONDS = 5.0
TOTAL_SECONDS = 10.0
# Less than the idle time-out of the load balancers in front of Twilio and Azure: a POST on a connection that the other
# side has closed gets no answer.
KEEP_ALIVE_SECONDS = 15.0
CONNECTIONS = 256


@cache
def http_session() -> aiohttp.ClientSession:
    """Return the session, created at the first call on the worker's only event loop."""
    import aiohttp

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE_SECONDS),
        timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS, connect=ACQUIRE_SECONDS, sock_connect=CONNECT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
    )

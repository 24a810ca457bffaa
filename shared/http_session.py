"""The one pooled HTTP session of the process, used for Twilio and for the tables alike."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 3.05
# With the wait for a free connection of the pool. Below the total, so that a request which never left is told apart
# from one whose answer never came.
ACQUIRE_SECONDS = 5.0
TOTAL_SECONDS = 10.0
# Below the idle time-out of the load balancers in front of Twilio and Azure: a connection that the other side has
# closed would cost a POST its answer.
KEEP_ALIVE_SECONDS = 15.0
CONNECTIONS = 256


@cache
def http_session() -> aiohttp.ClientSession:
    """Return the session, made at the first call on the worker's one event loop."""
    import aiohttp

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE_SECONDS),
        timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS, connect=ACQUIRE_SECONDS, sock_connect=CONNECT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
    )

"""Twilio's REST API: Twilio's library on the app's own transport. No other module imports `twilio.rest`.

Creating a call or message is not idempotent at Twilio (https://www.twilio.com/docs/api/errors/20500), so a request
that may have reached Twilio is never sent again. The library's own async transport ignores its time-out and repeats a
POST after a 5xx, which sends a message twice: https://github.com/twilio/twilio-python/issues/925
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from shared.errors import OutcomeUnknown, TwilioUnavailable
from shared.http_session import http_session
from shared.settings import settings
from shared.twilio.error_codes import failure_for

if TYPE_CHECKING:
    from twilio.rest import Client

log = logging.getLogger(__name__)

TRIES = 3
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
# Twilio did not process such a request, so it is safe to send it again: https://www.twilio.com/docs/api/errors/20429
TOO_MANY_REQUESTS = 20429

# The library puts this before Twilio's own message.
CREATE_PREFIX = "Unable to create record: "

Resource = TypeVar("Resource")


@cache
def twilio_client() -> Client:
    """Return the process's only client, created at the first call, on the worker's event loop."""
    # 65 ms, and 48 more at its first use: imported here, so that no webhook's cold start includes it.
    import aiohttp
    from twilio.http import AsyncHttpClient
    from twilio.http.response import Response
    from twilio.rest import Client

    class PooledHttpClient(AsyncHttpClient):  # type: ignore[misc]  # the library is not typed
        """The library's transport, with the app's connection pool and the app's rules for retries."""

        async def request(
            self,
            method: str,
            uri: str,
            params: dict[str, Any] | None = None,
            data: dict[str, Any] | None = None,
            headers: dict[str, str] | None = None,
            auth: tuple[str, str] | None = None,
            timeout: float | None = None,  # noqa: ASYNC109  # the library's signature
            allow_redirects: bool = False,
        ) -> Response:
            """Send one request; retry it only if Twilio cannot have processed it.

            Raises TwilioUnavailable if no connection was made, OutcomeUnknown if one was made and no answer came.
            """
            if auth:
                headers = {**(headers or {}), "Authorization": aiohttp.encode_basic_auth(*auth)}
            for attempt in range(1, TRIES + 1):
                last = attempt == TRIES
                try:
                    async with http_session().request(
                        method,
                        uri,
                        params=params,
                        data=data,
                        headers=headers,
                        allow_redirects=allow_redirects,
                    ) as answer:
                        body = await answer.read()
                        status, text, answer_headers = answer.status, body.decode(errors="replace"), answer.headers
                except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                    log.warning("no connection to Twilio (%s), try %d of %d", type(error).__name__, attempt, TRIES)
                    if last:
                        raise TwilioUnavailable("Twilio cannot be reached. Nothing was placed or sent.") from None
                    await asyncio.sleep(pause(attempt))
                    continue
                except (aiohttp.ClientError, TimeoutError) as error:
                    log.warning("no answer from Twilio (%s)", type(error).__name__)
                    raise OutcomeUnknown("Twilio did not answer the request in time.") from None
                if is_too_many_requests(status, text) and not last:
                    log.warning("Twilio answers that there are too many requests, try %d of %d", attempt, TRIES)
                    await asyncio.sleep(pause(attempt, answer_headers.get("Retry-After")))
                    continue
                return Response(status, text, answer_headers)
            raise AssertionError("the last try returns or raises")

    app = settings()
    user, password = app.rest_credentials
    client = Client(user, password, app.twilio_account_sid, http_client=PooledHttpClient(log, is_async=True))
    if app.twilio_api_base_url:
        client.api.base_url = app.twilio_api_base_url
    return client


def is_too_many_requests(status: int, text: str) -> bool:
    """Return whether a 429 is Twilio's limit on requests; others, such as a sender's full queue, last for hours."""
    return status == 429 and str(TOO_MANY_REQUESTS) in text


def pause(attempt: int, retry_after: str | None = None) -> float:
    """Return the seconds to wait before the next try: Twilio's Retry-After, else exponential backoff with jitter."""
    if retry_after is not None and retry_after.isdecimal():
        return min(float(retry_after), LONGEST_PAUSE_SECONDS)
    return random.uniform(0.5, 1.0) * FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1)


async def ask_twilio(request: Awaitable[Resource]) -> Resource:
    """Await one request of the library, and turn its exceptions into the app's own (shared/errors.py)."""
    from twilio.base.exceptions import TwilioException

    try:
        return await request
    except TwilioException as error:
        status = int(getattr(error, "status", 0) or 0)
        code = as_code(getattr(error, "code", 0))
        message = str(getattr(error, "detail", None) or getattr(error, "msg", "")).removeprefix(CREATE_PREFIX)
        if status >= 500:
            # After a 5xx the call may have been placed, or the message queued.
            raise OutcomeUnknown(f"Twilio answered {status}.", status=502) from None
        raise failure_for(code, message, status) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # Twilio answered in a way that its library does not expect, so what it did is not known.
        log.error("Twilio's answer cannot be read (%s)", type(error).__name__)
        raise OutcomeUnknown("Twilio's answer cannot be read.", status=502) from None


def as_code(code: object) -> int:
    """Return Twilio's error code; 0 if `code` is not a number."""
    text = str(code)
    return int(text) if text.isascii() and text.isdecimal() else 0


def sender_of(resource: object) -> str:
    """Return the sender of a message, or the caller of a call, for which the library has another attribute."""
    return str(getattr(resource, "_from", None) or getattr(resource, "from_", None) or "")


def without_none(**arguments: object) -> dict[str, Any]:
    """Return the arguments that are not None; for any other, Twilio applies its default."""
    return {name: value for name, value in arguments.items() if value is not None}

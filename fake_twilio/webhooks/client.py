"""Sends webhooks: signed, with Twilio's time limits, retries and redirects."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote, urlencode, urljoin

import aiohttp
from yarl import URL

from fake_twilio.webhooks.connection_overrides import Overrides
from fake_twilio.webhooks.webhook import Answer, Delivery, Webhook

TOO_LARGE = 64 * 1024


class WebhookClient:
    """An HTTP session to the app. `note` is called with each attempt."""

    def __init__(self, auth_token: str, note: Callable[[Delivery, Answer], None]) -> None:
        self.auth_token = auth_token
        self.note = note
        # The webhooks of one call are sequential; those of a hundred calls must not wait for connections.
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=500),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "TwilioProxy/1.1", "Accept": "*/*"},
        )

    async def close(self) -> None:
        """Close the connections."""
        await self.session.close()

    async def send(self, webhook: Webhook) -> Answer:
        """Send a webhook, with the retries of its connection overrides; return the last answer."""
        overrides = Overrides.of(webhook.url)
        deadline = asyncio.get_running_loop().time() + overrides.total
        for attempt in range(1, overrides.retries + 2):
            answer = await self.attempt(webhook, overrides, deadline)
            self.note(Delivery.of(webhook, attempt, answer), answer)
            if not overrides.retry(answer.failure) or asyncio.get_running_loop().time() >= deadline:
                break
        return answer

    async def attempt(self, webhook: Webhook, overrides: Overrides, deadline: float) -> Answer:
        """Make one attempt and follow redirects; never raise for errors of the network or the app."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout_at(deadline):
                answer = await self.follow(webhook, overrides)
        except aiohttp.ClientConnectorDNSError:
            answer = Answer(failure="ct", code=11210, detail="the host name could not be resolved")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            answer = Answer(failure="ct", code=11205, detail=f"no connection: {type(error).__name__}")
        except TimeoutError:
            answer = Answer(failure="rt", code=11200, detail=f"no answer within {overrides.read:g} s")
        except aiohttp.ClientResponseError as error:
            words = " ".join(error.message.split())
            answer = Answer(
                failure="rt", code=11206, detail=f"the answer is not valid HTTP, or a 204 with a body: {words}"
            )
        except (aiohttp.ClientError, ConnectionError, ValueError) as error:
            answer = Answer(failure="rt", code=11200, detail=f"the connection broke: {type(error).__name__}")
        return replace(answer, seconds=loop.time() - started)

    async def follow(self, webhook: Webhook, overrides: Overrides) -> Answer:
        """Send the request, and follow redirects as Twilio does: with GET, and without the form."""
        redirects: list[int] = []
        while len(redirects) < 10:
            async with self.request(webhook, overrides) as response:
                if response.status in (301, 302, 303, 307, 308) and "Location" in response.headers:
                    redirects.append(response.status)
                    url = urljoin(webhook.target, response.headers["Location"])
                    webhook = replace(webhook, url=url, method="GET", form=())
                    continue
                body = await response.content.read(TOO_LARGE + 1)
                while len(body) <= TOO_LARGE and (more := await response.content.read(TOO_LARGE + 1)):
                    body += more
                failure = f"{response.status // 100}xx" if response.status >= 400 else ""
                return Answer(
                    status=response.status,
                    content_type=response.headers.get("Content-Type", "").partition(";")[0].strip().lower(),
                    body=body,
                    declared_length=response.content_length or 0,
                    redirects=tuple(redirects),
                    failure=failure,
                    code=11200 if failure else None,
                    detail=f"answered {response.status}" if failure else "",
                    logged_errors=tuple(map(unquote, response.headers.getall("X-Logged-Errors", ()))),
                )
        return Answer(redirects=tuple(redirects), failure="rt", code=11215, detail="too many redirects")

    def request(self, webhook: Webhook, overrides: Overrides) -> "aiohttp.client._RequestContextManager":
        """Return the signed request. The address is sent exactly as it was signed."""
        headers = {
            "X-Twilio-Signature": webhook.signature(self.auth_token),
            "I-Twilio-Idempotency-Token": webhook.token,
        }
        if webhook.method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        return self.session.request(
            webhook.method,
            URL(webhook.target, encoded=True),
            data=urlencode(webhook.form).encode() if webhook.method == "POST" else None,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=overrides.connect, sock_read=overrides.read),
        )

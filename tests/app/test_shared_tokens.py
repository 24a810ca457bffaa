"""The identity's tokens for storage, with Azure's own library and a local managed identity endpoint."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import DefaultAzureCredential

from shared.storage.table_client import SharedTokens
from shared.time_limit import time_limit, within

SCOPE = "https://storage.azure.com/.default"


@dataclass
class Identity:
    """The endpoint, as App Service has it: https://learn.microsoft.com/azure/app-service/overview-managed-identity."""

    requests: int = 0
    failures: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        """Answer with a new token after a moment, or with an error."""
        self.requests += 1
        await asyncio.sleep(0.2)
        if self.requests <= self.failures:
            return web.json_response({"error": "invalid_request"}, status=400)
        token = {"access_token": f"token-{self.requests}", "expires_on": str(int(time.time()) + 3600)}
        return web.json_response({**token, "resource": request.query["resource"], "token_type": "Bearer"})

    async def serve(self) -> tuple[web.AppRunner, int]:
        """Listen on a free port."""
        app = web.Application()
        app.router.add_get("/token", self.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner, runner.addresses[0][1]


Story = Callable[[SharedTokens], Coroutine[Any, Any, Any]]


def run(identity: Identity, monkeypatch: pytest.MonkeyPatch, story: Story) -> Any:
    """Run a story with the app's tokens from this endpoint."""

    async def with_tokens() -> Any:
        runner, port = await identity.serve()
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{port}/token")
        monkeypatch.setenv("IDENTITY_HEADER", "secret")
        async with SharedTokens(DefaultAzureCredential()) as tokens:
            result = await story(tokens)
        await runner.cleanup()
        return result

    return asyncio.run(with_tokens())


def test_operations_at_the_same_time_share_one_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all tables: they have one credential."""
    identity = Identity()

    async def story(tokens: SharedTokens) -> set[str]:
        return {token.token for token in await asyncio.gather(*(tokens.get_token(SCOPE) for _ in range(20)))}

    assert run(identity, monkeypatch, story) == {"token-1"}
    assert identity.requests == 1


def test_a_token_arrives_even_if_the_operation_that_asked_is_out_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next operation has it, and does not begin from the start."""
    identity = Identity()

    async def story(tokens: SharedTokens) -> str:
        with pytest.raises(TimeoutError), time_limit(0.05):
            async with within(1):
                await tokens.get_token(SCOPE)
        return (await tokens.get_token(SCOPE)).token

    assert run(identity, monkeypatch, story) == "token-1"
    assert identity.requests == 1


def test_a_token_that_did_not_arrive_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the next operation."""
    identity = Identity(failures=1)

    async def story(tokens: SharedTokens) -> str:
        with pytest.raises(ClientAuthenticationError):
            await tokens.get_token(SCOPE)
        return (await tokens.get_token(SCOPE)).token

    assert run(identity, monkeypatch, story) == "token-2"

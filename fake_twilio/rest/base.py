"""What all routes of the REST API share: authorization, answers, errors, and failures on purpose."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import web

from fake_twilio.form import Form
from fake_twilio.model.call import Call
from fake_twilio.model.caller_id import Verification
from fake_twilio.model.message import Message
from fake_twilio.rest.errors import TwilioError
from fake_twilio.rest_failures import RestFailure
from fake_twilio.simulator import Simulator

ROOT = "/2010-04-01/Accounts/{account}"
dumps = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True)
class RestRequest:
    """One request that the API accepted."""

    method: str
    path: str
    form: list[tuple[str, str]]
    """The parameters: of the query for a GET, of the body for a POST or PATCH."""


Handle = Callable[[web.Request, Form], Awaitable[web.StreamResponse]]
Run = Callable[[], Coroutine[Any, Any, None]]
Made = tuple[Call | Message | Verification, Run]


async def begin(answered: asyncio.Event, run: Run) -> None:
    """Start the lifecycle of a call or message once its create has been answered."""
    await answered.wait()
    await run()


class Rest:
    """Wraps the handlers of all routes, and answers for them."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.concurrent = 0
        self.authorizations = {simulator.account.by_key, simulator.account.by_token}

    def route(self, handle: Handle) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Wrap a handler: authorization, latency, errors, headers."""

        async def handler(request: web.Request) -> web.StreamResponse:
            self.concurrent += 1
            try:
                return await self.answer(request, handle)
            finally:
                self.concurrent -= 1

        return handler

    async def answer(self, request: web.Request, handle: Handle) -> web.StreamResponse:
        """Return the answer of `handle`, or Twilio's error."""
        try:
            writes = request.method in ("POST", "PATCH")
            body = (await request.read()).decode("utf-8", "replace") if writes else ""
            if self.simulator.options.latency:
                await asyncio.sleep(self.simulator.options.latency)
            if request.headers.get("Authorization") not in self.authorizations:
                raise TwilioError(20003)
            account = self.simulator.account.sid
            if request.match_info.get("account", account) != account:
                raise TwilioError(20404, request.path)
            form = Form.parse(body if writes else request.rel_url.raw_query_string)
            self.simulator.requests.append(RestRequest(request.method, request.path, form.pairs))
            self.simulator.changes.tell()
            return await handle(request, form)
        except TwilioError as error:
            return self.refuse(error)

    def respond(self, body: dict[str, Any], status: int = 200) -> web.Response:
        """Return a JSON answer with the headers that Twilio sends."""
        return web.Response(
            text=dumps(body),
            status=status,
            content_type="application/json",
            headers={
                "Twilio-Request-Id": f"RQ{uuid4().hex}",
                "Twilio-Concurrent-Requests": str(self.concurrent),
            },
        )

    def refuse(self, error: TwilioError) -> web.Response:
        """Return Twilio's error as an answer."""
        response = self.respond(error.body(), error.status)
        if error.status == 401:
            response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
        return response

    def note_unknown(self, names: list[str], resource: str) -> None:
        """Report unknown parameters, which Twilio ignores silently."""
        for name in dict.fromkeys(names):
            self.simulator.faults.add(None, None, f"{resource}: Twilio ignores the unknown parameter {name!r}")

    async def create(self, request: web.Request, make: Callable[[], Made], status: int = 201) -> web.StreamResponse:
        """Answer a create. The lifecycle starts when the answer is sent, or before it where chaos says so."""
        failure = self.simulator.rest_failures.next()
        if failure and failure.kind != "late" and not failure.accepted:
            return await self.fail(request, failure)
        resource, run = make()
        body = resource.to_json()
        if not self.simulator.options.life:
            return self.respond(body, status)
        answered = asyncio.Event()
        self.simulator.tasks.spawn(begin(answered, run))
        if self.simulator.options.chaos and self.simulator.options.chaos.early(resource.number):
            answered.set()
            await self.first_callback(resource.sid)
        if failure and failure.kind == "late":
            await asyncio.sleep(failure.seconds)
        elif failure:
            answered.set()
            return await self.fail(request, failure)
        response = self.respond(body, status)
        # The client may have disconnected; the call or message exists all the same.
        with suppress(ConnectionError):
            await response.prepare(request)
            await response.write_eof()
        answered.set()
        return response

    async def first_callback(self, sid: str) -> None:
        """Wait up to half a second until the first callback of `sid` has been delivered."""
        queue = self.simulator.sender.queue(sid)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await queue.first_delivered.wait()

    async def fail(self, request: web.Request, failure: RestFailure) -> web.StreamResponse:
        """Answer with a failure on purpose."""
        if failure.kind == "hang":
            await self.simulator.rest_failures.over.wait()
        if failure.kind in ("hang", "drop"):
            if request.transport:
                request.transport.abort()
            return web.Response()
        response = self.refuse(TwilioError({429: 20429, 500: 20500}.get(int(failure.kind), 20503)))
        if failure.retry_after is not None:
            response.headers["Retry-After"] = failure.retry_after
        return response

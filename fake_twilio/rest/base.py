"""Twilio's REST API: who may come in, what an answer looks like, what happens when Twilio has a bad moment."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import web

from fake_twilio.chaos import RestFailure
from fake_twilio.form import Form
from fake_twilio.model.call import Call
from fake_twilio.model.message import Message
from fake_twilio.rest.errors import TwilioError
from fake_twilio.simulator import Simulator

ROOT = "/2010-04-01/Accounts/{account}"


dumps = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True)
class RestRequest:
    """One request as the API saw it."""

    method: str
    path: str
    form: list[tuple[str, str]]
    """The parameters, of the query for a GET, of the body for a POST or PATCH."""


Handle = Callable[[web.Request, Form], Awaitable[web.StreamResponse]]


Run = Callable[[], Coroutine[Any, Any, None]]


Made = tuple[Call | Message, Run]


async def begin(answered: asyncio.Event, run: Run) -> None:
    """A life begins when its create has been answered."""
    await answered.wait()
    await run()


class Rest:
    """What all routes have in common."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.concurrent = 0
        self.authorizations = {simulator.account.by_key, simulator.account.by_token}

    def route(self, handle: Handle) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Wrap a handler: authorisation, latency, errors, headers."""

        async def handler(request: web.Request) -> web.StreamResponse:
            self.concurrent += 1
            try:
                return await self.answer(request, handle)
            finally:
                self.concurrent -= 1

        return handler

    async def answer(self, request: web.Request, handle: Handle) -> web.StreamResponse:
        """The answer of `handle`, or Twilio's refusal."""
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
        """JSON with the headers that Twilio sends."""
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
        """Twilio's error as an answer."""
        response = self.respond(error.body(), error.status)
        if error.status == 401:
            response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
        return response

    def note_unknown(self, names: list[str], resource: str) -> None:
        """Twilio ignores parameters it does not know; we want to hear of them."""
        for name in dict.fromkeys(names):
            self.simulator.faults.add(None, None, f"{resource}: Twilio ignores the unknown parameter {name!r}")

    async def create(self, request: web.Request, make: Callable[[], Made]) -> web.StreamResponse:
        """Answer a create. What was made comes to life when the answer is out, or before it when chaos wants that."""
        failure = self.simulator.rest_failures.next()
        if failure and failure.kind != "late" and not failure.accepted:
            return await self.suffer(request, failure)
        resource, run = make()
        body = resource.to_json()
        if not self.simulator.options.life:
            return self.respond(body, 201)
        answered = asyncio.Event()
        self.simulator.tasks.spawn(begin(answered, run))
        if self.simulator.options.chaos and self.simulator.options.chaos.early(resource.number):
            answered.set()
            await self.first_callback(resource.sid)
        if failure and failure.kind == "late":
            await asyncio.sleep(failure.seconds)
        elif failure:
            answered.set()
            return await self.suffer(request, failure)
        response = self.respond(body, 201)
        # Whoever asked may have gone away meanwhile; what was made lives on all the same.
        with suppress(ConnectionError):
            await response.prepare(request)
            await response.write_eof()
        answered.set()
        return response

    async def first_callback(self, sid: str) -> None:
        """Wait for the first callback of `sid` to be delivered; there may be none for a while, or at all."""
        postbox = self.simulator.sender.queue(sid)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await postbox.first_delivered.wait()

    async def suffer(self, request: web.Request, failure: RestFailure) -> web.StreamResponse:
        """Answer as Twilio does on a bad day."""
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

"""The phones page: its files, its events, and what its buttons do."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from .call import Call
from .exchange import Exchange
from .phones_state import state

PAGE = Path(__file__).parent / "phones"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
"""Content types of the page's files: what the machine's own registry says of them cannot be relied upon."""
SECONDS_BETWEEN_EVENTS = 0.05
KEYS = frozenset("0123456789*#ABCDabcd")


class PhonesApi:
    """Routes under `/_phones`, and the files."""

    def __init__(self, exchange: Exchange, app_url: str) -> None:
        self.exchange = exchange
        self.app_url = app_url
        self.closing = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        phone = "/_phones/{number}"
        return [
            web.get("/", self.file),
            web.get(r"/{name:[a-z]+\.(?:html|css|js)}", self.file),
            web.get("/_phones/events", self.events),
            web.post(f"{phone}/answer", self.answer),
            web.post(f"{phone}/decline", self.decline),
            web.post(f"{phone}/hangup", self.hang_up),
            web.post(f"{phone}/digits", self.digits),
            web.post(f"{phone}/reachable", self.reachable),
        ]

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A file of the page."""
        path = PAGE / request.match_info.get("name", "index.html")
        if not path.is_file():
            raise web.HTTPNotFound
        content_type = f"{TYPES[path.suffix]}; charset=utf-8"
        return web.FileResponse(path, headers={"Content-Type": content_type, "Cache-Control": "no-cache"})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """The whole state at once and after each change, twenty times a second at most."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        with suppress(ConnectionError):
            while not self.closing.is_set():
                seen = self.exchange.changes.count
                text = json.dumps(state(self.exchange, self.app_url), separators=(",", ":"))
                await response.write(f"data: {text}\n\n".encode())
                await asyncio.sleep(SECONDS_BETWEEN_EVENTS)
                await self.exchange.changes.after(seen)
        return response

    def close(self) -> None:
        """Let the streams end."""
        self.closing.set()
        self.exchange.changes.tell()

    def current_call(self, request: web.Request) -> Call:
        """The phone's call; 409 when there is none."""
        phone = self.exchange.phones.by_number.get(request.match_info["number"])
        call = phone.current_call() if phone else None
        if call is None:
            raise conflict("This phone has no call now.")
        return call

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Pick up."""
        call = self.current_call(request)
        if call.status != "ringing" or not call.decide("in-progress"):
            raise conflict("This phone is not ringing.")
        return web.Response(status=204)

    async def decline(self, request: web.Request) -> web.StreamResponse:
        """Refuse: the caller is told that the line is busy."""
        call = self.current_call(request)
        if call.status != "ringing" or not call.decide("busy"):
            raise conflict("This phone is not ringing.")
        return web.Response(status=204)

    async def hang_up(self, request: web.Request) -> web.StreamResponse:
        """End the call."""
        call = self.current_call(request)
        if call.status != "in-progress":
            raise conflict("Nobody is on the line.")
        call.interrupt(None)
        return web.Response(status=204)

    async def digits(self, request: web.Request) -> web.StreamResponse:
        """Press keys during a call."""
        keys = (await json_object(request)).get("digits")
        if not isinstance(keys, str) or not keys or not KEYS.issuperset(keys):
            raise bad_request("digits: expected some of 0123456789*#ABCD")
        call = self.current_call(request)
        if call.status != "in-progress":
            raise conflict("Nobody is on the line.")
        call.press(keys)
        self.exchange.changes.tell()
        return web.Response(status=204)

    async def reachable(self, request: web.Request) -> web.StreamResponse:
        """Switch the phone off or on."""
        reachable = (await json_object(request)).get("reachable")
        if not isinstance(reachable, bool):
            raise bad_request("reachable: expected true or false")
        self.exchange.phones.at(request.match_info["number"]).reachable = reachable
        self.exchange.changes.tell()
        return web.Response(status=204)


async def json_object(request: web.Request) -> dict[str, Any]:
    """The body; 400 when it is no JSON object."""
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise bad_request("expected a JSON object")
    return body


def conflict(detail: str) -> web.HTTPConflict:
    """409: not now."""
    return web.HTTPConflict(text=json.dumps({"detail": detail}), content_type="application/json")


def bad_request(detail: str) -> web.HTTPBadRequest:
    """400: not like this."""
    return web.HTTPBadRequest(text=json.dumps({"detail": detail}), content_type="application/json")

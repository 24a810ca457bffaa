"""The phones page: its files, its event stream, and its buttons."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from fake_twilio.addresses import is_url, sid_pattern
from fake_twilio.model.call import Call
from fake_twilio.phones.actions import (
    InvalidAction,
    NotPossibleNow,
    call_from,
    clear_thread,
    close_phone,
    is_live,
    name_phone,
    rings,
    text_from,
)
from fake_twilio.phones.state import state, webhook_in_full
from fake_twilio.simulator import Simulator
from fake_twilio.webhooks.webhook import Delivery

PAGE = Path(__file__).parent / "page"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
"""Content types of the page's files. The registry of a machine may have others."""

SECONDS_BETWEEN_EVENTS = 0.05
FORGOTTEN = "This webhook has been forgotten."
KEYS = frozenset("0123456789*#ABCDabcd")
Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PhonesApi:
    """The routes under `/_phones`, and the page's files."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.app_key = simulator.options.app_key
        self.closing = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        phone = "/_phones/{number}"
        return [
            web.get("/", self.file),
            web.get(r"/{name:[a-z]+\.(?:html|css|js)}", self.file),
            web.get("/_phones/events", self.events),
            web.get(f"/_phones/recordings/{{sid:{sid_pattern('RE')}}}.wav", self.recording),
            web.get(r"/_phones/webhooks/{id:\d{1,9}}", self.webhook),
            web.post(r"/_phones/webhooks/{id:\d{1,9}}/replay", act(self.replay)),
            web.post("/_phones", act(self.name)),
            web.post(f"{phone}/close", act(self.close_phone)),
            web.post(f"{phone}/clear", act(self.clear)),
            web.post(f"{phone}/call", act(self.call)),
            web.post(f"{phone}/text", act(self.text)),
            web.post(f"{phone}/answer", act(self.answer)),
            web.post(f"{phone}/decline", act(self.decline)),
            web.post(f"{phone}/hangup", act(self.hang_up)),
            web.post(f"{phone}/digits", act(self.digits)),
            web.post(f"{phone}/speech", act(self.speech)),
            web.post(f"{phone}/reachable", act(self.reachable)),
        ]

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Serve a file of the page."""
        path = PAGE / request.match_info.get("name", "index.html")
        if not path.is_file():
            raise web.HTTPNotFound
        content_type = f"{TYPES[path.suffix]}; charset=utf-8"
        return web.FileResponse(path, headers={"Content-Type": content_type, "Cache-Control": "no-cache"})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Stream the whole state now and after each change, at most twenty times a second."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        with suppress(ConnectionError):
            while not self.closing.is_set():
                seen = self.simulator.changes.count
                text = json.dumps(state(self.simulator, self.app_key), separators=(",", ":"))
                await response.write(f"data: {text}\n\n".encode())
                await asyncio.sleep(SECONDS_BETWEEN_EVENTS)
                await self.simulator.changes.after(seen)
        return response

    def close(self) -> None:
        """End the event streams."""
        self.closing.set()
        self.simulator.changes.tell()

    async def recording(self, request: web.Request) -> web.StreamResponse:
        """Serve a recording to the page; the REST route needs a password."""
        recording = self.simulator.recordings.get(request.match_info["sid"])
        if recording is None or not recording.ended:
            raise web.HTTPNotFound
        return web.Response(body=recording.audio(), content_type="audio/wav")

    async def webhook(self, request: web.Request) -> web.StreamResponse:
        """Serve the request and the answer of one webhook attempt."""
        delivery = self.delivery(request)
        if delivery is None:
            return web.json_response({"detail": FORGOTTEN}, status=404)
        return web.json_response(webhook_in_full(delivery, self.simulator.account.auth_token))

    async def replay(self, request: web.Request) -> web.StreamResponse:
        """Send a webhook again, signed, with the token of the first time; whatever the app answers is only listed."""
        delivery = self.delivery(request)
        if delivery is None:
            raise NotPossibleNow(FORGOTTEN)
        await self.simulator.sender.send(delivery.webhook)
        return web.Response(status=204)

    def delivery(self, request: web.Request) -> Delivery | None:
        """Return the webhook attempt that the path names."""
        wanted = int(request.match_info["id"])
        return next((one for one in reversed(self.simulator.sender.deliveries) if one.id == wanted), None)

    async def close_phone(self, request: web.Request) -> web.StreamResponse:
        """Take a phone off the page."""
        close_phone(self.simulator, request.match_info["number"])
        return web.Response(status=204)

    async def clear(self, request: web.Request) -> web.StreamResponse:
        """Clear the thread of a phone."""
        clear_thread(self.simulator, request.match_info["number"])
        return web.Response(status=204)

    async def name(self, request: web.Request) -> web.StreamResponse:
        """Add a phone."""
        name_phone(self.simulator, await text_field(request, "number"))
        return web.Response(status=201)

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Call one of the account's numbers."""
        call = call_from(self.simulator, request.match_info["number"], await text_field(request, "to"))
        return web.json_response({"sid": call.sid}, status=201)

    async def text(self, request: web.Request) -> web.StreamResponse:
        """Send a message to one of the account's numbers."""
        fields = await json_object(request)
        body, media = fields.get("body", ""), fields.get("media", [])
        if not isinstance(body, str):
            raise InvalidAction("body: expected text")
        if not (isinstance(media, list) and all(isinstance(one, str) and is_url(one) for one in media)):
            raise InvalidAction("media: expected a list of addresses")
        to = await text_field(request, "to")
        message = text_from(self.simulator, request.match_info["number"], to, body, media)
        return web.json_response({"sid": message.sid}, status=201)

    async def find(self, request: web.Request, fits: Callable[[Call, str], bool], otherwise: str) -> Call:
        """Return the call with this SID, else the newest that fits; raise NotPossibleNow if there is none."""
        number = request.match_info["number"]
        sid = (await json_object(request)).get("sid") if request.body_exists else None
        phone = self.simulator.phones.by_number.get(number)
        for call in reversed(phone.calls if phone else ()):
            if fits(call, number) and (sid is None or call.sid == sid):
                return call
        raise NotPossibleNow(otherwise)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a call."""
        return await self.decide(request, "in-progress")

    async def decline(self, request: web.Request) -> web.StreamResponse:
        """Decline a call: it ends as busy."""
        return await self.decide(request, "busy")

    async def decide(self, request: web.Request, outcome: str) -> web.StreamResponse:
        """End the ringing."""
        call = await self.find(request, rings, "This phone is not ringing.")
        if not call.decide(outcome):
            raise NotPossibleNow("This phone is not ringing.")
        return web.Response(status=204)

    async def hang_up(self, request: web.Request) -> web.StreamResponse:
        """End the call."""
        (await self.find(request, is_live, "Nobody is on the line.")).interrupt(None)
        return web.Response(status=204)

    async def digits(self, request: web.Request) -> web.StreamResponse:
        """Press keys during a call."""
        keys = await text_field(request, "digits")
        if not KEYS.issuperset(keys):
            raise InvalidAction("digits: expected some of 0123456789*#ABCD")
        (await self.find(request, in_progress, "Nobody is on the line.")).press(keys)
        self.simulator.changes.tell()
        return web.Response(status=204)

    async def speech(self, request: web.Request) -> web.StreamResponse:
        """Say something during a call."""
        words = await text_field(request, "text")
        call = await self.find(request, in_progress, "Nobody is on the line.")
        if not call.speak(words):
            raise NotPossibleNow("Nothing listens to speech now.")
        self.simulator.changes.tell()
        return web.Response(status=204)

    async def reachable(self, request: web.Request) -> web.StreamResponse:
        """Switch the phone off or on."""
        reachable = (await json_object(request)).get("reachable")
        if not isinstance(reachable, bool):
            raise InvalidAction("reachable: expected true or false")
        self.simulator.phones.at(request.match_info["number"]).reachable = reachable
        self.simulator.changes.tell()
        return web.Response(status=204)


def in_progress(call: Call, number: str) -> bool:
    """Tell whether a call can receive keys and words."""
    return call.status == "in-progress"


def act(handle: Handle) -> Handle:
    """Answer an impossible action with the reason: 409 if it may be possible later, else 400."""

    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            return await handle(request)
        except NotPossibleNow as error:
            return web.json_response({"detail": str(error)}, status=409)
        except InvalidAction as error:
            return web.json_response({"detail": str(error)}, status=400)

    return handler


async def json_object(request: web.Request) -> dict[str, Any]:
    """Return the JSON object in the body."""
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise InvalidAction("expected a JSON object")
    return body


async def text_field(request: web.Request, name: str) -> str:
    """Return a text field of the body."""
    value = (await json_object(request)).get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidAction(f"{name}: expected text")
    return value.strip()

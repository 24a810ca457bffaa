"""The WebSocket `/signal`, to which Twilio's Voice SDK connects: text frames of JSON, and a heartbeat."""

import asyncio
import json
from contextlib import suppress

from aiohttp import WSMsgType, web

from fake_twilio.clients.device import Device, Payload
from fake_twilio.simulator import Simulator

HEARTBEAT_SECONDS = 10.0
"""The SDK gives a connection up after 15 seconds without a frame."""
VERSION = "1.6"


class Signal:
    """The route."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.devices: list[Device] = []
        self.sockets: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return the route."""
        return [web.get("/signal", self.serve)]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one device until its connection ends."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        frames: asyncio.Queue[str] = asyncio.Queue()

        def send(kind: str, payload: Payload) -> None:
            frames.put_nowait(json.dumps({"type": kind, "version": VERSION, "payload": payload}))

        device = Device(self.simulator, self.devices, send)
        self.devices.append(device)
        self.sockets.add(socket)
        tasks = [asyncio.ensure_future(doing) for doing in (write(socket, frames), self.follow(device))]
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    receive(device, message.data)
        finally:
            for task in tasks:
                task.cancel()
            self.sockets.discard(socket)
            device.leave()
        return socket

    async def follow(self, device: Device) -> None:
        """Tell a device every change."""
        while True:
            seen = self.simulator.changes.count
            device.tell_changes()
            await self.simulator.changes.after(seen)

    async def close(self) -> None:
        """End all connections."""
        for socket in list(self.sockets):
            await socket.close()


def receive(device: Device, text: str) -> None:
    """Pass a frame on; what is no message is ignored, the answer to a heartbeat included."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(message, dict) and isinstance(message.get("payload", {}), dict):
        device.receive(str(message.get("type")), message.get("payload", {}))


async def write(socket: web.WebSocketResponse, frames: asyncio.Queue[str]) -> None:
    """Send frames, and a heartbeat when there are none."""
    with suppress(ConnectionError):
        while True:
            try:
                frame = await asyncio.wait_for(frames.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                frame = "\n"
            await socket.send_str(frame)

"""A browser with Twilio's Voice SDK in a test, without the browser: `fake.softphone(token).register()`."""

import asyncio
import json
from typing import Any, Self
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp

from fake_twilio.testing.simulator_thread import SimulatorThread

OFFER = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0 101\r\na=mid:0\r\na=rtpmap:101 telephone-event/8000\r\n"


class Softphone:
    """One device. A call is named by the SID that the last message about one had."""

    def __init__(self, thread: SimulatorThread, token: str) -> None:
        self.thread = thread
        self.token = token
        self.call_sid = ""
        self.connect()
        self.listen(token)

    def connect(self) -> None:
        """Open the connection, also again."""

        async def open_it() -> None:
            self.session = aiohttp.ClientSession()
            self.socket = await self.session.ws_connect(f"{self.thread.url}/signal")

        self.thread.wait(open_it())

    def listen(self, token: str) -> None:
        """Send a token, the first or a new one."""
        self.send("listen", token=token)

    def send(self, kind: str, **payload: Any) -> None:
        """Send a message."""
        self.thread.wait(self.socket.send_str(json.dumps({"type": kind, "version": "1.6", "payload": payload})))

    def wait_for(self, kind: str, timeout: float = 5.0) -> dict[str, Any]:
        """Return the payload of the next message of this kind; those before it are skipped."""

        async def next_one() -> dict[str, Any]:
            async with asyncio.timeout(timeout):
                while True:
                    message = json.loads((await self.socket.receive_str()).strip() or "{}")
                    if message.get("type") == kind:
                        return dict(message["payload"])

        try:
            found = self.thread.wait(next_one())
        except TimeoutError:
            raise AssertionError(f"waited {timeout:g} s for {kind!r}\n{self.thread.story()}") from None
        self.call_sid = found.get("callsid", self.call_sid)
        return found

    def register(self) -> Self:
        """Register for calls."""
        self.send("register", media={"audio": True})
        self.wait_for("ready")
        return self

    def call(self, to: str = "", **parameters: str) -> None:
        """Place a call with the page's parameters."""
        self.call_sid = f"TJS{uuid4()}"
        params = urlencode({**({"To": to} if to else {}), **parameters})
        self.send("invite", callsid=self.call_sid, sdp=OFFER, twilio={"params": params})

    def wait_for_call(self) -> dict[str, Any]:
        """Return the next call that rings."""
        return self.wait_for("invite")

    def answer(self) -> None:
        """Answer it."""
        self.send("answer", callsid=self.call_sid, sdp=OFFER)

    def reject(self) -> None:
        """Decline it."""
        self.send("reject", callsid=self.call_sid)

    def press(self, keys: str) -> None:
        """Press keys during a call."""
        self.send("dtmf", callsid=self.call_sid, dtmf=keys)

    def hang_up(self) -> None:
        """End a call."""
        self.send("hangup", callsid=self.call_sid)

    def close(self) -> None:
        """Close the connection."""
        self.thread.wait(self.socket.close())
        self.thread.wait(self.session.close())

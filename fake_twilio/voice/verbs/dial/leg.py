"""The other leg of a Dial: a call to another phone, from ringing to the end."""

import asyncio
from collections.abc import Callable

from fake_twilio.dates import now
from fake_twilio.model.bridge import Bridge
from fake_twilio.model.call import Call
from fake_twilio.twiml.source import Source
from fake_twilio.voice.allowed_verbs import BEFORE_CONNECTING
from fake_twilio.voice.interpreter import interpret, talk, until_interrupted
from fake_twilio.voice.ringing import ring
from fake_twilio.voice.session import Session
from fake_twilio.voice.status import detect_machine, finish, pick_up


class Leg:
    """One phone that a Dial rings. `tell` is called when it is ready to be connected, and when it has ended."""

    def __init__(self, session: Session, call: Call, whisper: Source | None, tell: Callable[["Leg"], None]) -> None:
        self.session = session.beside(call, BEFORE_CONNECTING)
        self.call = call
        self.whisper = whisper
        self.tell = tell
        self.chosen: asyncio.Future[Bridge] = asyncio.get_running_loop().create_future()
        self.ready = False
        self.over = False
        self.status = ""

    @property
    def duration(self) -> int:
        """Seconds since the answer."""
        until = self.call.ended or now()
        return max(1, round((until - self.call.answered).total_seconds())) if self.call.answered else 0

    async def run(self) -> None:
        """Ring, run the document for the callee, wait to be connected, stay connected."""
        simulator, call = self.session.simulator, self.call
        self.status = await ring(simulator, call)
        if self.status != "in-progress":
            finish(simulator, call, self.status)
            self.leave()
            return
        pick_up(simulator, call)
        detect_machine(simulator, call)
        interruption = await until_interrupted(call, self.greet())
        # A callee who hangs up, or does not press the key, before being connected has not accepted the call.
        self.status = "no-answer"
        if not interruption and not self.session.hung_up:
            self.ready, self.status = True, "completed"
            self.tell(self)
            interruption = await until_interrupted(call, self.stay())
        if interruption and interruption.source:
            self.leave()
            await talk(Session(simulator, call, self.session.verbs), interruption.source)
        finish(simulator, call, "completed")
        self.leave()

    async def greet(self) -> None:
        """Press keys, and run the document for the callee."""
        digits = self.call.parameters.get("SendDigits")
        if digits:
            with self.session.step("Play", digits=digits, loop=1):
                await self.session.pass_time(0.5 * len(digits))
        if self.whisper:
            await interpret(self.session, self.whisper)

    async def stay(self) -> None:
        """Wait to be connected, and stay connected."""
        with self.session.simulator.idle.waiting(self.call):
            bridge = await self.chosen
        await self.session.stay_on(bridge)

    def connect(self, bridge: Bridge) -> None:
        """Connect this leg."""
        self.chosen.set_result(bridge)
        self.call.wake()

    def end(self) -> None:
        """Stop ringing, or hang up. A connected leg ends with its bridge."""
        if self.chosen.done():
            return
        if not self.call.decide("canceled") and not self.call.over:
            self.call.interrupt(None)

    def leave(self) -> None:
        """Leave the Dial."""
        if not self.over:
            self.over = True
            self.chosen.cancel()
            self.tell(self)

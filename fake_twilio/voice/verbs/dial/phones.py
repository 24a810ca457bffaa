"""Dial to phones: numbers, Voice SDK clients and SIP addresses, which are all phones on the page."""

import asyncio
from xml.etree.ElementTree import Element

from fake_twilio.model.bridge import Bridge
from fake_twilio.model.line import Step
from fake_twilio.runtime.idle_tracker import Wait
from fake_twilio.voice.session import Session
from fake_twilio.voice.verbs.attributes import flag, whole_number
from fake_twilio.voice.verbs.dial.leg import Leg
from fake_twilio.voice.verbs.dial.outcome import Outcome
from fake_twilio.voice.verbs.dial.recorder import Recorder
from fake_twilio.voice.verbs.dial.targets import Target, caller_id, leg_to, targets

MOST_PHONES = 10


async def dial_phones(session: Session, dial: Element, outcome: Outcome, recorder: Recorder, step: Step) -> None:
    """Ring the phones, in parallel or in sequence; the first to accept the call is connected."""
    phones = targets(session, dial)
    step.about["detail"] = " and ".join(phone.to for phone in phones) or "nobody"
    session.simulator.changes.tell()
    if len(phones) > MOST_PHONES:
        session.fault(None, f"Dial: {len(phones)} phones; at most {MOST_PHONES} can be rung in parallel")
        del phones[MOST_PHONES:]
    from_ = caller_id(session, dial, phones)
    if not phones or from_ is None:
        outcome.status = "failed"
        return
    hunt = Hunt(session, dial, from_)
    try:
        for batch in [[phone] for phone in phones] if flag(dial, "sequential") else [phones]:
            if leg := await hunt.ring(batch):
                await hunt.stay_connected(leg, outcome, recorder)
                return
    except asyncio.CancelledError:
        outcome.duration = hunt.duration
        raise
    finally:
        hunt.end()
        outcome.sid = hunt.sid
    outcome.status = hunt.failure()


class Hunt:
    """The legs of one Dial."""

    def __init__(self, session: Session, dial: Element, from_: str) -> None:
        self.session = session
        self.dial = dial
        self.from_ = from_
        self.legs: list[Leg] = []
        self.winner: Leg | None = None
        self.news: asyncio.Queue[Leg] = asyncio.Queue()
        self.waiting: Wait | None = None

    def tell(self, leg: Leg) -> None:
        """Report that a leg is ready to be connected, or has ended."""
        self.news.put_nowait(leg)
        if self.waiting:
            self.waiting.end()

    async def next(self) -> Leg:
        """Return the next leg that reports something."""
        if not self.news.empty():
            return self.news.get_nowait()
        with self.session.simulator.idle.waiting(self.session.call) as self.waiting:
            return await self.news.get()

    async def ring(self, phones: list[Target]) -> Leg | None:
        """Ring phones in parallel; return the first that accepts the call, and end the others."""
        legs = [leg_to(self.session, self.dial, phone, self.from_, self.tell) for phone in phones]
        self.legs += legs
        for leg in legs:
            self.session.simulator.tasks.spawn(leg.run())
        while not all(leg.over for leg in legs):
            leg = await self.next()
            if leg.ready and not leg.over:
                self.winner = leg
                for other in legs:
                    if other is not leg:
                        other.end()
                return leg
        return None

    async def stay_connected(self, leg: Leg, outcome: Outcome, recorder: Recorder) -> None:
        """Connect the caller to the leg that accepted, until one of them ends."""
        session = self.session
        session.pick_up()
        outcome.status, outcome.bridged = "completed", True
        recorder.begin("answer")
        bridge = Bridge(session.call, leg.call)
        leg.connect(bridge)
        limit = whole_number(self.dial, "timeLimit", 14400)
        await session.stay_on(bridge, seconds=limit, star=flag(self.dial, "hangupOnStar"))
        while not leg.over:
            await self.next()
        outcome.duration = leg.duration

    def end(self) -> None:
        """End all legs."""
        for leg in self.legs:
            leg.end()

    @property
    def sid(self) -> str:
        """The SID of the connected leg, else of the last one."""
        leg = self.winner or (self.legs[-1] if self.legs else None)
        return leg.call.sid if leg else ""

    @property
    def duration(self) -> int:
        """The duration of the connected leg."""
        return self.winner.duration if self.winner else 0

    def failure(self) -> str:
        """Return DialCallStatus for a Dial that reached nobody."""
        statuses = [leg.status for leg in self.legs]
        return next((status for status in ("no-answer", "busy", "failed") if status in statuses), "no-answer")

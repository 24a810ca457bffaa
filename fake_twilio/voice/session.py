"""What the verbs of TwiML work with: the call, its document's address, time, and requests to the app."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from .bridge import Bridge
from .call import Call, Source, Step
from .call_status import pick_up
from .callback import Callback
from .callbacks import Fields, call_fields
from .ears import Ears, Heard
from .exchange import Exchange
from .formats import now
from .race import first
from .twiml_check import Kind
from .webhook import Answer, Webhook


class HangUp(Exception):
    """The document has ended the call."""


class Session:
    """One call while its documents run."""

    kind: Kind = "voice"

    def __init__(self, exchange: Exchange, call: Call, verbs: "Mapping[str, Verb]") -> None:
        self.exchange = exchange
        self.call = call
        self.verbs = verbs
        self.document_url = ""
        """The address the running document came from; empty for one that came with the call itself."""
        self.hung_up = False
        """Whether the documents have ended the call."""
        self.only: frozenset[str] | None = None
        """The verbs that may be used, where not all of them may."""
        self.about: Callable[[], Fields] = tuple
        """What each request for a document says beyond the usual."""

    def beside(self, call: Call, only: frozenset[str] | None = None) -> "Session":
        """Another session, of the same call or of one that has to do with it; addresses are relative to the same."""
        session = Session(self.exchange, call, self.verbs)
        session.document_url, session.only = self.document_url, only
        return session

    @property
    def fallback(self) -> Source:
        """Where to ask for a document when one cannot be had."""
        parameters = self.call.parameters
        return Source(parameters.get("FallbackUrl"), parameters.get("FallbackMethod").upper() or "POST")

    @contextmanager
    def step(self, verb: str, **about: object) -> Iterator[Step]:
        """Show a verb on the phone for as long as it runs."""
        step = Step(verb, now(), about)
        self.call.steps.append(step)
        del self.call.steps[:-500]
        self.exchange.changes.tell()
        try:
            yield step
        finally:
            step.state = "done"
            self.exchange.changes.tell()

    async def pass_time(self, seconds: float) -> None:
        """Let a verb take its time."""
        await self.exchange.clock.human(seconds)

    async def rest(self) -> None:
        """Do nothing until somebody hangs up."""
        with self.exchange.work.resting(self.call):
            await asyncio.Event().wait()

    async def stay_on(self, bridge: Bridge, *, seconds: float | None = None, star: bool = False) -> None:
        """Stay connected until the other call ends, the time is over, or `*` is pressed where `star` is set."""
        line = self.call.line
        line.connected_to = [other.person for other in bridge.calls if other is not self.call]
        self.exchange.changes.tell()
        patience = None if seconds is None else self.exchange.clock.patience(seconds)
        try:
            with (
                self.listening(Ears("*" if star else "")) as ears,
                self.exchange.work.resting(self.call),
                suppress(TimeoutError),
            ):
                async with asyncio.timeout(patience):
                    await first(bridge.over.wait(), ears.something.wait())
        finally:
            line.connected_to = []
            bridge.end()
            self.exchange.changes.tell()

    def pick_up(self) -> None:
        """Answer an incoming call, if nobody has yet."""
        self.call.line.refusal = ""
        pick_up(self.exchange, self.call)

    @contextmanager
    def listening(self, ears: Ears, waiting_for: dict[str, Any] | None = None) -> Iterator[Ears]:
        """Hear what is pressed and said on the phone."""
        line = self.call.line
        before = line.ears, line.waiting_for
        line.ears, line.waiting_for = ears, waiting_for
        self.exchange.changes.tell()
        try:
            yield ears
        finally:
            line.ears, line.waiting_for = before
            self.exchange.changes.tell()

    async def listen(self, ears: Ears, seconds: float | None) -> Heard | None:
        """The next thing heard; None when a person has let so many seconds go by."""
        if not ears.heard.empty():
            return ears.heard.get_nowait()
        patience = None if seconds is None else self.exchange.clock.patience(seconds)
        with self.exchange.work.resting(self.call), suppress(TimeoutError):
            async with asyncio.timeout(patience):
                return await ears.heard.get()
        return None

    def fault(self, code: int | None, detail: str) -> None:
        """The document, or the app's answer, was wrong."""
        self.exchange.faults.add(self.call.sid, code, detail)

    def source(self, url: str, method: str, fields: Fields = ()) -> Source:
        """The document at `url`, which may be relative to the running one."""
        if not self.document_url and "://" not in url:
            # Nothing it could be relative to; this has been reported when the document was read.
            raise HangUp
        return Source(url=urljoin(self.document_url, url), method=method.upper() or "POST", fields=fields)

    def action(self, element: Element, fields: Fields) -> Source | None:
        """What the `action` of a verb leads to; None when it has none."""
        url = element.get("action", "").strip()
        return self.source(url, element.get("method", "POST"), fields) if url else None

    def callback(self, element: Element, name: str, *default: str) -> Callback:
        """The callback that the attributes `name`, `nameMethod` and `nameEvent` describe."""
        url = element.get(name, "").strip()
        if not url or not (self.document_url or "://" in url):
            return Callback()
        events = element.get(f"{name}Event", "").lower().split() or default
        method = element.get(f"{name}Method", "POST").upper()
        return Callback(urljoin(self.document_url, url), method, frozenset(events))

    def post(self, callback: Callback, event: str, fields: Fields, sid: str = "") -> None:
        """Tell the app of something."""
        webhook = Webhook(sid or self.call.sid, "status", event, callback.url, callback.method, fields)
        self.exchange.sender.post(webhook, self.call.number)

    def say_goodbye(self, find: Callable[[], Source | None]) -> None:
        """Ask for a document when the call is over: Twilio does, though nobody hears it any more."""
        with suppress(HangUp):
            if source := find():
                self.call.line.farewells.append(lambda: self.exchange.tasks.spawn(self.request(source)))

    async def request(self, source: Source, extra: Fields = ()) -> Answer:
        """Ask the app for a document."""
        fields = (*call_fields(self.call), *source.fields, *self.about(), *extra)
        webhook = Webhook(self.call.sid, "twiml", self.call.status, source.url, source.method, fields)
        with self.step("fetch", method=source.method, url=source.url, status=None, ms=None, signed=True) as step:
            answer = await self.exchange.sender.send(webhook)
            step.about.update(status=answer.status, ms=round(answer.seconds * 1000))
        return answer


Verb = Callable[[Session, Element], Awaitable[Source | None]]

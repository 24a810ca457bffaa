"""What verbs work with: the call, the document's address, time, and requests to the app."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from fake_twilio.dates import now
from fake_twilio.model.bridge import Bridge
from fake_twilio.model.call import Call
from fake_twilio.model.call_input import CallInput, Heard
from fake_twilio.model.line import Step
from fake_twilio.runtime.tasks import first
from fake_twilio.simulator import Simulator
from fake_twilio.twiml.check import Kind
from fake_twilio.twiml.source import Source
from fake_twilio.voice.request_fields import call_fields
from fake_twilio.voice.status import pick_up
from fake_twilio.webhooks.callback_settings import CallbackSettings
from fake_twilio.webhooks.fields import Fields
from fake_twilio.webhooks.webhook import Answer, Webhook


class HangUp(Exception):
    """The document has ended the call."""


class Session:
    """A call while its documents run."""

    kind: Kind = "voice"

    def __init__(self, simulator: Simulator, call: Call, verbs: "Mapping[str, Verb]") -> None:
        self.simulator = simulator
        self.call = call
        self.verbs = verbs
        self.document_url = ""
        """The address of the running document; empty for one that came with the call."""
        self.hung_up = False
        """Whether the documents have ended the call."""
        self.only: frozenset[str] | None = None
        """The allowed verbs; None if all are."""
        self.about: Callable[[], Fields] = tuple
        """Returns more parameters for each request of a document."""

    def beside(self, call: Call, only: frozenset[str] | None = None) -> "Session":
        """Return a new session for the same or a related call, with the same document address."""
        session = Session(self.simulator, call, self.verbs)
        session.document_url, session.only = self.document_url, only
        return session

    @property
    def fallback(self) -> Source:
        """The source of the fallback document."""
        parameters = self.call.parameters
        return Source(parameters.get("FallbackUrl"), parameters.get("FallbackMethod").upper() or "POST")

    @contextmanager
    def step(self, verb: str, **about: object) -> Iterator[Step]:
        """Show a verb on the phone for as long as it runs."""
        step = Step(verb, now(), about)
        self.call.line.steps.append(step)
        del self.call.line.steps[:-500]
        self.simulator.changes.tell()
        try:
            yield step
        finally:
            step.state = "done"
            self.simulator.changes.tell()

    async def pass_time(self, seconds: float) -> None:
        """Wait as long as a verb takes."""
        await self.simulator.pace.human(seconds)

    async def rest(self) -> None:
        """Wait until somebody hangs up."""
        with self.simulator.idle.waiting(self.call):
            await asyncio.Event().wait()

    async def stay_on(self, bridge: Bridge, *, seconds: float | None = None, star: bool = False) -> None:
        """Stay connected until the other call ends, the time is over, or `*` is pressed where `star` is set."""
        line = self.call.line
        line.connected_to = [other.person for other in bridge.calls if other is not self.call]
        self.simulator.changes.tell()
        patience = None if seconds is None else self.simulator.pace.patience(seconds)
        try:
            with (
                self.listening(CallInput("*" if star else "")) as call_input,
                self.simulator.idle.waiting(self.call),
                suppress(TimeoutError),
            ):
                async with asyncio.timeout(patience):
                    await first(bridge.over.wait(), call_input.something.wait())
        finally:
            line.connected_to = []
            bridge.end()
            self.simulator.changes.tell()

    def pick_up(self) -> None:
        """Answer an inbound call, unless it was answered."""
        self.call.line.refusal = ""
        pick_up(self.simulator, self.call)

    @contextmanager
    def listening(self, call_input: CallInput, waiting_for: dict[str, Any] | None = None) -> Iterator[CallInput]:
        """Accept input from the phone while the block runs."""
        line = self.call.line
        before = line.call_input, line.waiting_for
        line.call_input, line.waiting_for = call_input, waiting_for
        self.simulator.changes.tell()
        try:
            yield call_input
        finally:
            line.call_input, line.waiting_for = before
            self.simulator.changes.tell()

    async def listen(self, call_input: CallInput, seconds: float | None) -> Heard | None:
        """Return the next input; None after `seconds` without any."""
        if not call_input.heard.empty():
            return call_input.heard.get_nowait()
        patience = None if seconds is None else self.simulator.pace.patience(seconds)
        with self.simulator.idle.waiting(self.call), suppress(TimeoutError):
            async with asyncio.timeout(patience):
                return await call_input.heard.get()
        return None

    def fault(self, code: int | None, detail: str) -> None:
        """Report that the document, or the app's answer, was wrong."""
        self.simulator.faults.add(self.call.sid, code, detail)

    def source(self, url: str, method: str, fields: Fields = ()) -> Source:
        """Return the source at `url`, which may be relative to the running document."""
        if not self.document_url and "://" not in url:
            # It cannot be resolved; this was reported when the document was checked.
            raise HangUp
        return Source(url=urljoin(self.document_url, url), method=method.upper() or "POST", fields=fields)

    def action(self, element: Element, fields: Fields) -> Source | None:
        """Return the source that `action` names, or None without it."""
        url = element.get("action", "").strip()
        return self.source(url, element.get("method", "POST"), fields) if url else None

    def callback(self, element: Element, name: str, *default: str) -> CallbackSettings:
        """Return the callback settings in the attributes `name`, `nameMethod` and `nameEvent`."""
        url = element.get(name, "").strip()
        if not url or not (self.document_url or "://" in url):
            return CallbackSettings()
        events = element.get(f"{name}Event", "").lower().split() or default
        method = element.get(f"{name}Method", "POST").upper()
        return CallbackSettings(urljoin(self.document_url, url), method, frozenset(events))

    def post(self, callback: CallbackSettings, event: str, fields: Fields, sid: str = "") -> None:
        """Send a status callback."""
        webhook = Webhook(sid or self.call.sid, "status", event, callback.url, callback.method, fields)
        self.simulator.sender.post(webhook, self.call.number)

    def request_after_hangup(self, find: Callable[[], Source | None]) -> None:
        """Request a document after the end of the call: Twilio does, although nobody hears it."""
        with suppress(HangUp):
            if source := find():
                self.call.line.after_hangup.append(lambda: self.simulator.tasks.spawn(self.request(source)))

    async def request(self, source: Source, extra: Fields = ()) -> Answer:
        """Request a document from the app."""
        fields = (*call_fields(self.call), *source.fields, *self.about(), *extra)
        webhook = Webhook(self.call.sid, "twiml", self.call.status, source.url, source.method, fields)
        with self.step("fetch", method=source.method, url=source.url, status=None, ms=None, signed=True) as step:
            answer = await self.simulator.sender.send(webhook)
            step.about.update(status=answer.status, ms=round(answer.seconds * 1000))
        return answer


Verb = Callable[[Session, Element], Awaitable[Source | None]]

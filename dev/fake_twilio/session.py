"""What the verbs of TwiML work with: the call, its document's address, time, and requests to the app."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urljoin

from .call import Call, Source, Step
from .callbacks import call_fields
from .exchange import Exchange
from .formats import now
from .webhook import Answer, Webhook


class HangUp(Exception):
    """The document has ended the call."""


class Session:
    """One call while its documents run."""

    def __init__(self, exchange: Exchange, call: Call) -> None:
        self.exchange = exchange
        self.call = call
        self.document_url = ""
        """The address the running document came from; empty for one that came with the call itself."""

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

    def fault(self, code: int | None, detail: str) -> None:
        """The document, or the app's answer, was wrong."""
        self.exchange.faults.add(self.call.sid, code, detail)

    def source(self, url: str, method: str) -> Source:
        """The document at `url`, which may be relative to the running one."""
        if not self.document_url and "://" not in url:
            # Nothing it could be relative to; this has been reported when the document was read.
            raise HangUp
        return Source(url=urljoin(self.document_url, url), method=method.upper() or "POST")

    async def request(self, source: Source, extra: tuple[tuple[str, str], ...] = ()) -> Answer:
        """Ask the app for a document."""
        fields = (*call_fields(self.call), *extra)
        webhook = Webhook(self.call.sid, "twiml", self.call.status, source.url, source.method, fields)
        with self.step("fetch", method=source.method, url=source.url, status=None, ms=None) as step:
            answer = await self.exchange.client.send(webhook)
            step.about.update(status=answer.status, ms=round(answer.seconds * 1000))
        return answer

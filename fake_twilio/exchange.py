"""The telephone exchange: everything the fake knows, and the tasks that live in it."""

import asyncio
import traceback
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from .account import Account
from .audio import Audio, look_at
from .call import Call
from .changes import Changes
from .chaos import Chaos
from .clock import Clock
from .faults import Fault, Faults
from .formats import now
from .judge import SLOW, judge, judge_address
from .message import Message
from .messaging_services import MessagingService
from .opt_outs import OptOuts
from .owned_numbers import OwnedNumber
from .phone import Phones
from .postbox import Postbox
from .recording import Recording
from .standing import Standing
from .switchboard import Switchboard
from .trouble import Troubles
from .twiml_apps import TwimlApp
from .webhook import Answer, Delivery, Webhook
from .webhook_client import WebhookClient
from .work import Work

DEFAULT_APP_URL = "http://127.0.0.1:7071"


ERA: ContextVar[object] = ContextVar("ERA", default=None)
"""What goes on knows in which era it has begun; each time the exchange forgets everything another one begins."""


class Exchange:
    """State and tasks of one fake Twilio. Everything here happens on one event loop."""

    def __init__(
        self,
        account: Account,
        *,
        pace: float = 1.0,
        chaos: Chaos | None = None,
        autopilot: bool = False,
        life: bool = True,
        app_url: str = DEFAULT_APP_URL,
        slow: float = SLOW,
        on_fault: Callable[[Fault], None] = lambda fault: None,
    ) -> None:
        self.account = account
        self.clock = Clock(pace)
        self.chaos = chaos
        self.autopilot = autopilot
        self.life = life
        self.app_url = app_url
        self.slow = slow
        self.limit = 100_000 if life else 1000
        self.on_fault = on_fault
        self.base_url = ""
        self.changes = Changes()
        self.troubles = Troubles()
        self.set_up_account()
        self.tasks: set[asyncio.Task[None]] = set()
        self.forget()

    def set_up_account(self) -> None:
        """What was bought and set up at Twilio: it stays when calls and texts are forgotten."""
        sid, service = self.account.sid, self.account.messaging_service_sid
        self.standing = Standing()
        self.numbers = {number: OwnedNumber(number=number, account_sid=sid) for number in self.account.numbers}
        owned = [number.sid for number in self.numbers.values()]
        self.services = {service: MessagingService(service, sid, number_sids=owned)}
        self.twiml_apps: dict[str, TwimlApp] = {}

    def forget(self) -> None:
        """Start anew: no calls, no texts, no phones, no faults; what was going on stops."""
        self.stop()
        self.work = Work(self.changes)
        self.phones = Phones(self.autopilot)
        self.faults = Faults(self.note_fault)
        self.troubles.end()
        self.calls: dict[str, Call] = {}
        self.messages: dict[str, Message] = {}
        self.recordings: dict[str, Recording] = {}
        self.opt_outs = OptOuts()
        self.switchboard = Switchboard()
        self.postboxes: dict[str, Postbox] = {}
        self.heard: dict[str, Audio] = {}
        self.requests: deque[Any] = deque(maxlen=10_000 if self.life else 100)
        self.deliveries: deque[Delivery] = deque(maxlen=10_000)
        self.created = 0
        self.changes.tell()

    async def open(self) -> None:
        """Get ready to send webhooks."""
        self.client = WebhookClient(self.account.auth_token, self.note_delivery)

    async def close(self) -> None:
        """Stop all that is going on."""
        self.stop()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.client.close()

    def stop(self) -> None:
        """Stop what goes on. It ends as it would at a hang-up, but nobody hears of that."""
        self.era = object()
        for task in self.tasks:
            task.cancel()

    def spawn(self, doing: Coroutine[Any, Any, object]) -> None:
        """Let something happen on its own; it counts as going on until it ends."""
        if ERA.get() not in (None, self.era):
            doing.close()
            return
        # Entered here and not in the task: whoever asks the moment after must see it.
        going_on = self.work.going_on()
        going_on.__enter__()

        async def run() -> None:
            ERA.set(self.era)
            try:
                await doing
            except Exception as error:
                traceback.print_exc()
                self.faults.add(None, None, f"the fake Twilio itself failed: {error!r}")
            finally:
                going_on.__exit__(None, None, None)

        task = asyncio.get_running_loop().create_task(run())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def keep(self, kept: dict[str, Any], sid: str, resource: Call | Message) -> None:
        """Remember a resource, and no more than so many of its kind."""
        kept[sid] = resource
        if len(kept) > self.limit:
            oldest = next(iter(kept))
            del kept[oldest]
            self.postboxes.pop(oldest, None)

    def new_message(self, to: str, from_: str | None, body: str, media: list[str], **more: Any) -> Message:
        """Make a text and remember it: one with media has another kind of SID."""
        message = Message(
            sid=f"{'MM' if media else 'SM'}{uuid4().hex}",
            account_sid=self.account.sid,
            to=to,
            from_=from_,
            body=body,
            media=media,
            number=self.next_number(),
            **more,
        )
        self.keep(self.messages, message.sid, message)
        return message

    def keep_recording(self, call: Call, recording: Recording) -> None:
        """Remember a recording, with the call it is of."""
        call.line.recordings.append(recording)
        self.recordings[recording.sid] = recording
        if len(self.recordings) > 10_000:
            del self.recordings[next(iter(self.recordings))]
        self.changes.tell()

    async def audio(self, url: str) -> Audio:
        """What is at an address that a Play names. Like Twilio, it does not ask twice for what it has had."""
        if url not in self.heard:
            audio = await look_at(self.client.session, url)
            if audio.problem:
                return audio
            self.heard[url] = audio
        return self.heard[url]

    def next_number(self) -> int:
        """Calls and texts are numbered in the order they are created; chaos depends on it."""
        self.created += 1
        return self.created

    def post(self, webhook: Webhook, number: int, last: bool = False) -> None:
        """Send a callback, each of a call or text after the one before; or as chaos will have it."""
        postbox = self.postboxes.setdefault(webhook.sid, Postbox())
        if self.chaos:
            self.spawn(postbox.deliver_in_chaos(webhook, self.client.send, self.lose, self.chaos, number, last))
        else:
            self.spawn(postbox.deliver(webhook, self.client.send))

    def lose(self, webhook: Webhook) -> None:
        """Chaos has swallowed a callback; it is on the list, but not sent."""
        self.note_delivery(Delivery(now(), webhook, 0, None, 0, "lost on the way (chaos)"), None)

    def note_delivery(self, delivery: Delivery, answer: Answer | None) -> None:
        """Remember one try of a webhook, and what was wrong with its answer."""
        self.deliveries.append(delivery)
        if delivery.attempt == 1:
            for code, detail in judge_address(delivery.webhook):
                self.faults.add(delivery.webhook.sid, code, detail)
        if answer:
            for code, detail in judge(delivery.webhook, answer, self.slow):
                self.faults.add(delivery.webhook.sid, code, detail)
        self.changes.tell()

    def note_fault(self, fault: Fault) -> None:
        """A fault of the app's has been seen."""
        self.on_fault(fault)
        self.changes.tell()

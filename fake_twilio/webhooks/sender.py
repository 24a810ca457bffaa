"""Sends every webhook of the simulator, and records and checks every attempt."""

from collections import deque
from collections.abc import Callable

import aiohttp

from fake_twilio.chaos import Chaos
from fake_twilio.dates import now
from fake_twilio.runtime.tasks import Tasks
from fake_twilio.webhooks.answer_checks import check_address, check_answer
from fake_twilio.webhooks.callback_queue import CallbackQueue
from fake_twilio.webhooks.client import WebhookClient
from fake_twilio.webhooks.webhook import Answer, Delivery, Webhook

Report = Callable[[str | None, int | None, str, int], None]
"""Called with a SID, an error code of Twilio, what was wrong with an answer or an address, and the attempt's ID."""


class Sender:
    """`send` requests documents; `post` sends status callbacks, in order for each call or message."""

    def __init__(
        self, auth_token: str, tasks: Tasks, chaos: Chaos | None, slow: float, report: Report, tell: Callable[[], None]
    ) -> None:
        self.tasks = tasks
        self.chaos = chaos
        self.slow = slow
        self.report = report
        self.tell = tell
        self.auth_token = auth_token
        self.forget()

    def forget(self) -> None:
        """Forget the webhooks that were sent."""
        self.queues: dict[str, CallbackQueue] = {}
        self.deliveries: deque[Delivery] = deque(maxlen=10_000)

    async def open(self) -> None:
        """Get ready to send."""
        self.client = WebhookClient(self.auth_token, self.note)

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The HTTP session to the app."""
        return self.client.session

    async def send(self, webhook: Webhook) -> Answer:
        """Send a webhook and return the answer to its last attempt."""
        return await self.client.send(webhook)

    def queue(self, sid: str) -> CallbackQueue:
        """Return the queue of the callbacks of one call or message."""
        return self.queues.setdefault(sid, CallbackQueue(self.send, self.lose, self.chaos))

    def post(self, webhook: Webhook, number: int, last: bool = False) -> None:
        """Send a status callback after the one before it, or as chaos decides."""
        self.tasks.spawn(self.queue(webhook.sid).deliver(webhook, number, last))

    def lose(self, webhook: Webhook) -> None:
        """Record a callback that chaos has dropped; it is listed, but not sent."""
        self.note(Delivery(now(), webhook, 0, None, 0, "lost on the way (chaos)"), None)

    def note(self, delivery: Delivery, answer: Answer | None) -> None:
        """Record one attempt of a webhook, and report what was wrong with its answer."""
        self.deliveries.append(delivery)
        if delivery.attempt == 1:
            for code, detail in check_address(delivery.webhook):
                self.report(delivery.webhook.sid, code, detail, delivery.id)
        if answer:
            for code, detail in check_answer(delivery.webhook, answer, self.slow):
                self.report(delivery.webhook.sid, code, detail, delivery.id)
        self.tell()

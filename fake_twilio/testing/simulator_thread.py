"""The server in a thread of its own, so that tests speak to it without `await`."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self, TypeVar

from fake_twilio.faults import Fault
from fake_twilio.options import Options
from fake_twilio.rest.base import RestRequest
from fake_twilio.server import Server
from fake_twilio.simulator import Simulator
from fake_twilio.webhooks.webhook import Delivery

T = TypeVar("T")


class SimulatorThread:
    """The server on 127.0.0.1, in a thread."""

    def __init__(self, options: Options) -> None:
        self.account = options.account
        self.port = options.port
        self.url = ""
        self.simulator = Simulator(options)
        self.server = Server(self.simulator)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="fake-twilio", daemon=True)

    @classmethod
    @contextmanager
    def running(cls, **options: Any) -> Iterator[Self]:
        """Run an emulator until the block ends, with some of the `Options`.

        By default it takes a free port, and people and networks take no time (`pace` 0).
        """
        fake = cls(Options(**{"port": 0, "pace": 0.0, **options}))
        fake.thread.start()
        fake.wait(fake.simulator.open())
        fake.start()
        try:
            yield fake
        finally:
            fake.stop()
            fake.wait(fake.simulator.close())
            fake.loop.call_soon_threadsafe(fake.loop.stop)
            fake.thread.join()
            fake.loop.close()

    def start(self) -> None:
        """Listen; after `stop`, on the same port as before."""
        self.url = self.wait(self.server.open(self.port))
        self.port = int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        """Refuse connections. Calls and texts that exist live on."""
        self.wait(self.server.close())

    def wait(self, doing: Awaitable[T]) -> T:
        """Do something on the fake's own loop and wait for what comes of it."""

        async def do() -> T:
            return await doing

        return asyncio.run_coroutine_threadsafe(do(), self.loop).result()

    def ask(self, question: Callable[[], T]) -> T:
        """Look at, or change, the fake's state without anything happening meanwhile."""
        if threading.current_thread() is self.thread:
            # Asked from within another question: nothing can happen meanwhile anyway.
            return question()

        async def do() -> T:
            return question()

        return self.wait(do())

    def wait_for(self, look: Callable[[], T | None], what: str, timeout: float) -> T:
        """What `look` finds, as soon as it does; AssertionError with `what` when it finds nothing in time."""
        found = self.wait(self.simulator.changes.until(look, timeout))
        if not found:
            raise AssertionError(f"waited {timeout:g} s for {what}\n{self.story()}")
        return found

    def wait_until_quiet(self, timeout: float = 10.0) -> None:
        """Wait until nothing goes on by itself: every callback that was due has been delivered or given up."""
        self.wait_for(lambda: not self.simulator.idle.count, "the fake Twilio to be quiet", timeout)

    def reset(self) -> None:
        """Forget everything, and stop what goes on."""
        self.ask(self.simulator.forget)

    @property
    def faults(self) -> list[Fault]:
        """What the app did wrong, oldest first."""
        return self.ask(lambda: list(self.simulator.faults.seen))

    @property
    def requests(self) -> list[RestRequest]:
        """The REST requests that were let in, oldest first."""
        return self.ask(lambda: list(self.simulator.requests))

    @property
    def webhooks(self) -> list[Delivery]:
        """Every try of every webhook, oldest first."""
        return self.ask(lambda: list(self.simulator.sender.deliveries))

    def story(self) -> str:
        """What has happened, for a test that failed."""
        lines = [f"  {request.method} {request.path} {dict(request.form)}" for request in self.requests[-10:]]
        lines += [
            f"  webhook {hook.webhook.sid} {hook.webhook.event} {hook.webhook.url} -> {hook.status} {hook.note}"
            for hook in self.webhooks[-20:]
        ]
        lines += [f"  fault {fault}" for fault in self.faults[-20:]]
        return "\n".join(lines)

"""The emulator in its own thread, so that tests need no `await`."""

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
        """Refuse connections. Existing calls and messages go on."""
        self.wait(self.server.close())

    def wait(self, doing: Awaitable[T]) -> T:
        """Run a coroutine on the emulator's event loop and return its result."""

        async def do() -> T:
            return await doing

        return asyncio.run_coroutine_threadsafe(do(), self.loop).result()

    def ask(self, question: Callable[[], T]) -> T:
        """Run a function on the emulator's event loop, so that nothing changes meanwhile."""
        if threading.current_thread() is self.thread:
            # Called on the event loop itself: nothing can change meanwhile anyway.
            return question()

        async def do() -> T:
            return question()

        return self.wait(do())

    def wait_for(self, look: Callable[[], T | None], what: str, timeout: float) -> T:
        """Return what `look` finds as soon as it finds something; after the timeout raise AssertionError."""
        found = self.wait(self.simulator.changes.until(look, timeout))
        if not found:
            raise AssertionError(f"waited {timeout:g} s for {what}\n{self.story()}")
        return found

    def wait_until_quiet(self, timeout: float = 10.0) -> None:
        """Wait until no task is at work: every callback that was due has been delivered or given up."""
        self.wait_for(lambda: not self.simulator.idle.count, "the emulator to be idle", timeout)

    def reset(self) -> None:
        """Stop all tasks and forget calls, messages and phones."""
        self.ask(self.simulator.forget)

    @property
    def faults(self) -> list[Fault]:
        """What the app did wrong, oldest first."""
        return self.ask(lambda: list(self.simulator.faults.seen))

    @property
    def requests(self) -> list[RestRequest]:
        """The accepted REST requests, oldest first."""
        return self.ask(lambda: list(self.simulator.requests))

    @property
    def webhooks(self) -> list[Delivery]:
        """Every attempt of every webhook, oldest first."""
        return self.ask(lambda: list(self.simulator.sender.deliveries))

    def story(self) -> str:
        """Return the latest events, for the message of a failed test."""
        lines = [f"  {request.method} {request.path} {dict(request.form)}" for request in self.requests[-10:]]
        lines += [
            f"  webhook {hook.webhook.sid} {hook.webhook.event} {hook.webhook.url} -> {hook.status} {hook.note}"
            for hook in self.webhooks[-20:]
        ]
        lines += [f"  fault {fault}" for fault in self.faults[-20:]]
        return "\n".join(lines)

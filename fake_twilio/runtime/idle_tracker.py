"""Whether anything still happens by itself, so that a test can wait until the emulator is quiet."""

from collections.abc import Iterator
from contextlib import contextmanager

from fake_twilio.runtime.changes import Changes


class Wait:
    """A wait for a person. While it lasts, the task that waits does not count as work."""

    def __init__(self, idle: "IdleTracker", over: bool) -> None:
        self.idle = idle
        self.over = over
        if not over:
            idle.one_less()

    def end(self) -> None:
        """Count the task as work again, from this moment."""
        if not self.over:
            self.over = True
            self.idle.count += 1


class Waiter:
    """Something that waits for a person: a call or a message.

    The code that ends the wait calls `wake`, so that the task counts again before it has noticed.
    """

    current_wait: Wait | None = None
    interrupted: bool = False
    """Whether the next wait, or the present one, ends at once."""

    def wake(self) -> None:
        """End the current wait, if there is one."""
        if self.current_wait:
            self.current_wait.end()


class IdleTracker:
    """Counts the tasks that are at work. A task that waits for a person, or for a later hour, does not count."""

    def __init__(self, changes: Changes) -> None:
        self.changes = changes
        self.count = 0

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count one more task as long as the block runs."""
        self.count += 1
        try:
            yield
        finally:
            self.one_less()

    @contextmanager
    def waiting(self, waiter: Waiter) -> Iterator[Wait]:
        """Do not count the task of `waiter` while the block waits for a person."""
        wait = waiter.current_wait = Wait(self, over=waiter.interrupted)
        try:
            yield wait
        finally:
            wait.end()
            waiter.current_wait = None

    def one_less(self) -> None:
        """Count one task less."""
        self.count -= 1
        if not self.count:
            self.changes.tell()

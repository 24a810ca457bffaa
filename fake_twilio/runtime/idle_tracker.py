"""Knows whether anything is still going on, so that a test can wait until all is quiet."""

from collections.abc import Iterator
from contextlib import contextmanager

from .changes import Changes


class Nap:
    """A break in what goes on: it waits for somebody."""

    def __init__(self, work: "Work") -> None:
        self.work = work
        self.over = False
        work.one_less()

    def end(self) -> None:
        """It goes on, from this moment."""
        if not self.over:
            self.over = True
            self.work.count += 1


class Sleeper:
    """What may take a nap. Whoever it waits for wakes it, so that it counts again before it has noticed."""

    nap: Nap | None = None

    def wake(self) -> None:
        """End the nap, if there is one."""
        if self.nap:
            self.nap.end()


class Work:
    """Counts what is still going on by itself; what waits for a person, or for a later hour, does not count."""

    def __init__(self, changes: Changes) -> None:
        self.changes = changes
        self.count = 0

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """One more thing is going on."""
        self.count += 1
        try:
            yield
        finally:
            self.one_less()

    @contextmanager
    def resting(self, sleeper: Sleeper) -> Iterator[Nap]:
        """What was going on now waits for somebody."""
        nap = sleeper.nap = Nap(self)
        try:
            yield nap
        finally:
            nap.end()
            sleeper.nap = None

    def one_less(self) -> None:
        """One thing less is going on."""
        self.count -= 1
        if not self.count:
            self.changes.tell()

"""The ports of a run: the usual ones, or others where these are taken; but what was asked for, or nothing."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from dev.processes import free_port, listen_for_a_moment
from dev.setup import SetupError, say


@dataclass(frozen=True)
class Wish:
    """A port that a part of the run wants; `asked` is what the person has given with the option."""

    what: str
    option: str
    usual: int
    asked: int | None
    advice: str = ""
    """What to do when the port that was asked for is taken, where it is not the usual."""


@contextmanager
def take_ports(wishes: Sequence[Wish]) -> Iterator[list[int]]:
    """Yield a port for each wish. Until the block ends no other run takes them."""
    taken: dict[Wish, int] = {}
    with ExitStack() as claims:
        for wish in sorted(wishes, key=lambda wish: wish.asked is None):
            taken[wish] = take(wish, claims)
        yield [taken[wish] for wish in wishes]


def take(wish: Wish, claims: ExitStack) -> int:
    """Return the port that was asked for, else the usual one, else a free one."""
    port = wish.usual if wish.asked is None else wish.asked
    try:
        return claim(port, claims)
    except OSError as error:
        trouble = f"Port {port} {reason(error)}"
    if wish.asked is not None:
        advice = wish.advice or f"give {wish.option} another, or leave it out"
        raise SetupError(f"{trouble}, so {wish.what} cannot be there: {advice}.")
    port = claim_any(claims)
    say(f"{trouble}, so {wish.what} will be on port {port}.")
    return port


def claim(port: int, claims: ExitStack) -> int:
    """Make a port ours until `claims` are given up, and return it; raises OSError where somebody has it.

    A port is seen to be taken only when somebody listens there, and a first run installs for a minute before it does.
    Until then the UDP port of the same number stands for it, which nothing here uses: one process can have it, and the
    operating system takes it back however that process ends.
    """
    with ExitStack() as held:
        mark = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        mark.bind(("127.0.0.1", port))
        listen_for_a_moment(port)
        claims.enter_context(held.pop_all())
    return port


def claim_any(claims: ExitStack) -> int:
    """Make a free port ours, and return it."""
    while True:
        try:
            return claim(free_port(), claims)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise


def reason(error: OSError) -> str:
    """Return why a port cannot be had: it is taken, or in the words of the operating system."""
    return "is taken" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"

"""The ports of a run: those given on the command line, else the default ones, else free ones.

A port given on the command line is never replaced: when it is taken, the run ends with an error.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from dev.processes import free_port, listen_for_a_moment
from dev.setup import SetupError, say

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Wish:
    """A port that a part of the run needs; `asked` is the port given with the option."""

    what: str
    option: str
    usual: int
    asked: int | None
    advice: str = ""
    """What to do when the port that was asked for is taken; the default is to give another one."""
    address: str = LOOPBACK
    """The address to listen on."""


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
        return claim(port, wish.address, claims)
    except OSError as error:
        trouble = f"Port {port} {reason(error)}"
    if wish.asked is not None:
        advice = wish.advice or f"give {wish.option} another, or leave it out"
        raise SetupError(f"{trouble}, so {wish.what} cannot be there: {advice}.")
    port = claim_any(wish.address, claims)
    say(f"{trouble}, so {wish.what} will be on port {port}.")
    return port


def claim(port: int, address: str, claims: ExitStack) -> int:
    """Reserve a port until `claims` are closed, and return it; raise OSError when it is taken.

    A TCP port is taken only once a program listens on it, and a first run installs for a minute before its parts do.
    So this binds the UDP port of the same number, which no part uses: only one process can bind it, and the operating
    system frees it however that process ends.
    """
    with ExitStack() as held:
        mark = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        mark.bind((LOOPBACK, port))
        listen_for_a_moment(port, address)
        claims.enter_context(held.pop_all())
    return port


def claim_any(address: str, claims: ExitStack) -> int:
    """Reserve a free port, and return it."""
    while True:
        try:
            return claim(free_port(), address, claims)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise


def reason(error: OSError) -> str:
    """Return why a port cannot be used: it is taken, or the message of the operating system."""
    return "is taken" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"

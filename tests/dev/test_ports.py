"""Ports of a run: the given ones or an error, else the default ones, else free ones."""

import errno
import os
import re
import socket
from collections.abc import Iterator

import pytest

from dev.ports import Wish, reason, take_ports
from dev.processes import free_port
from dev.setup import SetupError


def wish(usual: int, asked: int | None = None) -> Wish:
    """Return a wish for a port."""
    return Wish("the part", "--part", usual, asked)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket that listens on a port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


def test_default_ports_are_used_when_they_are_free(capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the wishes, and without a message."""
    one, other = free_port(), free_port()

    with take_ports([wish(one), wish(1, asked=other)]) as ports:
        assert ports == [one, other]

    assert capsys.readouterr().err == ""


def test_a_default_port_that_is_taken_is_replaced(listener: socket.socket, capsys: pytest.CaptureFixture[str]) -> None:
    """A message says so."""
    taken = listener.getsockname()[1]

    with take_ports([wish(taken)]) as (port,):
        assert port != taken
        with socket.socket() as server:
            server.bind(("127.0.0.1", port))

    assert capsys.readouterr().err == f"Port {taken} is taken, so the part will be on port {port}.\n"


def test_a_port_that_was_given_is_never_replaced(listener: socket.socket) -> None:
    """The error names the port, the part and the option."""
    taken = listener.getsockname()[1]
    words = f"Port {taken} is taken, so the part cannot be there: give --part another, or leave it out."

    with pytest.raises(SetupError, match=f"^{re.escape(words)}$"), take_ports([wish(1, asked=taken)]):
        pass


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EADDRINUSE, "is taken"),
        (errno.EACCES, "cannot be opened (Permission denied)"),
    ],
)
def test_a_port_that_is_not_allowed_is_not_called_taken(number: int, words: str) -> None:
    """For ports below 1024, and ranges reserved on Windows, the message of the operating system is shown."""
    assert reason(OSError(number, os.strerror(number))) == words


def test_a_given_port_is_reserved_before_a_default_one() -> None:
    """The part whose default it is moves to another port."""
    port = free_port()

    with take_ports([wish(usual=port), wish(usual=1, asked=port)]) as (moved, asked):
        assert asked == port
        assert moved != port


def test_another_run_sees_a_reserved_port_before_anything_listens_there() -> None:
    """A first run installs for a minute before its parts listen; when it ends, the port is free again."""
    usual = free_port()

    with take_ports([wish(usual)]) as first, take_ports([wish(usual)]) as second:
        assert first == [usual]
        assert second != [usual]
        with pytest.raises(SetupError, match=f"Port {usual} is taken"), take_ports([wish(1, asked=usual)]):
            pass
    with take_ports([wish(usual)]) as third:
        assert third == [usual]

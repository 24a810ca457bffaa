"""The lines of several services on one terminal."""

import io
import os

import pytest

from dev.host.request_line import request_line
from dev.terminal import Terminal

SID = "CA" + "0" * 32
FORM = "application/x-www-form-urlencoded"


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


@pytest.fixture
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in which colours are wanted."""
    if os.name != "posix":
        pytest.skip("Windows shows colours in some terminals only")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_lines_follow_a_padded_name() -> None:
    """The text of all services begins in one column; a file gets no colours."""
    stream = io.StringIO()
    terminal = Terminal(["app", "azurite"], stream)

    terminal("app", "one")
    terminal("azurite", "two")

    assert stream.getvalue() == "app     | one\nazurite | two\n"


@pytest.mark.usefixtures("_colours")
@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_are_for_terminals_that_want_them(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """https://no-color.org: any value but an empty one says no."""
    colourful, plain = Screen(), Screen()

    Terminal(["app", "phones"], colourful)("phones", "x")
    monkeypatch.setenv(name, value)
    Terminal(["app", "phones"], plain)("phones", "x")

    assert colourful.getvalue() == "\x1b[35mphones | \x1b[0mx\n"
    assert plain.getvalue() == "phones | x\n"


@pytest.mark.usefixtures("_colours")
@pytest.mark.parametrize(("status", "colour"), [(204, ""), (302, ""), (404, "\x1b[33m"), (503, "\x1b[31m")])
def test_failed_requests_are_coloured(status: int, colour: str) -> None:
    """Yellow for a caller's error, red for the app's."""
    stream = Screen()
    line = request_line("POST", "/api/send_sms", status, 1.0, "", b"")

    Terminal(["app"], stream)("app", line)

    assert stream.getvalue().endswith(f"{colour}{line}\x1b[0m\n" if colour else f"\x1b[0m{line}\n")


def test_a_quiet_terminal_shows_nothing() -> None:
    """Until everything answers, the lines of the parts are for the failure report only."""
    stream = io.StringIO()

    Terminal(["app"], stream, show=False)("app", "one")

    assert stream.getvalue() == ""


@pytest.mark.parametrize(("repeat", "shown"), [(False, 5), (True, 7)])
def test_a_callback_is_shown_once_for_each_sid_and_status(repeat: bool, shown: int) -> None:
    """Requests without a SID, and callbacks that fail, are always shown."""
    stream = io.StringIO()
    terminal = Terminal(["app"], stream, repeat=repeat)
    ringing, done = (f"CallSid={SID}&CallStatus={status}".encode() for status in ("ringing", "completed"))

    for status, body in [(204, ringing), (204, ringing), (204, done), (503, done), (204, done), (204, b""), (204, b"")]:
        terminal("app", request_line("POST", "/api/status_callback", status, len(stream.getvalue()), FORM, body))

    assert len(stream.getvalue().splitlines()) == shown


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"CallSid={SID}&CallStatus=in-progress", f" {SID} in-progress"),
        (f"MessageSid=SM{SID[2:]}&SmsSid=SM{SID[2:]}&MessageStatus=sent&SmsStatus=sent", f" SM{SID[2:]} sent"),
        (
            f"CallSid={SID}&CallStatus=in-progress&RecordingSid=RE{SID[2:]}&RecordingStatus=completed",
            f" RE{SID[2:]} completed",
        ),
        (
            f"ConferenceSid=CF{SID[2:]}&CallSid={SID}&StatusCallbackEvent=participant-join",
            f" CF{SID[2:]} participant-join",
        ),
        (f"MessageSid=SM{SID[2:]}&SmsStatus=received&Body=hello", f" SM{SID[2:]} received"),
        ("CallSid=CA1%0a&CallStatus=ringing", ""),
        (f"CallSid={SID}&CallStatus=%1b[31m", ""),
        ("to=%2B15551234567&body=secret", ""),
        ("\xff\xfe", ""),
    ],
)
def test_a_line_names_the_sid_and_the_status_of_a_callback_and_nothing_else_of_the_body(body: str, words: str) -> None:
    """Numbers and texts stay out of the terminal, and so does what is not in Twilio's form."""
    line = request_line("POST", "/api/x", 204, 2.06, FORM, body.encode("latin-1"))

    assert line == f"INFO host: POST /api/x 204{words} 2.1 ms"

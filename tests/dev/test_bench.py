"""The parts of the benchmarks: callers, signed callbacks, filled logs, the table. Speed itself is not tested."""

import subprocess
import sys
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from bench import load
from bench.__main__ import measure
from bench.callbacks import EVENTS, callback, calls
from bench.log_rows import row
from bench.services import Server, running_host
from bench.table import Row, to_text
from dev.app_settings import settings
from dev.setup import ROOT
from shared.activity.log import events_of
from shared.activity.state import state_of
from shared.clock import now


@pytest.fixture(scope="module")
def empty() -> Iterator[Server]:
    """Yield a host of the empty function."""
    with running_host("bench/empty_app/function_app.py") as server:
        yield server


def parsed(request: bytes) -> tuple[str, Message, bytes]:
    """Return the path, the headers and the body of a request."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, _, headers = head.partition(b"\r\n")
    return first.split()[1].decode(), BytesParser().parsebytes(headers), body


def test_the_callers_send_every_request_and_count_the_answers(empty: Server) -> None:
    """Several callers share the requests."""
    measured = load.run(empty, [load.get("/api/any"), load.post("/api/any", b"{}", "application/json")] * 50, callers=8)
    assert measured.count == 100
    assert measured.statuses == {204: 100}
    assert measured.seconds > 0
    assert measured.cpu_seconds >= 0


def test_the_callers_stop_in_time(empty: Server) -> None:
    """An endless load ends after its seconds."""
    measured = load.run(empty, iter(lambda: load.get("/api/any"), None), callers=2, seconds=0.1)
    assert measured.count > 0
    assert measured.seconds < 10


def test_a_load_with_an_error_answer_is_an_error(empty: Server) -> None:
    """Otherwise a broken app would look like a fast one."""
    with pytest.raises(RuntimeError, match=r"of 3 requests some got no 2xx: \{404: 2\}"):
        load.run(empty, [load.get("/nowhere"), load.get("/api/x"), load.get("/nowhere")], callers=1)


def test_callbacks_are_signed_as_twilio_signs() -> None:
    """Twilio's own library accepts them for the app's public address, and no other event under the same signature."""
    values = settings(7071, 1, 1)
    path, headers, body = parsed(callback("CA" + 32 * "0", 1_700_000_000_000_000, 1, "ringing"))
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    validator = RequestValidator(values["TWILIO_AUTH_TOKEN"])
    url = values["PUBLIC_BASE_URL"] + path
    assert validator.validate(url, form, headers["X-Twilio-Signature"])
    assert not validator.validate(url, {**form, "CallStatus": "busy"}, headers["X-Twilio-Signature"])
    assert headers["Content-Length"] == str(len(body))


def test_calls_report_each_event_of_each_call() -> None:
    """All requests of a load differ."""
    reported = [dict(parse_qsl(parsed(request)[2].decode())) for request in calls(5, 3, 1)]
    assert len({(form["CallSid"], form["SequenceNumber"]) for form in reported}) == 3 * len(EVENTS)
    assert [form["CallStatus"] for form in reported[: len(EVENTS)]] == list(EVENTS)


def test_filled_rows_are_read_by_the_app() -> None:
    """A row that a benchmark writes is a completed call to the app."""
    written = row("CA" + 32 * "1", now())
    assert (written["sid"], written["kind"]) == ("CA" + 32 * "1", "call")
    assert len(events_of(written)) == len(EVENTS)
    assert state_of(events_of(written)).status == "completed"


@pytest.mark.parametrize(
    ("result", "at_least", "end"),
    [
        (7.99, True, "7.99 x  ≥ 8 x   missed"),
        (8.0, True, "8.00 x  ≥ 8 x   met"),
        (8.0, False, "8.00 x  ≤ 8 x   met"),
        (8.01, False, "8.01 x  ≤ 8 x   missed"),
    ],
)
def test_the_table_says_whether_a_target_is_met(result: float, at_least: bool, end: str) -> None:
    """A target is a minimum or a maximum."""
    lines = to_text([Row("this", "1", "2", result, 8, at_least=at_least, note="as it is")]).splitlines()
    assert lines[1].endswith(end)
    assert lines[2] == "this: as it is"


def test_a_failed_benchmark_hides_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    """The others are measured and printed, and the exit code is 1."""

    def fails(say: object, quick: bool) -> list[Row]:
        raise RuntimeError("broken")

    benchmarks = {"first": fails, "second": lambda say, quick: [Row("a thing", "1", "2", 0.5, 1)]}
    assert measure(benchmarks, quick=True) == 1
    said = capsys.readouterr()
    assert "a thing" in said.out
    assert "Could not be measured: first." in said.err
    assert measure({"second": benchmarks["second"]}, quick=True) == 0


@pytest.mark.parametrize(
    ("argument", "code", "words"), [("--list", 0, "growth"), ("nothing", 2, "no benchmark nothing")]
)
def test_the_command_line_lists_the_benchmarks(argument: str, code: int, words: str) -> None:
    """`--list` names the benchmarks; an unknown name is an error."""
    done = subprocess.run(
        [sys.executable, "-m", "bench", argument], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == code
    assert words in done.stdout + done.stderr

"""Services: real child processes that are started, watched and always ended."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dev.processes import KEPT_LINES, Service, ServiceError, answers, free_port

ROOT = Path(__file__).parents[2]
posix_only = pytest.mark.skipif(os.name != "posix", reason="process groups and signals are POSIX's")

FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("grandchild", child.pid, flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""
OWNER = """
import signal, sys, time
from dev.processes import Service
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it

def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\\n")  # in one piece, since a thread writes too
    sys.stdout.flush()

service = Service("family", [sys.executable, "-c", sys.argv[1]], sink=lambda name, line: say(line))
service.start()
say("service", service.pid)
time.sleep(600)
"""


def python(code: str, *arguments: str) -> list[str]:
    """Return the command that runs this code."""
    return [sys.executable, "-c", code, *arguments]


def wait_for(condition: object, timeout: float = 10) -> None:
    """Wait until a callable returns something true."""
    assert callable(condition)
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether the process still runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def numbers(lines: list[str], word: str) -> int:
    """Return the process id after a word in the output."""
    return next(int(line.split()[1]) for line in lines if line.startswith(word))


@pytest.fixture
def lines() -> list[str]:
    """The lines that a service writes."""
    return []


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which another program listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_the_sink_gets_each_line_of_a_service_with_its_name(lines: list[str]) -> None:
    """Standard output and standard error arrive in order, with a last line that has no line end."""
    code = "import sys; print('one', flush=True); print('zwei ü', file=sys.stderr, flush=True); print('end', end='')"
    service = Service(
        "talker", python(code), {**os.environ, "PYTHONUTF8": "1"}, sink=lambda *x: lines.append(" | ".join(x))
    )

    service.start()
    wait_for(lambda: not service.running)
    service.stop()

    assert lines == ["talker | one", "talker | zwei ü", "talker | end"]


def test_only_the_last_lines_are_kept() -> None:
    """A failure report is short even if the service wrote much."""
    service = Service("talker", python("for number in range(1000): print(number)"))

    service.start()
    wait_for(lambda: not service.running)
    service.stop()

    assert list(service.last_lines) == [str(number) for number in range(1000 - KEPT_LINES, 1000)]


def test_a_service_that_dies_before_it_is_ready_is_reported_with_its_last_lines() -> None:
    """The error contains the reason, so that nobody has to scroll for it."""
    service = Service("broken", python("print('no such setting'); raise SystemExit(3)"), ready=lambda: False)

    with pytest.raises(ServiceError, match=r"broken ended with exit code 3[^$]*no such setting"), service:
        pass

    assert not service.running


def test_a_service_that_dies_is_not_ready_even_when_another_program_has_its_port(taken_port: int) -> None:
    """A taken port must not make a dead service look alive."""
    code = f"import socket; socket.socket().bind(('127.0.0.1', {taken_port}))"
    service = Service("late", python(code), ready=lambda: not service.running)

    with pytest.raises(ServiceError, match="late ended with exit code 1"), service:
        pass


def test_a_service_that_does_not_get_ready_in_time_is_an_error(lines: list[str]) -> None:
    """The message differs from the one for a service that died; the caller stops it."""
    service = Service("slow", python("import time; time.sleep(600)"), ready=lambda: False)
    service.start()

    with pytest.raises(ServiceError, match=r"slow did not answer within 0\.2 seconds"):
        service.wait_until_ready(timeout=0.2)

    pid = service.pid
    service.stop()
    assert not alive(pid)


def test_a_command_that_does_not_exist_is_an_error_at_the_start() -> None:
    """The error names the command."""
    service = Service("missing", ["no-such-command-here"])

    with pytest.raises(ServiceError, match=r"missing could not be started: .*no-such-command-here"):
        service.start()

    service.stop()


def test_stopping_ends_the_service_and_its_children(lines: list[str]) -> None:
    """A grandchild does not outlive the service."""
    service = Service("family", python(FAMILY), ready=lambda: bool(lines), sink=lambda _, line: lines.append(line))

    with service:
        pids = [service.pid, numbers(lines, "grandchild")]
        assert all(alive(pid) for pid in pids)

    wait_for(lambda: not any(alive(pid) for pid in pids))  # a killed process takes a moment to end


def test_a_grandchild_ends_when_its_parent_has_died(lines: list[str]) -> None:
    """A crashed service leaves no process behind."""
    code = FAMILY.replace("time.sleep(600)\n", "sys.exit(1)\n")
    service = Service("family", python(code), sink=lambda _, line: lines.append(line))

    service.start()
    wait_for(lambda: not service.running)
    service.stop()

    wait_for(lambda: not alive(numbers(lines, "grandchild")))


@posix_only
def test_a_service_that_ignores_signals_is_killed(lines: list[str]) -> None:
    """After the grace period it is killed."""
    service = Service("stubborn", python(STUBBORN), ready=lambda: bool(lines), sink=lambda _, line: lines.append(line))

    with service:
        pid = service.pid

    assert not alive(pid)
    assert service.guard.returncode == 128 + signal.SIGKILL


@posix_only
def test_a_service_can_save_its_work_when_it_is_stopped(lines: list[str]) -> None:
    """It gets SIGINT before it is killed, even when its owner was started with SIGINT ignored."""
    code = """
import time
print("ready", flush=True)
try:
    time.sleep(600)
except KeyboardInterrupt:
    print("saved", flush=True)
"""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Service("saver", python(code), ready=lambda: bool(lines), sink=lambda _, line: lines.append(line)):
            pass
    finally:
        signal.signal(signal.SIGINT, before)

    assert lines == ["ready", "saved"]


@posix_only
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_the_owner_is_killed(how: signal.Signals) -> None:
    """The guard notices every kind of end of its owner, and ends the service and its children."""
    owner = subprocess.Popen(
        python(OWNER, FAMILY), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert owner.stdout is not None
    with owner.stdout:
        written = [owner.stdout.readline(), owner.stdout.readline()]
        family = psutil.Process(owner.pid).children(recursive=True)
        assert {numbers(written, "service"), numbers(written, "grandchild")} < {process.pid for process in family}
        owner.send_signal(how)
        owner.wait(10)

        wait_for(lambda: not any(alive(process.pid) for process in family))


@posix_only
def test_nothing_is_left_when_the_guard_is_killed(lines: list[str]) -> None:
    """Stopping then ends the service itself."""
    service = Service("family", python(FAMILY), ready=lambda: bool(lines), sink=lambda _, line: lines.append(line))

    with service:
        pids = [service.pid, numbers(lines, "grandchild")]
        os.kill(service.guard.pid, signal.SIGKILL)
        wait_for(lambda: not service.running)

    wait_for(lambda: not any(alive(pid) for pid in pids))


def test_a_service_can_be_stopped_twice_or_without_a_start() -> None:
    """Clean-up code can call stop without a check."""
    service = Service("short", python("pass"))

    service.stop()
    service.start()
    service.stop()
    service.stop()

    assert not service.running


def test_a_free_port_can_be_listened_on() -> None:
    """No other program has it, and none gets it by chance: it is not ephemeral, and another is returned next time."""
    ports = {free_port() for _ in range(20)}
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port := ports.pop()))

    assert port < 32768
    assert len(ports) > 10


def test_answers_tells_an_answer_from_none_and_from_another_status(taken_port: int) -> None:
    """Any status is an answer, unless a status is given."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]

    assert not answers(url)
    with Service("files", server, ready=lambda: answers(url), cwd=Path(__file__).parent):
        assert answers(f"{url}/missing")
        assert answers(f"{url}/missing", status=404)
        assert not answers(f"{url}/missing", status=200)

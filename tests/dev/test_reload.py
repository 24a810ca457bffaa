"""The app is restarted when one of its files changes, and requests get a clear answer while it does not start."""

import io
import json
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests

from dev.processes import ServiceError, answers, free_port
from dev.reload import ReloadedApp
from dev.setup import ROOT, SetupError
from dev.terminal import Terminal
from dev.unavailable import Unavailable

APP = """import os
import azure.functions as func
import hello
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
@app.route("hello")
def say_hello(req: func.HttpRequest) -> str:
    return hello.WORD + os.environ.get("MOOD", "")
"""
DEV_HOST = [sys.executable, "-m", "dev.host"]

# The smallest program that serves an inherited socket: it starts ten times faster than dev.host.
SMALL_HOST = [sys.executable, "small_host.py"]
SMALL_HOST_FILE = """import http.server, socket, sys
sys.path.insert(0, ".")
import function_app
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(function_app.hello.WORD.encode())
server = http.server.HTTPServer(("", 0), Handler, bind_and_activate=False)
server.socket = socket.socket(fileno=int(sys.argv[-1]))
print("listening on the socket", flush=True)
try:
    server.serve_forever(0.05)
except KeyboardInterrupt:
    pass
"""

NOT_DEPLOYED = ["tests/test_hello.py", ".venv/lib.py", "hello/__pycache__/x.pyc", "notes.txt"]


class Running:
    """An app in a folder of its own, kept running by `ReloadedApp` in this process."""

    def __init__(self, folder: Path, host: list[str]) -> None:
        self.folder = folder
        self.settings = folder / "local.settings.json"
        self.write("function_app.py", APP if host is DEV_HOST else "import hello\n")
        self.write("small_host.py", SMALL_HOST_FILE)
        # Longer than what replaces it: Python takes a file of the same size and second for the one it has compiled.
        self.write("hello/__init__.py", "WORD = 'one'  # at first")
        self.write(".funcignore", "tests\n.*\n__pycache__\n")
        self.write("host.json", "{}")
        for name in NOT_DEPLOYED:
            self.write(name, "")
        self.write("local.settings.json", "{}")
        self.port = free_port()
        self.stream = io.StringIO()
        health = f"http://127.0.0.1:{self.port}/api/hello"
        self.app = ReloadedApp(
            host,
            self.environ,
            self.settings,
            (self.port, "127.0.0.1"),
            lambda: answers(health, 200),
            Terminal(["app"], self.stream),
            folder,
        )

    def environ(self) -> dict[str, str]:
        """Return the environment of the app, with the settings of the file."""
        try:
            return {**os.environ, "PYTHONPATH": str(ROOT), **json.loads(self.settings.read_text())}
        except ValueError:
            raise SetupError("local.settings.json is not JSON") from None

    def write(self, name: str, text: str) -> None:
        """Save a file as many editors do: write another one, and move it over the first."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + "~")
        new.write_text(text, "utf-8")
        new.replace(path)

    def get(self) -> requests.Response:
        """Call the function."""
        return requests.get(f"http://127.0.0.1:{self.port}/api/hello", timeout=10)

    def until(self, words: str) -> str:
        """Let the run work until the terminal shows these words; return all it showed, and forget it."""
        deadline = time.monotonic() + 15
        while words not in self.stream.getvalue():
            assert time.monotonic() < deadline, self.stream.getvalue()
            self.app.check()
            time.sleep(0.02)
        shown = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return shown


@contextmanager
def running_on(host: list[str], folder: Path) -> Iterator[Running]:
    """Run an app until it answers, and stop it afterwards."""
    running = Running(folder, host)
    try:
        running.app.start()
        running.app.wait_until_ready()
        yield running
    finally:
        running.app.stop()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """An app that answers, on the small host."""
    with running_on(SMALL_HOST, tmp_path) as running:
        yield running


def test_a_changed_file_restarts_the_app_on_the_same_port(tmp_path: Path) -> None:
    """One line says so, and the new code answers; so does a changed setting."""
    with running_on(DEV_HOST, tmp_path) as running:
        assert running.get().text == "one"
        running.write("hello/__init__.py", "WORD = 'two'")
        shown = running.until("changed\n")

        assert re.fullmatch(r"app \| reloaded in [\d.]+ s: hello/__init__\.py changed\n", shown)
        assert running.get().text == "two"

        running.write("local.settings.json", '{"MOOD": "!"}')
        assert "local.settings.json changed" in running.until("changed\n")
        assert running.get().text == "two!"


BROKEN = [
    ("hello/__init__.py", "WORD = ", "SyntaxError: "),
    ("function_app.py", "import nowhere", "No module named 'nowhere'"),
    ("local.settings.json", "{", "local.settings.json is not JSON"),
]


def test_an_app_that_does_not_start_gets_503_with_the_reason_until_it_is_fixed(running: Running) -> None:
    """The old code never answers in its place. The fix is noticed like any change."""
    for name, broken, reason in BROKEN:
        good = (running.folder / name).read_text()
        running.write(name, broken)
        shown = running.until("does not start")

        answer = running.get()
        assert answer.status_code == 503
        assert reason in answer.text
        assert reason in shown
        assert requests.post(answer.url, data=b"x" * 100_000, timeout=10).status_code == 503

        running.write(name, good)
        running.until("reloaded in")
        assert running.get().text == "one"


def test_a_request_during_the_restart_waits_for_the_new_code(running: Running) -> None:
    """The port stays open, so nobody is refused."""
    slow = "import time\ntime.sleep(1)\nWORD = 'two'"
    running.write("hello/__init__.py", slow)
    while running.app.restart_began is None:
        running.app.check()
        time.sleep(0.02)
    found: list[str] = []
    caller = threading.Thread(target=lambda: found.append(running.get().text))
    caller.start()
    running.until("reloaded in")
    caller.join()

    assert found == ["two"]


def test_a_change_during_a_restart_starts_again_without_noise(running: Running) -> None:
    """One line names the files of both changes; the interrupted start shows no traceback."""
    running.write("hello/__init__.py", "import time\nprint('importing', flush=True)\ntime.sleep(60)")
    running.until("importing")
    running.write("hello/other.py", "")
    running.write("hello/__init__.py", "WORD = 'two'")
    shown = running.until("changed\n")

    assert re.search("reloaded in .*: hello/__init__.py, hello/other.py changed", shown)
    assert "Traceback" not in shown


def test_files_that_are_not_deployed_restart_nothing(running: Running) -> None:
    """Tests, caches and the environment are not part of the app."""
    for name in NOT_DEPLOYED:
        running.write(name, "x")
    time.sleep(0.3)
    running.write("hello/__init__.py", "WORD = 'two'")
    shown = running.until("changed\n")

    assert not [name for name in NOT_DEPLOYED if name in shown]


def test_files_in_a_new_folder_are_watched(running: Running) -> None:
    """A function that is added during the run is reloaded like the others."""
    running.write("added/__init__.py", "")
    running.write("function_app.py", "import hello, added\n")
    running.until("changed\n")
    running.write("added/__init__.py", "raise RuntimeError('from the new folder')")

    assert "from the new folder" in running.until("does not start")


def test_an_app_that_ends_without_a_change_ends_the_run(running: Running) -> None:
    """A crash is not hidden by a restart."""
    running.app.check()
    running.app.app.guard.terminate()

    with pytest.raises(ServiceError, match="app ended with exit code"):
        running.until("never")


def test_a_watcher_that_ends_is_reported_once_and_the_app_goes_on(running: Running) -> None:
    """Changes then need a new start."""
    psutil.Process(running.app.watcher.pid).kill()

    assert running.until("restart this command after a change").count("\n") == 1
    running.app.check()
    assert running.stream.getvalue() == ""
    assert running.get().text == "one"


def test_an_app_runs_without_a_watcher_when_that_does_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reason is printed, for example that the system allows no more watches."""
    running = Running(tmp_path, SMALL_HOST)
    running.app.watcher.command = [sys.executable, "-c", "raise SystemExit('no more watches')"]
    try:
        running.app.start()
        running.app.wait_until_ready()
        running.app.check()
        assert running.get().text == "one"
    finally:
        running.app.stop()
    assert "no more watches" in capsys.readouterr().err


def test_an_app_that_does_not_start_at_first_is_an_error(tmp_path: Path) -> None:
    """The run ends with the last lines that the app wrote."""
    running = Running(tmp_path, SMALL_HOST)
    running.write("function_app.py", "import nowhere")
    try:
        running.app.start()
        with pytest.raises(ServiceError, match="No module named 'nowhere'"):
            running.app.wait_until_ready()
    finally:
        running.app.stop()


def test_the_reason_is_shown_to_this_machine_only() -> None:
    """A tunnel or a page of another website gets the status without words about the code."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/api/x"
        server = Unavailable(listener, "secret reason")
        try:
            assert "secret reason" in requests.get(url, timeout=10).text
            for headers in ({"Host": "tunnel.example"}, {"Origin": "https://evil.example"}):
                answer = requests.get(url, headers=headers, timeout=10)
                assert answer.status_code == 503
                assert "secret" not in answer.text
        finally:
            server.close()

"""Starting and ending the host, and apps that it does not serve."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from dev.processes import ServiceError
from tests.support.app import ROOT
from tests.support.host import ENVIRONMENT, HEAD, Host, rejection, serving


def test_functions_without_an_http_trigger_are_named(host: Host) -> None:
    """A timer is not run here, and the host says so."""
    assert "not served, as they have no HTTP trigger: nightly" in host.lines


def test_verbose_shows_one_line_for_each_request(tmp_path: Path) -> None:
    """Method, path and status, without the query, which may carry a key."""
    with serving(tmp_path, "--verbose") as running:
        running.request("GET", "/api/greeting?code=secret")
        line = running.wait_for_line("/api/greeting")
    assert line.startswith("INFO host: GET /api/greeting 200 ")


def test_another_file_can_be_served(tmp_path: Path) -> None:
    """`--app` names it."""
    with serving(tmp_path, "--app", "other.py", module="other.py") as running:
        assert running.request("GET", "/api/greeting").status_code == 200


def call_and_be_cut_off(host: Host, path: str) -> None:
    """Send a request whose answer may never come."""
    with contextlib.suppress(requests.RequestException):
        host.request("GET", path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_host_at_once(tmp_path: Path, number: signal.Signals) -> None:
    """With exit code 0, also while a handler runs in a thread and a connection is open."""
    with serving(tmp_path) as running:
        caller = threading.Thread(target=call_and_be_cut_off, args=(running, "/api/sleeps"))
        caller.start()
        running.wait_for_line("asleep")
        started = time.monotonic()
        os.kill(running.service.pid, number)
        while running.service.running and time.monotonic() < started + 5:
            time.sleep(0.01)
        assert time.monotonic() - started < 2
        assert running.service.exit_code == 0
        caller.join()
    assert not [line for line in running.lines if "Traceback" in line]


def test_a_port_in_use_is_said(host: Host, tmp_path: Path) -> None:
    """One sentence instead of a traceback."""
    taken = serving(tmp_path, "--port", str(host.port))
    with pytest.raises(ServiceError, match=f"Port {host.port} cannot be opened: ") as caught, taken:
        pass
    assert "Traceback" not in str(caught.value)


def test_help_names_the_options() -> None:
    """`--help` ends well and names each option."""
    done = subprocess.run([sys.executable, "-m", "dev.host", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert all(option in done.stdout for option in ("--port", "--app", "--key", "--verbose"))


def test_an_app_that_cannot_be_served_ends_the_host_with_the_reason(tmp_path: Path) -> None:
    """The last line is a sentence; nothing listens."""
    (tmp_path / "function_app.py").write_text("import nowhere", "utf-8")
    command = [sys.executable, "-m", "dev.host", "--port", "0"]

    done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)

    assert (done.returncode, "listening" in done.stdout) == (1, False)
    assert done.stderr.strip().splitlines()[-1].startswith("function_app.py cannot be loaded: ModuleNotFoundError")


@pytest.mark.parametrize(
    ("app", "sentence"),
    [
        ("import nowhere", "function_app.py cannot be loaded: ModuleNotFoundError: No module named 'nowhere'"),
        ("raise SystemExit(3)", "function_app.py cannot be loaded: SystemExit: 3"),
        ("import azure.functions as func", "function_app.py cannot be loaded: ValueError: "),
        (HEAD + "more = func.FunctionApp()", "function_app.py cannot be loaded: ValueError: "),
        (
            HEAD + "@app.route()\ndef one(req): ...\n@app.route('x')\ndef one(req): ...",
            "Function one does not have a unique function name",
        ),
        (
            HEAD + "@app.route('X/{a}')\ndef one(req): ...\n@app.route('x/{A}')\ndef two(req): ...",
            "Functions one and two have the same route and a method in common",
        ),
        (
            HEAD + "@app.route('x/{a}')\ndef one(req): ...\n@app.route('x/list')\ndef two(req): ...",
            "Function two is never reached at 'api/x/list': one comes first",
        ),
    ],
)
def test_an_app_that_azure_would_not_serve_is_rejected(tmp_path: Path, app: str, sentence: str) -> None:
    """Each fault that leaves an app on Azure without functions, or a function without requests, is one sentence."""
    assert sentence in rejection(tmp_path, app)


@pytest.mark.parametrize(
    ("handler", "named"),
    [
        ("one(request)", "'request'"),
        ("one(req, more)", "'more'"),
        ("one()", "'req'"),
        ("one(req: 'Missing')", "'Missing' is not defined"),
        ("one(req) -> None", "None"),
        ("one(req) -> str | None", "None"),
    ],
)
def test_a_handler_that_does_not_fit_its_bindings_is_not_loaded(tmp_path: Path, handler: str, named: str) -> None:
    """The runtime says which file, and what in it."""
    said = rejection(tmp_path, f"{HEAD}@app.route()\ndef {handler}: ...")
    assert said.startswith("function_app.py cannot be loaded: ")
    assert named in said


@pytest.mark.parametrize(
    ("route", "handler", "sentence"),
    [
        ("trigger_arg_name='my_req'", "one(my_req)", "Function one: the parameter name 'my_req' must be a letter"),
        ("", "_one(req)", "Function _one: its name must be a letter"),
        ("", "host(req)", "Function host: its name must be a letter"),
        ("'{a:odd}'", "one(req)", "Function one: the route '{a:odd}' is not understood: the constraint 'odd'"),
        ("'Administrators'", "one(req)", "Function one: the host keeps routes that begin with admin or runtime"),
    ],
)
def test_names_and_routes_that_the_host_rejects_are_reported(
    tmp_path: Path, route: str, handler: str, sentence: str
) -> None:
    """In one sentence that names the function."""
    said = rejection(tmp_path, f"{HEAD}@app.route({route})\ndef {handler}: ...")
    assert sentence in said


@pytest.mark.parametrize("text", ["{", "[]", '{"extensions": {"http": {"routePrefix": 1}}}'])
def test_an_unreadable_host_json_is_said(tmp_path: Path, text: str) -> None:
    """Not JSON, not an object, not a text."""
    (tmp_path / "host.json").write_text(text)
    said = rejection(tmp_path, HEAD)
    assert said.startswith("host.json")

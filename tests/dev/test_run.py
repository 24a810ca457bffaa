"""`python3 -m dev run` and `services`: all parts started for real, on free ports."""

import json
import os
import re
import shlex
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import requests
from azure.data.tables import TableServiceClient

from dev import __main__ as command_line
from dev import run as run_module
from dev.azurite import azurite, connection_string
from dev.instructions import how_to_use_the_app
from dev.processes import free_port
from dev.run import Options, host_command, phones_command
from tests.support.app import SETTINGS
from tests.support.dev_run import Run

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Ctrl-C reaches a single process by a POSIX signal")


@contextmanager
def running(*arguments: str, usual: Sequence[str] = (), **env: str) -> Iterator[Run]:
    """Run `python3 -m dev` until everything answers; afterwards none of its processes may be left.

    Its ports are free ones, except for those in `usual`, which are not given.
    """
    ports = [f"--{name}={free_port()}" for name in ("port", "phones-port", "tables-port") if name not in usual]
    run = Run(*arguments[:1], *ports, *arguments[1:], **env)
    family: list[psutil.Process] = []
    try:
        run.read_until("Ctrl-C stops everything.")
        family = run.family()
        yield run
    finally:
        assert run.process.stdout is not None
        if not run.process.stdout.closed:
            run.end()
        deadline = time.monotonic() + 10
        while left := [process for process in family if process.is_running()]:
            assert time.monotonic() < deadline, f"left behind: {left}\n{run.output}"
            time.sleep(0.05)


@contextmanager
def taken(port: int = 0) -> Iterator[int]:
    """Listen on a port, unless another program does already."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            listener.bind(("127.0.0.1", port))
            listener.listen()
        yield port or listener.getsockname()[1]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """A run with a setting, in a shell that has a real account and a proxy."""
    real = {"TWILIO_ACCOUNT_SID": "AC" + "9" * 32, "TWILIO_REGION": "au1", "TWILIO_EDGE": "sydney"}
    elsewhere = "http://127.0.0.1:9"
    with running("run", "--set", "DEFAULT_COUNTRY=GB", **real, TABLES_ENDPOINT=elsewhere, HTTP_PROXY=elsewhere) as run:
        yield run
        assert run.end() == 0
    assert run.output.endswith("Stopped.\n")


def test_the_app_answers_with_its_example_settings_and_none_of_the_shell(run: Run) -> None:
    """A developer's real account must not be called by a program that says it needs none."""
    answer = requests.post(f"{run.api()}/send_sms", json={"to": "+15551234567", "body": "hi"}, timeout=10)

    assert answer.status_code == 201
    assert re.search(r"^app     \| .*POST /api/send_sms 201", run.read_until("POST /api/send_sms 201"), re.MULTILINE)


def test_a_setting_of_the_command_line_reaches_the_app(run: Run) -> None:
    """A national number is read in that country; the name of the setting is printed, its value is not."""
    answer = requests.post(f"{run.api()}/send_sms", json={"to": "07400 123456", "body": "hi"}, timeout=10)

    assert answer.json()["to"] == "+447400123456"
    assert "Settings: DEFAULT_COUNTRY from --set." in run.output
    assert "GB" not in run.output


def test_a_callback_is_logged_with_its_sid_and_status(run: Run) -> None:
    """The line says which message has which outcome."""
    answer = requests.post(f"{run.api()}/send_sms", json={"to": "+15551234567", "body": "hi"}, timeout=10)

    run.read_until(f"POST /api/status_callback 204 {answer.json()['sid']} delivered")


def test_an_apology_to_a_caller_is_a_fault_on_the_page(run: Run) -> None:
    """When a script leads nowhere the app apologises to the caller, and the page shows the reason."""
    script = [{"verb": "Redirect", "url": "/api/twiml/missing"}]
    requests.put(f"{run.api()}/scripts/call", json=script, timeout=10).raise_for_status()
    caller = f"{run.phones()}/_phones/+15551234567"
    sid = requests.post(f"{caller}/call", json={"to": "+15005550006"}, timeout=10).json()["sid"]
    while not (faults := run.page()["faults"]):
        time.sleep(0.05)

    assert faults[0]["sid"] == sid
    assert faults[0]["detail"].endswith(": the app logged an error: there is no script missing")


@pytest.mark.parametrize("path", ["/", "/api", "/api/"])
def test_the_front_page_has_the_addresses(run: Run, path: str) -> None:
    """Plain text for curl, HTML for browsers, nothing for a name that only leads to this machine."""
    url = run.api().removesuffix("/api") + path
    plain = requests.get(url, timeout=10)
    html = requests.get(url, headers={"Accept": "text/html,*/*"}, timeout=10)

    for page in (plain, html):
        assert run.api() in page.text
        assert run.phones() in page.text
        assert "/api/make_call" in page.text
    assert plain.headers["Content-Type"].startswith("text/plain")
    assert html.headers["Content-Type"].startswith("text/html")
    links = re.findall('<a href="(.*?)"', html.text)
    assert run.phones() in links
    assert "/api/activity" in links
    assert "/api/answer_call" not in links
    assert requests.get(url, headers={"Host": "rebound.example"}, timeout=10).status_code == 404


def test_keys_are_asked_for_and_printed_in_the_commands() -> None:
    """With --keys the app behaves as on Azure; the printed commands still work, and those on the phones page.

    With --bind 0.0.0.0 it is said who can connect, and names other than this machine's still get no answer.
    """
    with running("run", "--keys", "--bind", "0.0.0.0") as run:
        curl = next(line.strip() for line in run.output.splitlines() if line.endswith('"') and "/activity" in line)
        _, url, option, header = shlex.split(curl)
        name, value = header.split(": ")

        assert option == "-H"
        assert name == "x-functions-key"
        assert requests.get(url, headers={name: value}, timeout=10).status_code == 200
        assert requests.get(url, timeout=10).status_code == 401
        assert run.page()["app_key"] == value

        other = requests.get(url.replace("127.0.0.1", "127.0.0.2"), headers={name: value}, timeout=10)
        assert other.status_code == 200
        assert requests.get(run.phones().replace("127.0.0.1", "127.0.0.2"), timeout=10).status_code == 403
        run.read_until("--bind 0.0.0.0: all machines that can reach this one can use the phones without a password")


@pytest.mark.parametrize("key", ["plain", "-begins-like-an-option"])
def test_every_key_reaches_the_phones_and_the_host(key: str) -> None:
    """One random key in 64 begins with a dash."""
    assert phones_command(Options(), 1, key)[-1] == f"--app-key={key}"
    assert f"--key={key}" in host_command(key)


def test_when_the_app_dies_the_rest_stops_and_its_last_lines_are_shown(tmp_path: Path) -> None:
    """A dead part is not discovered by a timeout somewhere else. A changed settings file is a reload before that."""
    file = tmp_path / "own.json"
    own = {"TWILIO_ACCOUNT_SID": "AC" + "7" * 32, "TWILIO_AUTH_TOKEN": "x", "TWILIO_API_SECRET": "x"}
    own |= {"TWILIO_API_KEY": "SK" + "7" * 32, "TWILIO_FROM_NUMBER": "+12025550123", "TWILIO_API_BASE_URL": ""}
    own |= {"TWILIO_TWIML_APP_SID": ""}
    values = SETTINGS | own | {"PUBLIC_BASE_URL": "https://a.devtunnels.ms"}
    file.write_text(json.dumps({"Values": values}))
    with running("run", "--settings", str(file), usual=["phones-port"]) as run:
        file.write_text(json.dumps({"Values": values | {"DEFAULT_COUNTRY": "CA"}}))
        run.read_until(f"{file.name} changed")
        words = [(part, " ".join(part.cmdline())) for part in run.family()]
        next(part for part, command in words if "-m dev.host" in command and "guard.py" not in command).kill()

        assert run.end(None) == 1
    assert "app ended with exit code 137, so everything was stopped. The last lines it wrote:" in run.output


def test_the_tables_are_kept_between_runs_where_a_folder_is_given(tmp_path: Path) -> None:
    """Azurite saves its tables in the folder when it is stopped, and reads them at the next start."""
    data = run_module.data_folder(tmp_path / "new" / "data")
    for kept in ([], ["first"]):
        port = free_port()
        with azurite(port, data), TableServiceClient.from_connection_string(connection_string(port)) as client:
            assert [table.name for table in client.list_tables()] == kept
            client.create_table_if_not_exists("first")


def test_the_phones_page_is_opened_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """After everything is ready; without a browser the address is printed for a person to open."""
    opened: list[str] = []
    said: list[str] = []
    browsers = iter([True, False])

    def open_browser(url: str) -> bool:
        opened.append(url)
        return next(browsers)

    monkeypatch.setattr("webbrowser.open", open_browser)
    monkeypatch.setattr(run_module, "connect_number", lambda values: None)
    monkeypatch.setattr(run_module, "say", said.append)
    monkeypatch.setattr(run_module, "run_together", lambda parts, ready, words, terminal: ready() or 0)
    for wanted in (True, True, False):
        run_module.run_on(1, 2, 3, Options(open=wanted), with_app=True)

    assert opened == ["http://127.0.0.1:2"] * 2
    assert said == ["No browser could be opened: open http://127.0.0.1:2 yourself."]


@pytest.mark.usefixtures("usual_ports")
def test_services_say_what_core_tools_need() -> None:
    """A default port that is taken is replaced; other ports are printed as settings; SIGTERM ends it like Ctrl-C."""
    with taken(7072), running("services", "--port", "7099", usual=["phones-port"]) as run:
        moved = re.search(r"Port 7072 is taken, so the phones page will be on port (\d+)\.", run.output)
        assert moved
        phones = f"http://127.0.0.1:{moved[1]}"

        assert requests.get(phones, timeout=10).status_code == 200
        assert run.end(signal.SIGTERM) == 0
    assert f"Phones  {phones}" in run.output
    assert f'"TWILIO_API_BASE_URL": "{phones}"' in run.output
    assert re.search(r'"TABLES_CONNECTION_STRING": ".*TableEndpoint=http://127\.0\.0\.1:\d+/', run.output)
    assert "cp local.settings.json.example local.settings.json" in run.output
    assert "func start --port 7099" in run.output


@pytest.mark.parametrize(
    ("command", "option", "what"),
    [
        ("run", "--port", "the app"),
        ("run", "--phones-port", "the phones page"),
        ("services", "--tables-port", "Azurite"),
    ],
)
def test_a_port_that_was_given_is_never_replaced(
    command: str, option: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """When a port that was given is taken, nothing is started."""
    with taken() as port:
        assert command_line.main([command, option, str(port)]) == 1

    words = f"dev: Port {port} is taken, so {what} cannot be there: give {option} another, or leave it out.\n"
    assert capsys.readouterr().err.endswith(words)


@pytest.mark.parametrize("key", [None, "a-key"])
def test_the_printed_commands_mean_the_same_in_every_shell(key: str | None) -> None:
    """They have double quotes only, and no characters in them that sh, cmd or PowerShell would change."""
    words = how_to_use_the_app(7071, 7072, 10002, key)
    commands = [line for line in words.splitlines() if line.startswith("  curl")]

    assert [re.findall(r"api/(\w+)", command) for command in commands] == [["make_call"], ["send_sms"], ["activity"]]
    for command in commands:
        assert not set(command) & set("'`$!%&|<>^\\")
        assert shlex.split(command)[0] == "curl"
        assert (f'"x-functions-key: {key}"' in command) is (key is not None)

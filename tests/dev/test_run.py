"""`python3 -m dev run` and `services`: all parts started for real, on free ports."""

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

from dev.app_settings import service_environ, settings
from dev.instructions import how_to_use_the_app
from dev.processes import free_port
from dev.run import Options, app_command, phones_command
from tests.support.dev_run import Run

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="Ctrl-C reaches a single process by a POSIX signal")


@contextmanager
def running(*arguments: str, usual: Sequence[str] = (), **env: str) -> Iterator[Run]:
    """Run `python3 -m dev` until everything answers; afterwards nothing of it may be left.

    Its ports are free ones, but for those in `usual`, about which nothing is said.
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
    """Have somebody listen on a port, if nobody does yet."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            listener.bind(("127.0.0.1", port))
            listener.listen()
        yield port or listener.getsockname()[1]


def test_the_app_answers_with_its_example_settings_and_none_of_the_shell() -> None:
    """A developer's real account must not be called by a program that says it needs none."""
    real = {"TWILIO_ACCOUNT_SID": "AC" + "9" * 32, "TWILIO_REGION": "au1", "TWILIO_EDGE": "sydney"}
    with running("run", **real, TABLES_ENDPOINT="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9") as run:
        answer = requests.post(f"{run.api()}/send_sms", json={"to": "+15551234567", "body": "hi"}, timeout=10)

        assert answer.status_code == 201
        run.read_until("POST /api/send_sms 201")
        assert run.end() == 0
    assert re.search(r"^app     \| .*POST /api/send_sms 201", run.output, re.MULTILINE)
    assert run.output.endswith("Stopped.\n")


def test_keys_are_asked_for_and_stand_in_the_commands() -> None:
    """With --keys the app behaves as on Azure; the printed commands still work, and those on the phones page."""
    with running("run", "--keys") as run:
        curl = next(line.strip() for line in run.output.splitlines() if line.endswith('"') and "/activity" in line)
        _, url, option, header = shlex.split(curl)
        name, value = header.split(": ")

        assert option == "-H"
        assert name == "x-functions-key"
        assert requests.get(url, headers={name: value}, timeout=10).status_code == 200
        assert requests.get(url, timeout=10).status_code == 401
        assert run.page()["app_key"] == value


@pytest.mark.parametrize("key", ["plain", "-begins-like-an-option"])
def test_any_key_is_handed_on(key: str) -> None:
    """Of the keys that are made up, one in 64 begins with a dash."""
    assert phones_command(Options(), 1, key)[-1] == f"--app-key={key}"
    assert f"--key={key}" in app_command(Options(), 1, key)


def test_an_apology_to_a_caller_is_a_fault_on_the_page() -> None:
    """Where a script leads nowhere the app says sorry, and the page tells why."""
    with running("run") as run:
        script = [{"verb": "Redirect", "url": "/api/twiml/missing"}]
        requests.put(f"{run.api()}/scripts/call", json=script, timeout=10).raise_for_status()
        caller = f"{run.phones()}/_phones/+15551234567"
        sid = requests.post(f"{caller}/call", json={"to": "+15005550006"}, timeout=10).json()["sid"]
        while not (faults := run.page()["faults"]):
            time.sleep(0.05)

        assert faults[0]["sid"] == sid
        assert faults[0]["detail"].endswith(": the app logged an error: there is no script missing")


@pytest.mark.parametrize("name", ["azurite", "phones", "app"])
def test_when_one_part_dies_the_rest_stops_and_its_last_lines_are_shown(name: str) -> None:
    """A dead part is not discovered by a timeout somewhere else."""
    words = {"azurite": "azurite/dist", "phones": "fake_twilio", "app": "dev.host"}
    with running("run") as run:
        part = next(
            process
            for process in run.family()
            if words[name] in " ".join(process.cmdline()) and "guard.py" not in " ".join(process.cmdline())
        )
        part.kill()

        assert run.end(None) == 1
    assert f"{name} ended with exit code 137, so everything was stopped. The last lines it wrote:" in run.output


def test_the_tables_are_kept_between_runs_where_a_folder_is_given(tmp_path: Path) -> None:
    """What Azurite has in memory when it is stopped is in the folder at the next start."""
    data = tmp_path / "new" / "data"
    sids = set()
    for expected in (1, 2):
        with running("run", "--data", str(data)) as run:
            answer = requests.post(f"{run.api()}/send_sms", json={"to": "+15551234567", "body": "hi"}, timeout=10)
            sids.add(answer.json()["sid"])
            listed = {item["sid"] for item in requests.get(f"{run.api()}/activity", timeout=10).json()["items"]}
            assert listed == sids
            assert len(listed) == expected


@pytest.mark.usefixtures("usual_ports")
def test_services_say_what_core_tools_need() -> None:
    """A usual port that is taken is replaced; unusual ones are given as settings; SIGTERM ends it as Ctrl-C does."""
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
def test_a_port_that_was_asked_for_is_never_replaced(command: str, option: str, what: str) -> None:
    """Whoever names a port has a reason; where it is taken nothing is started."""
    with taken() as port:
        run = Run(command, option, str(port))

        assert run.end(None) == 1
    assert run.output == (
        f"dev: Port {port} is taken, so {what} cannot be there: give {option} another, or leave it out.\n"
    )


@pytest.mark.usefixtures("usual_ports")
def test_two_runs_that_begin_at_once_take_different_ports() -> None:
    """The second sees what the first has chosen, though nothing listens there yet."""
    runs = [Run("services"), Run("services")]
    try:
        for run in runs:
            run.read_until("Ctrl-C stops everything.")
    finally:
        codes = [run.end() for run in runs]

    found = [re.findall(r"(?:Phones|Tables) +http://127\.0\.0\.1:(\d+)", run.output) for run in runs]
    assert codes == [0, 0]
    assert len({port for ports in found for port in ports}) == 4


def test_the_settings_of_a_service_are_the_examples_with_other_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the shell has under a vendor's names stays outside; the rest, like PATH, comes through."""
    for name in ("TWILIO_REGION", "AZURE_CLIENT_SECRET", "TABLES_ENDPOINT", "WEBSITE_HOSTNAME", "AzureWebJobsStorage"):
        monkeypatch.setenv(name, "real")
    monkeypatch.setenv("ORDINARY", "kept")
    monkeypatch.setenv("NO_PROXY", "intranet")

    env = service_environ(settings(port=1, phones_port=2, tables_port=3))

    assert "real" not in env.values()
    assert env["ORDINARY"] == "kept"
    assert env["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert env["PUBLIC_BASE_URL"] == "http://127.0.0.1:1"
    assert env["TWILIO_API_BASE_URL"] == "http://127.0.0.1:2"
    assert "TableEndpoint=http://127.0.0.1:3/devstoreaccount1;" in env["TABLES_CONNECTION_STRING"]


@pytest.mark.parametrize("key", [None, "a-key"])
def test_the_printed_commands_are_read_alike_by_every_shell(key: str | None) -> None:
    """Only double quotes, and nothing inside them that sh, cmd or PowerShell would touch."""
    words = how_to_use_the_app(7071, 7072, 10002, key)
    commands = [line for line in words.splitlines() if line.startswith("  curl")]

    assert [re.findall(r"api/(\w+)", command) for command in commands] == [["make_call"], ["send_sms"], ["activity"]]
    for command in commands:
        assert not set(command) & set("'`$!%&|<>^\\")
        assert shlex.split(command)[0] == "curl"
        assert (f'"x-functions-key: {key}"' in command) is (key is not None)

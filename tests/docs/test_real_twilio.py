"""docs/real-twilio.md: its command runs the app with the settings of a file, and its tables match the code."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.processes import free_port
from fake_twilio.testing import Account, FakeTwilio
from shared.settings import load
from shared.twilio.error_codes import explain, failure_for
from tests.support.app import ROOT, SETTINGS, App, assert_problem, sign
from tests.support.dev_run import Run
from tests.support.documents import rows, section, text_of

TEXT = text_of("docs/real-twilio.md")
OWN = Account("AC" + "7" * 32, "own-token", "SK" + "7" * 32, "own-secret", ("+12025550123",))
TUNNEL = "https://a.devtunnels.ms"
posix_only = pytest.mark.skipif(os.name != "posix", reason="Ctrl-C reaches a single process by a POSIX signal")


@pytest.fixture
def settings_file(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a local.settings.json as the document describes it, with some differences."""

    def write(**differences: str) -> Path:
        own = {"TWILIO_ACCOUNT_SID": OWN.sid, "TWILIO_AUTH_TOKEN": OWN.auth_token, "TWILIO_API_KEY": OWN.api_key}
        own |= {"TWILIO_API_SECRET": OWN.api_secret, "TWILIO_API_BASE_URL": "", "PUBLIC_BASE_URL": f"{TUNNEL}/"}
        own |= {"TWILIO_FROM_NUMBER": OWN.numbers[0], "TWILIO_TWIML_APP_SID": ""}
        path = tmp_path / "local.settings.json"
        path.write_text(json.dumps({"IsEncrypted": False, "Values": SETTINGS | own | differences}), "utf-8")
        return path

    return write


@posix_only
def test_one_command_runs_the_app_with_your_own_account(settings_file: Callable[..., Path]) -> None:
    """It asks users for a key, but not Twilio, and the commands that it prints work."""
    with FakeTwilio.running(account=OWN) as fake:
        file = settings_file(TWILIO_API_BASE_URL=fake.url)
        run = Run("run", "--settings", str(file), f"--port={free_port()}", f"--tables-port={free_port()}")
        try:
            printed = run.read_until("Ctrl-C stops everything.")
            url = run.api()
            call = {"to": "+15551234567"}
            assert requests.get(f"{url}/health", timeout=9).json()["status"] == "ready"
            assert requests.post(f"{url}/make_call", json=call, timeout=9).status_code == 401
            assert requests.get(f"{url}/activity", timeout=9).status_code == 401
            key = re.findall(r'"x-functions-key: (\S+)"', printed)[0]
            assert requests.post(f"{url}/make_call", json=call, headers={"x-functions-key": key}, timeout=9).ok
            signature = {"X-Twilio-Signature": sign(f"{TUNNEL}/api/twiml_hello", {}, OWN.auth_token)}
            assert requests.post(f"{url}/twiml_hello", headers=signature, timeout=9).status_code == 200
            unsigned = requests.post(f"{url}/twiml_hello", timeout=9)
            assert (unsigned.status_code, unsigned.content) == (403, b"")

            [connect, check, restore] = re.findall(r"python3 (infra/connect_number.py .*)", printed)
            env = {**os.environ, "TWILIO_API_BASE_URL": fake.url}
            for line in (f"{connect} --yes", f"{restore} --yes"):
                done = subprocess.run([sys.executable, *shlex.split(line)], cwd=ROOT, env=env, check=False)
                assert done.returncode == 0
                connected = fake.number(OWN.numbers[0]).voice_url
                assert connected == (f"{TUNNEL}/api/answer_call" if line.startswith(connect + " --yes") else "")
            assert check == f"{connect} --check"
            assert run.end() == 0
            assert run.output.endswith(f"{restore}\n")
        finally:
            if run.process.poll() is None:
                run.end()
        for secret in (OWN.auth_token, OWN.api_secret):
            assert secret not in run.output


@pytest.mark.parametrize(
    ("differences", "options", "words"),
    [
        *(
            ({name: SETTINGS[name]}, (), f"{name}: still the example's")
            for name in SETTINGS
            if name.startswith("TWILIO_") and SETTINGS[name] and name != "TWILIO_API_BASE_URL"
        ),
        ({"PUBLIC_BASE_URL": f"{TUNNEL}/api"}, (), "PUBLIC_BASE_URL: expected the tunnel's address without /api"),
        ({"PUBLIC_BASE_URL": "https://"}, (), "PUBLIC_BASE_URL: expected the tunnel's address"),
        ({"DEFAULT_COUNTRY": None}, (), "every value must be a string in quotes; DEFAULT_COUNTRY is not."),
        (
            {"TWILIO_API_BASE_URL": SETTINGS["TWILIO_API_BASE_URL"]},
            (),
            "TWILIO_API_BASE_URL: leads to the Twilio emulator",
        ),
        ({"PUBLIC_BASE_URL": "http://127.0.0.1:7071"}, (), "PUBLIC_BASE_URL: expected the tunnel's address"),
        ({}, ("--chaos", "7"), "--chaos is for the Twilio emulator"),
        ({}, ("--phones-port", "7072"), "--phones-port is for the Twilio emulator"),
        ({}, ("--host", "func"), "--settings works with the built-in host only"),
    ],
)
def test_a_settings_file_that_is_not_ready_is_rejected_with_the_names_in_it(
    settings_file: Callable[..., Path], differences: dict[str, Any], options: tuple[str, ...], words: str
) -> None:
    """Before anything is started."""
    command = [sys.executable, "-m", "dev", "run", "--settings", str(settings_file(**differences)), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert words in done.stdout + done.stderr


@posix_only
def test_settings_that_the_app_rejects_are_named_without_waiting(settings_file: Callable[..., Path]) -> None:
    """In the app's own words, instead of a minute later when the app is still not ready."""
    file = settings_file(TWILIO_AUTH_TOKEN="", TWILIO_FROM_NUMBER="5550006")
    run = Run("run", "--settings", str(file), f"--port={free_port()}", f"--tables-port={free_port()}")

    assert run.end(None) == 1
    assert "dev: the app is not ready: " in run.output
    assert "TWILIO_AUTH_TOKEN" in run.output
    assert "TWILIO_FROM_NUMBER" in run.output


def test_the_port_of_the_tunnel_is_not_replaced_by_another(settings_file: Callable[..., Path]) -> None:
    """The message says what to do about a port that is taken."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "dev", "run", "--settings", str(settings_file()), f"--port={port}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert f"Port {port} is taken, so the app cannot be there: the tunnel leads there" in done.stderr


def test_a_settings_file_that_does_not_exist_is_named() -> None:
    """Without a traceback."""
    command = [sys.executable, "-m", "dev", "run", "--settings", "no-such-file.json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, "no-such-file.json cannot be read" in done.stdout + done.stderr) == (1, True)


def test_the_settings_that_the_document_changes_are_those_of_the_real_twilio() -> None:
    """With these values the example is valid; the other settings keep the values of the example."""
    changed = {name for row in rows(section(TEXT, "The settings")) for name in re.findall(r"`([A-Z_]+)`", row[0])}
    real = {"TWILIO_API_BASE_URL": "", "PUBLIC_BASE_URL": "https://a.devtunnels.ms", "ALLOWED_COUNTRIES": "US"}

    assert real.keys() <= changed
    assert set(SETTINGS) - changed == {
        "FUNCTIONS_WORKER_RUNTIME",
        "TWILIO_AUTH_TOKEN_NEXT",
        "TWILIO_MESSAGING_SERVICE_SID",
        "TABLES_CONNECTION_STRING",
        "TABLES_ENDPOINT",
        "ALLOWED_SIP_HOSTS",
        "ALLOW_PREMIUM_NUMBERS",
        "DEFAULT_COUNTRY",
    }
    assert load({**SETTINGS, **real}).url("health") == "https://a.devtunnels.ms/api/health"


def test_the_documented_answers_for_trial_accounts_are_those_of_the_app() -> None:
    """Status and code of each error that the table names."""
    found = 0
    for row in rows(section(TEXT, "Trial accounts")):
        status = re.search(r"(\d{3}) `(\w+)`", row[1])
        for code in map(int, re.findall(r"\[(\d+)\]", row[1])):
            error = failure_for(code, "", 400)
            assert error.members()["twilio"]
            assert "its page explains it" not in explain(code)
            assert not status or (error.status, error.code) == (int(status[1]), status[2])
            found += 1

    assert found == 11


def test_a_magic_number_fails_as_documented(app: App, fake_twilio: FakeTwilio) -> None:
    """The nearest thing to the limits of a trial account."""
    problem = assert_problem(app.post("send_sms", {"to": "+15005550003", "body": "Hello"}), 403, "twilio_refused")

    assert problem["twilio"]["code"] == 21408

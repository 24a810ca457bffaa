"""docs/real-twilio.md: its commands start the app with the settings of a file, and what it says of trials is so."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from conftest import ROOT, SETTINGS, App, assert_problem

from dev.fake_twilio import FakeTwilio
from dev.processes import Service, answers, free_port
from shared.settings import load
from shared.twilio_errors import failure_for

TEXT = (ROOT / "docs" / "real-twilio.md").read_text("utf-8")
[START] = re.findall(r"```sh\n(with_settings\(\).*?)```", TEXT, re.DOTALL)


def cells(heading: str) -> list[list[str]]:
    """Return the rows of the table under a heading."""
    part = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")][2:]


@pytest.fixture
def started(fake_twilio: FakeTwilio, tables: str, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The app as the document starts it, with settings that lead to the fake Twilio: its address, and the key shown."""
    port = free_port(0)
    url = f"http://127.0.0.1:{port}"
    places = {"TWILIO_API_BASE_URL": fake_twilio.url, "PUBLIC_BASE_URL": url, "TABLES_CONNECTION_STRING": tables}
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": SETTINGS | places}), "utf-8")
    (tmp_path / "host.json").write_bytes((ROOT / "host.json").read_bytes())
    lines: list[str] = []
    app = Service(
        "app",
        ["bash", "-euc", START.replace(".venv/bin/python", sys.executable).replace("--key", f"--port {port} --key")],
        env={name: value for name, value in os.environ.items() if name not in SETTINGS} | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        ready=lambda: answers(f"{url}/api/health"),
        sink=lambda name, line: lines.append(line),
    )
    with app:
        yield url, lines[0]
        fake_twilio.wait_until_quiet()


@pytest.mark.skipif(os.name != "posix", reason="the commands are for sh")
def test_the_commands_start_the_app_with_the_file_s_settings_and_a_key(started: tuple[str, str]) -> None:
    """Whoever finds the tunnel can place no call; Twilio needs no key."""
    url, key = started
    call = {"to": "+15551234567"}

    assert requests.get(f"{url}/api/health", timeout=9).json()["status"] == "ready"
    assert requests.post(f"{url}/api/make_call", json=call, timeout=9).status_code == 401
    assert requests.get(f"{url}/api/activity", timeout=9).status_code == 401
    keyed = {"x-functions-key": key}
    assert requests.post(f"{url}/api/make_call", json=call, headers=keyed, timeout=9).status_code == 201
    unsigned = requests.post(f"{url}/api/twiml_hello", timeout=9)
    assert (unsigned.status_code, unsigned.content) == (403, b"")


def test_the_settings_that_the_document_changes_are_those_of_the_real_twilio() -> None:
    """With its values the example is valid; what is left as it is works on a laptop."""
    changed = {name for row in cells("The settings") for name in re.findall(r"`([A-Z_]+)`", row[0])}
    real = {"TWILIO_API_BASE_URL": "", "PUBLIC_BASE_URL": "https://a.devtunnels.ms", "ALLOWED_COUNTRIES": "US"}

    assert real.keys() <= changed
    assert set(SETTINGS) - changed == {
        "FUNCTIONS_WORKER_RUNTIME",
        "TWILIO_AUTH_TOKEN_NEXT",
        "TWILIO_MESSAGING_SERVICE_SID",
        "TABLES_ENDPOINT",
        "DEFAULT_COUNTRY",
    }
    assert load({**SETTINGS, **real}).url("health") == "https://a.devtunnels.ms/api/health"


def test_what_the_document_says_of_trials_is_what_the_app_answers() -> None:
    """Status and code of each refusal that it names."""
    found = 0
    for row in cells("Trial accounts"):
        status = re.search(r"(\d{3}) `(\w+)`", row[1])
        for code in map(int, re.findall(r"\[(\d+)\]", row[1])):
            error = failure_for(code, "", 400)
            assert error.members()["twilio"]
            assert not status or (error.status, error.code) == (int(status[1]), status[2])
            found += 1

    assert found == 8


def test_a_magic_number_is_refused_as_the_document_says(app: App, fake_twilio: FakeTwilio) -> None:
    """The nearest thing to a trial's refusal without an account."""
    problem = assert_problem(app.post("send_sms", {"to": "+15005550003", "body": "Hello"}), 403, "twilio_refused")

    assert problem["twilio"]["code"] == 21408

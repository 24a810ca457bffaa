"""Failures and delays of the REST API on request, and the emulator as a process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from fake_twilio.rest_failures import Kind
from fake_twilio.testing import Account, FakeTwilio
from tests.support.fake_twilio_stage import OURS, THEIRS, Stage, refused

ROOT = Path(__file__).parents[2]
TEXT = {"To": THEIRS, "From": OURS, "Body": "x"}


def bodies(stage: Stage) -> list[str]:
    """Return the bodies of the messages that were created."""
    return [text.body for text in stage.client.messages.list()]


@pytest.mark.parametrize(("kind", "code"), [(429, 20429), (500, 20500), (503, 20503)])
def test_an_injected_status_is_answered_once_and_nothing_is_sent(stage: Stage, kind: Kind, code: int) -> None:
    """The error has Twilio's form, and the next create succeeds."""
    stage.fake.inject(kind)
    answer = stage.post("Messages.json", TEXT)
    assert (answer.status_code, answer.json()["code"]) == (kind, code)
    assert "Retry-After" not in answer.headers
    assert bodies(stage) == []
    assert stage.post("Messages.json", TEXT).status_code == 201


def test_an_injected_429_may_have_a_retry_after(stage: Stage) -> None:
    """For as many requests as asked for."""
    stage.fake.inject(429, times=2, retry_after="3")
    answers = [stage.post("Calls.json", TEXT | {"Twiml": "<Response/>"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 201]
    assert [answer.headers.get("Retry-After") for answer in answers] == ["3", "3", None]


@pytest.mark.parametrize("accepted", [True, False])
def test_a_connection_can_be_cut_before_the_answer(stage: Stage, accepted: bool) -> None:
    """The client cannot know whether the message was sent."""
    stage.fake.inject("drop", accepted=accepted)
    with pytest.raises(requests.ConnectionError):
        stage.post("Messages.json", TEXT)
    assert bodies(stage) == ["x"] * accepted
    if accepted:
        assert stage.fake.phone(THEIRS).wait_for_text("x").body == "x"


@pytest.mark.parametrize("accepted", [True, False])
def test_a_request_can_hang(stage: Stage, accepted: bool) -> None:
    """Until the client gives up."""
    stage.fake.inject("hang", accepted=accepted)
    url = f"{stage.fake.url}/2010-04-01/Accounts/{stage.fake.account.sid}/Messages.json"
    auth = (stage.fake.account.api_key, stage.fake.account.api_secret)
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, data=TEXT, auth=auth, timeout=0.2)
    assert bodies(stage) == ["x"] * accepted


def test_an_error_can_hide_a_success(stage: Stage) -> None:
    """The answer is 500 and the message is sent, so a retry would send it twice."""
    stage.fake.inject(500, accepted=True)
    with refused(20500):
        stage.text()
    assert bodies(stage) == ["hello"]


def test_an_answer_can_be_late(stage: Stage) -> None:
    """It comes after the given seconds, and is correct."""
    stage.fake.inject("late", seconds=0.2)
    started = time.monotonic()
    assert stage.text().status == "queued"
    assert time.monotonic() - started >= 0.2


def test_a_reset_ends_the_injected_failures(stage: Stage) -> None:
    """It also ends requests that hang."""
    stage.fake.inject("hang")
    stage.fake.inject(500, times=5)
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(stage.post, "Messages.json", TEXT)
        stage.fake.wait_for(lambda: stage.fake.simulator.requests, "the request to come in", 5)
        stage.fake.reset()
        with pytest.raises(requests.ConnectionError):
            hanging.result(5)
    assert stage.text().status == "queued"


def test_latency_delays_every_answer() -> None:
    """Errors too."""
    with Stage.ready(latency=0.1) as stage:
        for auth in [(stage.fake.account.api_key, stage.fake.account.api_secret), ("nobody", "x")]:
            started = time.monotonic()
            requests.get(f"{stage.fake.url}/2010-04-01/Accounts/{stage.fake.account.sid}/Calls.json", auth=auth)
            assert time.monotonic() - started >= 0.1


def test_without_life_a_create_has_no_effect_and_little_is_kept() -> None:
    """For load tests: no callbacks are sent, and only the latest resources are kept."""
    with Stage.ready(life=False) as stage:
        sids = [stage.post("Messages.json", TEXT | {"StatusCallback": stage.app.url()}).json()["sid"] for _ in range(3)]
        assert stage.client.messages(sids[0]).fetch().status == "queued"
        stage.fake.simulator.limit = 2
        stage.text()
        with refused(20404):
            stage.client.messages(sids[0]).fetch()
        stage.fake.wait_until_quiet()
        assert stage.app.received == []


def test_the_account_comes_from_the_settings_of_the_app() -> None:
    """Blank and missing settings have defaults."""
    sid = "AC" + "a" * 32
    environ = {"TWILIO_ACCOUNT_SID": sid, "TWILIO_FROM_NUMBER": "+15550001111", "TWILIO_API_KEY": ""}
    account = Account.from_environ(environ)
    assert (account.sid, account.api_key) == (sid, Account().api_key)
    assert account.numbers == ("+15550001111", "+15005550006")
    assert Account.from_environ({}).numbers == ("+15005550006",)
    with FakeTwilio.running(account=account) as fake:
        url = f"{fake.url}/2010-04-01/Accounts/{sid}/Calls.json"
        form = {"To": THEIRS, "From": "+15550001111", "Twiml": "<Response/>"}
        assert requests.post(url, data=form, auth=(sid, account.auth_token), timeout=5).status_code == 201


def test_it_runs_as_a_process_and_prints_faults() -> None:
    """It prints where it listens, answers there, prints faults, and ends when it is terminated."""
    command = [sys.executable, "-m", "fake_twilio", "--port", "0", "--pace", "0", "--autopilot", "--chaos", "1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout
        try:
            listening = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", process.stdout.readline())
            assert listening
            account = Account.from_environ(os.environ)
            url = f"{listening[1]}/2010-04-01/Accounts/{account.sid}/Messages.json"
            form = TEXT | {"Bdy": "x"}
            answer = requests.post(url, data=form, auth=(account.api_key, account.api_secret), timeout=5)
            assert answer.status_code == 201
            assert process.stdout.readline() == "fault: Messages.json: Twilio ignores the unknown parameter 'Bdy'\n"
        finally:
            process.terminate()
        assert process.wait(10) in (0, 1, -15)

"""connect_number.py --check against the Twilio emulator and the real app: each drift is found, with a fix."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace

import pytest
from deployment.connection import Target
from deployment.drift import Check
from deployment.terminal import Terminal
from deployment.twilio_api import TwilioSaidNo

import function_app
from dev.processes import free_port
from fake_twilio.testing import MAGIC_SENDER as OURS
from fake_twilio.testing import FakeTwilio
from shared.sending.send import RETRIED
from tests.support.app import App, app_starter
from tests.support.connect_number import account_of, changes, run

Pair = tuple[App, FakeTwilio]
OTHER = "https://other.example.com/voice?code=marked"
FORMER = "https://older.example.com"


@pytest.fixture(scope="module")
def running(tables: str) -> Iterator[Pair]:
    """The app and its Twilio."""
    with FakeTwilio.running() as fake, app_starter(fake.url, tables) as start:
        yield start(), fake


@pytest.fixture
def connected(running: Pair) -> Pair:
    """The same with the number connected, and nothing wrong."""
    app, fake = running
    fake.reset()
    fake.ask(fake.simulator.set_up_account)
    assert run(fake, "--number", OURS, "--base-url", app.url, "--yes").code == 0
    return running


def check(pair: Pair, *options: str, token: str | None = None, **environ: str) -> tuple[int, str]:
    """Check with the auth token as well as the key; return exit code and output. Nothing may be changed."""
    app, fake = pair
    before = changes(fake)
    token = fake.account.auth_token if token is None else token
    done = run(fake, "--base-url", app.url, "--number", OURS, *options, "--check", TWILIO_AUTH_TOKEN=token, **environ)
    assert changes(fake) == before
    assert done.err == ""
    for secret in filter(None, ("marked", token, fake.account.auth_token, fake.account.api_secret)):
        assert secret not in done.out
    return done.code, done.out


def lines(said: str, begin: str) -> list[str]:
    """Return what follows `ok`, `WRONG`, `unknown`, or the spaces before a fix."""
    return re.findall(rf"^{begin} +(\S.*)$", said, re.M)


def test_without_drift_every_check_is_ok(connected: Pair) -> None:
    """And the exit code is 0."""
    code, said = check(connected, "--countries", "US")

    assert (code, lines(said, "WRONG"), lines(said, "unknown")) == (0, [], [])
    assert len(lines(said, "ok")) == 6


Drift = Callable[[FakeTwilio], object]


def number_with(**values: str) -> Drift:
    """Return a drift of the number's parameters."""
    return lambda fake: vars(fake.number(OURS)).update(values)


def account_with(**values: str) -> Drift:
    """Return a drift of the account."""
    return lambda fake: vars(fake.simulator.account_status).update(values)


@pytest.mark.parametrize(
    ("drift", "options", "words", "fix"),
    [
        (number_with(sms_url="", voice_method="GET"), (), OURS, "infra/connect_number.py"),
        (number_with(voice_url=OTHER), (), OURS, "--take-over"),
        (number_with(voice_url=f"{FORMER}/api/answer_call"), ("--formerly", FORMER), OURS, f"--formerly {FORMER}"),
        (account_with(status="suspended"), (), "the account is suspended", "https://console.twilio.com"),
        (account_with(balance="0.99"), (), "the balance is 0.99 USD", "https://console.twilio.com"),
        (account_with(balance="-3"), (), "the balance is -3 USD", "https://console.twilio.com"),
        (lambda fake: None, ("--countries", "US,FR"), "calls to FR", "geo-permissions"),
        (lambda fake: None, ("--countries", "US,FR"), "messages to FR", "geo-permissions"),
    ],
)
def test_a_drift_is_found_with_its_fix(
    connected: Pair, drift: Drift, options: tuple[str, ...], words: str, fix: str
) -> None:
    """If the fix is a command of this project, the check finds nothing after it has run."""
    _, fake = connected
    fake.ask(lambda: drift(fake))

    code, said = check(connected, *options)

    assert code == 1
    assert any(words in line for line in lines(said, "WRONG"))
    [*_, command] = [line for line in lines(said, " " * 10) if fix in line]
    if "infra/" in command:
        assert run(fake, *shlex.split(command)[2:], "--yes").code == 0
        assert check(connected)[0] == 0


def test_a_messaging_service_that_receives_the_numbers_messages_is_found(connected: Pair) -> None:
    """Also right after connecting, since the number alone is not enough; the fix connects the service."""
    app, fake = connected
    service = fake.simulator.services[fake.account.messaging_service_sid]
    service.use_inbound_webhook_on_number = "false"
    fake.simulator.services["MG" + "9" * 32] = replace(service, sid="MG" + "9" * 32, number_sids=[])

    code, said = check(connected)
    connecting = run(fake, "--base-url", app.url, "--number", OURS)

    [finding], [command] = lines(said, "WRONG"), lines(said, " " * 10)
    assert (code, service.sid in finding) == (1, True)
    assert (connecting.code, lines(connecting.out, "WRONG")) == (0, [finding])
    assert run(fake, *shlex.split(command)[2:], "--yes").code == 0
    assert check(connected, "--messaging-service", service.sid)[0] == 0


def test_what_cannot_be_checked_is_unknown_and_not_wrong(connected: Pair) -> None:
    """What only the auth token may read, the balance of a subaccount, and countries that were not given."""
    connected[1].simulator.account_status.balance = ""

    code, said = check(connected, token="")

    assert (code, len(lines(said, "unknown"))) == (0, 4)


def test_countries_come_from_the_settings(connected: Pair) -> None:
    """ALLOWED_COUNTRIES, else DEFAULT_COUNTRY."""
    assert "calls to FR" in check(connected, ALLOWED_COUNTRIES="us, FR", DEFAULT_COUNTRY="CA")[1]
    assert "calls to CA" in check(connected, DEFAULT_COUNTRY="CA")[1]


def test_a_trial_account_is_reported_and_not_wrong(connected: Pair) -> None:
    """It reaches verified numbers only."""
    connected[1].simulator.account_status.type = "Trial"

    code, said = check(connected)

    assert code == 0
    assert any("trial" in line for line in lines(said, "ok"))


def test_an_app_that_rejects_twilios_signatures_is_found(connected: Pair, tables: str) -> None:
    """It has another token, or checks against another address."""
    _, fake = connected
    with app_starter(fake.url, tables) as start:
        app = start(TWILIO_AUTH_TOKEN="another-token")
        assert run(fake, "--number", OURS, "--base-url", app.url, "--yes", "--take-over").code == 0
        code, said = check((app, fake))

    assert (code, lines(said, "WRONG")) == (1, [f"{app.url} rejects Twilio's signatures"])
    [fix] = lines(said, " " * 10)
    assert {"TWILIO_AUTH_TOKEN", f"PUBLIC_BASE_URL={app.url}"} <= set(re.split(r"[ ,]+", fix))


@pytest.mark.parametrize(("path", "words"), [("", "does not answer: "), ("/nowhere", "answers 404 to Twilio")])
def test_an_app_that_does_not_answer_is_found(connected: Pair, path: str, words: str) -> None:
    """With a command that shows what it answers."""
    app, fake = connected
    base_url = f"{app.url}{path}" if path else f"http://127.0.0.1:{free_port()}"

    done = run(fake, "--number", OURS, "--check", PUBLIC_BASE_URL=base_url, TWILIO_AUTH_TOKEN=fake.account.auth_token)

    assert done.code == 1
    assert f"WRONG    {base_url} {words}" in done.out
    assert f"curl --include {base_url}/api/health" in lines(done.out, " " * 10)


@pytest.mark.parametrize(("status", "ends"), [(401, False), (403, False), (404, False), (429, True), (503, True)])
def test_a_failure_of_twilio_ends_the_check(connected: Pair, status: int, ends: bool) -> None:
    """A missing permission does not."""
    check = Check(Terminal(), Target(account_of(connected[1]), "https://phone.example.com", ""))

    def balance() -> None:
        raise TwilioSaidNo(status, 20429, "No")

    with pytest.raises(TwilioSaidNo) if ends else nullcontext():
        check.look("the balance", balance)
    assert check.findings == []


def test_every_address_is_a_route_of_the_app(connected: Pair) -> None:
    """Callbacks are repeated like those of the app's own calls."""
    app, fake = connected
    number = fake.number(OURS).to_json()
    found = [value for value in number.values() if isinstance(value, str) and value.startswith(app.url)]
    triggers = [function.get_trigger() for function in function_app.app.get_functions()]
    routes = {trigger.get_dict_repr()["route"] for trigger in triggers if trigger}

    assert len(found) == 5
    assert {address.removeprefix(f"{app.url}/api/").partition("#")[0] for address in found} <= routes
    assert number["status_callback"].endswith(RETRIED)

"""connect_number.py --check against the fake Twilio and the real app: each drift is found, with what mends it."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from decimal import Decimal

import pytest
from deployment.drift import Check
from deployment.target import Target
from deployment.terminal import Terminal
from deployment.twilio_api import TwilioSaidNo

import function_app
from dev.processes import free_port
from fake_twilio.model.account import MAGIC_SENDER as OURS
from fake_twilio.testing import FakeTwilio
from shared.sending.send import RETRIED
from tests.support.app import App, app_starter
from tests.support.connect_number import account_of, changes, run

Town = tuple[App, FakeTwilio]


@pytest.fixture(scope="module")
def running_town(tables: str) -> Iterator[Town]:
    """The app, and its Twilio."""
    with FakeTwilio.running() as fake, app_starter(fake.url, tables) as start:
        yield start(), fake


@pytest.fixture
def town(running_town: Town) -> Town:
    """The same with the number connected, and all well."""
    app, fake = running_town
    fake.reset()
    fake.ask(fake.simulator.set_up_account)
    done = run(fake, "--number", OURS, "--base-url", app.url, "--yes")
    assert done.returncode == 0, done.stderr
    return running_town


def check(town: Town, *options: str, token: str | None = None, **environ: str) -> tuple[int, str]:
    """Check with the auth token as well as the key; the exit code and what is said. Nothing may be changed."""
    app, fake = town
    before = changes(fake)
    token = fake.account.auth_token if token is None else token
    done = run(fake, "--base-url", app.url, "--number", OURS, *options, "--check", TWILIO_AUTH_TOKEN=token, **environ)
    assert changes(fake) == before
    assert done.stderr == ""
    for secret in filter(None, (token, fake.account.auth_token, fake.account.api_secret)):
        assert secret not in done.stdout
    return done.returncode, done.stdout


def wrong(said: str) -> list[str]:
    """Return what is wrong."""
    return re.findall(r"^WRONG    (.+)$", said, re.M)


def mends(said: str) -> list[str]:
    """Return the commands that mend it."""
    return re.findall(r"^ {11}(.+)$", said, re.M)


def test_when_all_is_well_each_thing_is_said_to_be_so(town: Town) -> None:
    """And the exit code is 0."""
    app, _ = town

    code, said = check(town, "--countries", "US")

    assert (code, wrong(said)) == (0, [])
    for words in (
        f"{OURS} calls {app.url}",
        "the account is active",
        "the balance is 21.42 USD",
        "calls to US are allowed at Twilio",
        "texts to US are allowed at Twilio",
        f"{app.url} takes what Twilio signs",
    ):
        assert f"ok       {words}\n" in said
    assert said.endswith("\nAll is well.\n")


def test_an_address_that_has_drifted_is_named_with_what_it_should_be(town: Town) -> None:
    """The command that is shown sets it right."""
    app, fake = town
    fake.number(OURS).sms_url = ""
    fake.number(OURS).voice_method = "GET"

    code, said = check(town)

    assert (code, wrong(said)) == (
        1,
        [
            f"{OURS}: VoiceMethod is GET, expected POST",
            f"{OURS}: SmsUrl is (nothing), expected {app.url}/api/receive_sms",
        ],
    )
    [mend] = mends(said)
    assert run(fake, *shlex.split(mend)[2:], "--yes").returncode == 0
    assert check(town)[0] == 0


def test_a_number_that_somebody_has_taken_needs_to_be_taken_over(town: Town) -> None:
    """The command says so, and shows no key of theirs."""
    _, fake = town
    fake.number(OURS).voice_url = "https://other.example.com/voice?code=marked"

    code, said = check(town)

    [mend] = mends(said)
    assert (code, mend.endswith("--take-over")) == (1, True)
    assert "marked" not in said
    assert run(fake, *shlex.split(mend)[2:], "--yes").returncode == 0
    assert check(town)[0] == 0


def test_a_number_that_calls_where_the_app_was_needs_not_to_be_taken_over(town: Town) -> None:
    """That is the app's own."""
    town[1].number(OURS).voice_url = "https://older.example.com/api/answer_call"

    [mend] = mends(check(town, "--formerly", "https://older.example.com")[1])

    assert mend.endswith(" --formerly https://older.example.com")
    assert run(town[1], *shlex.split(mend)[2:], "--yes").returncode == 0


def test_a_messaging_service_that_takes_the_texts_is_found(town: Town) -> None:
    """It is not enough that the number is right, and whoever connects it is told so."""
    _, fake = town
    service = fake.simulator.services[fake.account.messaging_service_sid]
    service.use_inbound_webhook_on_number = "false"
    fake.simulator.services["MG" + "9" * 32] = replace(service, sid="MG" + "9" * 32, number_sids=[])

    code, said = check(town)

    assert (code, wrong(said)) == (
        1,
        [f"{OURS}: its texts go to the Messaging Service {service.sid}, whatever SmsUrl is"],
    )
    [mend] = mends(said)
    connected = run(fake, "--base-url", town[0].url, "--number", OURS)
    assert (connected.returncode, wrong(connected.stdout), mends(connected.stdout)) == (0, wrong(said), [mend])
    assert run(fake, *shlex.split(mend)[2:], "--yes").returncode == 0
    assert check(town, "--messaging-service", service.sid)[0] == 0


@pytest.mark.parametrize(
    ("standing", "options", "words"),
    [
        ({"status": "suspended"}, (), "the account is suspended"),
        ({"balance": "0.99"}, (), "the balance is 0.99 USD, less than 1"),
        ({"balance": "-3"}, (), "the balance is -3 USD, less than 1"),
        ({"balance": "7.5", "currency": "EUR"}, ("--least-balance", "10"), "the balance is 7.5 EUR, less than 10"),
    ],
)
def test_how_the_account_stands_is_looked_at(
    town: Town, standing: dict[str, str], options: tuple[str, ...], words: str
) -> None:
    """It is mended in Twilio's console."""
    vars(town[1].simulator.account_status).update(standing)

    code, said = check(town, *options)

    assert (code, wrong(said)) == (1, [words])
    assert mends(said)[0].startswith("https://console.twilio.com")


def test_a_balance_that_twilio_does_not_tell_is_unknown(town: Town) -> None:
    """As that of a subaccount, whose money is its owner's."""
    town[1].simulator.account_status.balance = ""

    code, said = check(town)

    assert (code, wrong(said)) == (0, [])
    assert "unknown  the balance: Twilio does not tell it\n" in said


def test_a_trial_account_is_told_whom_it_may_call(town: Town) -> None:
    """That is no drift."""
    town[1].simulator.account_status.type = "Trial"

    code, said = check(town)

    assert code == 0
    assert "as a trial it calls and texts verified numbers only: https://www.twilio.com/docs/" in said


def test_countries_that_are_switched_off_are_found(town: Town) -> None:
    """Those that the app allows, for calls and for texts; the commands that are shown switch them on."""
    _, fake = town

    code, said = check(town, ALLOWED_COUNTRIES="us, DE")

    assert (code, wrong(said)) == (
        1,
        ["calls to DE are switched off at Twilio", "texts to DE are switched off at Twilio"],
    )
    assert '"high_risk_special_numbers_enabled": "false", "high_risk_tollfraud_numbers_enabled": "false"' in said
    for mend in mends(said):
        account = fake.account
        environ = {"TWILIO_ACCOUNT_SID": account.sid, "TWILIO_AUTH_TOKEN": account.auth_token, "NO_PROXY": "127.0.0.1"}
        subprocess.run(["bash", "-c", f"{mend} --fail --silent"], check=True, env={"PATH": "/usr/bin:/bin", **environ})
    assert check(town, "--countries", "US,DE")[0] == 0
    assert fake.simulator.account_status.callable == {"US", "CA", "DE"}
    assert mends(said)[-1].startswith("# countries of high risk only in https://console.twilio.com: ")


def test_without_countries_the_check_says_how_to_name_them(town: Town) -> None:
    """The country of numbers without a country code counts as one."""
    assert "unknown  countries: name those that you call, like --countries US,CA" in check(town)[1]
    assert "calls to CA are allowed" in check(town, DEFAULT_COUNTRY="CA")[1]


def test_an_auth_token_that_is_not_the_accounts_is_found(town: Town) -> None:
    """As the app and Twilio both say no to it."""
    code, said = check(town, token="not-the-token")

    assert code == 1
    assert "the account: Twilio answered 401" in said
    assert wrong(said) == ["TWILIO_AUTH_TOKEN is not the auth token of the account"]


def test_an_app_with_another_auth_token_is_found(town: Town, tables: str) -> None:
    """Twilio takes the token, and the app does not."""
    _, fake = town
    with app_starter(fake.url, tables) as start:
        app = start(TWILIO_AUTH_TOKEN="another-token")
        run(fake, "--number", OURS, "--base-url", app.url, "--yes", "--take-over")
        code, said = check((app, fake))

    assert (code, wrong(said)) == (
        1,
        [
            f"{app.url} refuses what Twilio signs: its auth token is not the account's, or its PUBLIC_BASE_URL is "
            "another address"
        ],
    )
    assert [mend.split()[:2] for mend in mends(said)] == [["Set", "TWILIO_AUTH_TOKEN"], ["Set", "PUBLIC_BASE_URL"]]


def test_an_app_that_believes_another_address_its_own_is_found(town: Town, tables: str) -> None:
    """The usual fault behind a proxy: Twilio signs https, the app checks http."""
    _, fake = town
    with app_starter(fake.url, tables) as start:
        app = start(PUBLIC_BASE_URL="https://127.0.0.1:{port}")
        run(fake, "--number", OURS, "--base-url", app.url, "--yes", "--take-over")
        code, said = check((app, fake))

    theirs = app.url.replace("http:", "https:")
    assert (code, wrong(said)) == (
        1,
        [f"Twilio calls {app.url}, but the app's PUBLIC_BASE_URL is {theirs}: it refuses what Twilio signs"],
    )
    assert mends(said) == [f"Set PUBLIC_BASE_URL to {app.url} in the app's settings, and start it again."]


@pytest.mark.parametrize(("path", "words"), [("", "does not answer: "), ("/nowhere", "answers 404 to Twilio")])
def test_an_app_that_does_not_answer_is_found(town: Town, path: str, words: str) -> None:
    """With a command that shows it."""
    app, fake = town
    base_url = f"{app.url}{path}" if path else f"http://127.0.0.1:{free_port()}"
    fake.ask(lambda: fake.serve_numbers_from(base_url))

    done = run(fake, "--number", OURS, "--check", PUBLIC_BASE_URL=base_url, TWILIO_AUTH_TOKEN=fake.account.auth_token)

    assert done.returncode == 1
    assert f"WRONG    {base_url} {words}" in done.stdout
    assert mends(done.stdout)[-1] == f"curl --include {base_url}/api/health"


def test_what_an_api_key_may_not_see_is_said_to_be_unknown(town: Town) -> None:
    """That is no drift either."""
    code, said = check(town, token="")

    assert (code, said.splitlines()[-1]) == (0, "Nothing is wrong with what could be looked at.")
    assert "unknown  the account, and whether the app takes Twilio's signatures: TWILIO_AUTH_TOKEN is not set" in said


@pytest.mark.parametrize(("status", "ends"), [(401, False), (403, False), (404, False), (429, True), (503, True)])
def test_a_twilio_that_fails_ends_the_check(town: Town, status: int, ends: bool) -> None:
    """What was not looked at is neither well nor wrong."""
    check = Check(Terminal(), Target("https://phone.example.com", account_of(town[1]), ""), Decimal(1), str)

    def balance() -> None:
        raise TwilioSaidNo(status, 20429, "No")

    with pytest.raises(TwilioSaidNo) if ends else nullcontext():
        check.look("the balance", balance)
    assert (check.findings, check.unseen != []) == ([], not ends)


def test_every_address_that_is_set_is_a_route_of_the_app(town: Town) -> None:
    """Which takes POST; and callbacks are tried again as those of the app's own calls are."""
    app, fake = town
    number = fake.number(OURS).to_json()
    set_here = [value for value in number.values() if isinstance(value, str) and value.startswith(app.url)]
    assert len(set_here) == 5
    triggers = [function.get_trigger() for function in function_app.app.get_functions()]
    routes = {trigger.get_dict_repr()["route"] for trigger in triggers if trigger}
    for address in set_here:
        assert address.removeprefix(f"{app.url}/api/").partition("#")[0] in routes
    assert number["status_callback"].endswith(RETRIED)

"""deploy.py, destroy.py and connect_number.py together, against the stand-in for Azure and the fake Twilio."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from fake_twilio.testing import Account, FakeTwilio
from tests.support.stand_in_az.cloud import Fault
from tests.support.stand_in_az.twilio import ACCOUNT
from tests.support.stand_in_az.world import CONNECT, KEY, NUMBER, ROOT, World

pytestmark = pytest.mark.skipif(os.name != "posix", reason="puts a script named az on the PATH")

OTHER = "https://other.example.com/voice"
YES = ("--confirm", "rg-phone")


@pytest.fixture
def fake(there: World) -> Iterator[FakeTwilio]:
    """A whole Twilio for the account that the world knows, and the real connect_number.py."""
    account = Account(ACCOUNT, there.twilio.token, KEY, there.twilio.keys[KEY], (NUMBER,), "MG" + "5" * 32)
    script = there.repository / "infra" / "connect_number.py"
    shutil.copy(ROOT / "infra" / "connect_number.py", script)
    with FakeTwilio.running(account=account) as fake:
        yield fake
        assert fake.faults == []
    script.write_text(CONNECT, "utf-8")


def connect_number(world: World, fake: FakeTwilio, *options: str) -> subprocess.CompletedProcess[str]:
    """Run connect_number.py with nothing but the name of the group."""
    command = [sys.executable, "-S", "infra/connect_number.py", "--resource-group", "rg-phone", "--pace", "0", *options]
    environ = world.environ(TWILIO_API_BASE_URL=fake.url)
    return subprocess.run(
        command,
        cwd=world.repository,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_deployed_app_answers_its_number_and_gives_it_back_when_it_is_removed(there: World, fake: FakeTwilio) -> None:
    """The number's owner had a webhook of their own, and has it again in the end."""
    number = fake.number(NUMBER)
    number.voice_url = OTHER

    refused = there.deploy(TWILIO_API_BASE_URL=fake.url)
    assert refused.returncode == 1
    assert f"{NUMBER}: VoiceUrl is {OTHER}" in refused.stderr
    assert number.voice_url == OTHER

    deployed = there.deploy("--take-over", TWILIO_API_BASE_URL=fake.url)
    assert deployed.returncode == 0, deployed.stderr
    api = f"https://{there.app.host}/api"
    assert (number.voice_url, number.sms_url) == (f"{api}/answer_call", f"{api}/receive_sms")
    assert f"{NUMBER} is connected to https://{there.app.host}." in deployed.stdout

    again = there.deploy(TWILIO_API_BASE_URL=fake.url)
    assert again.returncode == 0, again.stderr
    assert f"{NUMBER}: nothing to change." in again.stdout

    removed = there.run("destroy", *YES, TWILIO_API_BASE_URL=fake.url)
    assert removed.returncode == 0, removed.stderr
    assert (number.voice_url, number.sms_url) == (OTHER, "")
    assert fake.simulator.twiml_apps == {}

    said = "".join(done.stdout + done.stderr for done in (refused, deployed, again, removed))
    assert fake.account.auth_token not in said
    assert fake.account.api_secret not in said


def test_a_domain_of_ones_own_that_comes_later_is_connected_without_a_question(there: World, fake: FakeTwilio) -> None:
    """Where the number calls the app already, nobody is taken anything from; what stood before the app stays kept."""
    number = fake.number(NUMBER)
    number.voice_url = OTHER
    assert there.deploy("--take-over", TWILIO_API_BASE_URL=fake.url).returncode == 0

    moved = there.deploy("--public-base-url", "https://phone.example.com", TWILIO_API_BASE_URL=fake.url)
    assert moved.returncode == 0, moved.stderr
    assert number.voice_url == "https://phone.example.com/api/answer_call"

    assert there.run("destroy", *YES, TWILIO_API_BASE_URL=fake.url).returncode == 0
    assert number.voice_url == OTHER
    assert fake.simulator.twiml_apps == {}


def test_the_messaging_service_of_the_app_is_connected_with_the_number(there: World, fake: FakeTwilio) -> None:
    """And without one, it alone."""
    service = fake.simulator.services["MG" + "5" * 32]
    names = {"TWILIO_MESSAGING_SERVICE_SID": service.sid, "TWILIO_API_BASE_URL": fake.url}

    done = there.deploy(**names, TWILIO_FROM_NUMBER="", TWILIO_API_KEY="")

    assert done.returncode == 0, done.stderr
    assert service.inbound_request_url == f"https://{there.app.host}/api/receive_sms"
    assert fake.number(NUMBER).sms_url == ""


def test_the_name_of_the_group_is_enough_to_look_for_drift_and_to_mend_it(there: World, fake: FakeTwilio) -> None:
    """Names, secrets and the address come from Azure."""
    assert there.deploy(TWILIO_API_BASE_URL=fake.url).returncode == 0
    fake.number(NUMBER).sms_url = ""

    drifted = connect_number(there, fake, "--check")
    assert drifted.returncode == 1
    assert (
        f"WRONG    {NUMBER}: SmsUrl is (nothing), expected https://{there.app.host}/api/receive_sms" in drifted.stdout
    )
    assert f"ok       https://{there.app.host} takes what Twilio signs" in drifted.stdout
    assert "           python3 infra/connect_number.py --resource-group rg-phone --pace 0\n" in drifted.stdout

    assert connect_number(there, fake, "--yes").returncode == 0
    well = connect_number(there, fake, "--check", "--countries", "US")
    assert well.returncode == 0, well.stdout + well.stderr
    assert "All is well." in well.stdout
    assert fake.account.auth_token not in well.stdout + drifted.stdout


def test_an_address_in_front_of_the_app_has_to_be_its_public_base_url(there: World, fake: FakeTwilio) -> None:
    """Twilio signs what it calls; the address that Azure gave the app is tried too, to say what is wrong."""
    assert there.deploy(TWILIO_API_BASE_URL=fake.url).returncode == 0
    front, own = f"https://{there.app.host.upper()}", f"https://{there.app.host}"
    assert connect_number(there, fake, "--base-url", front, "--yes", "--take-over").returncode == 0
    assert fake.number(NUMBER).voice_url == f"{front}/api/answer_call"

    done = connect_number(there, fake, "--base-url", front, "--check")

    assert done.returncode == 1
    assert f"WRONG    Twilio calls {front}, but the app's PUBLIC_BASE_URL is {own}: it refuses what" in done.stdout
    assert f"python3 infra/deploy.py --resource-group rg-phone --public-base-url {front}\n" in done.stdout


def test_the_number_is_connected_with_the_secrets_that_are_given(there: World, fake: FakeTwilio) -> None:
    """The vault is asked for none of them; what else a shell knows of Twilio is not the app's."""
    assert there.deploy(TWILIO_API_BASE_URL=fake.url).returncode == 0
    there.azure.faults = [Fault("keyvault secret show", "(Forbidden) No.", times=100)]
    stray = {"TWILIO_MESSAGING_SERVICE_SID": "MG" + "9" * 32, "TWILIO_AUTH_TOKEN_NEXT": "a b"}

    removed = there.run("destroy", *YES, TWILIO_API_BASE_URL=fake.url, **{**there.secrets, **stray})

    assert removed.returncode == 0, removed.stderr
    assert fake.number(NUMBER).voice_url == ""


def test_a_group_without_the_app_is_told_of(there: World, fake: FakeTwilio) -> None:
    """Nothing is guessed."""
    done = connect_number(there, fake, "--check")

    assert done.returncode == 1
    assert "There is no resource group rg-phone in this subscription." in done.stderr

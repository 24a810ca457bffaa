"""deploy.py, destroy.py and connect_number.py together, against the stand-in for Azure and the Twilio emulator."""

from __future__ import annotations

from typing import Any

from fake_twilio.testing import FakeTwilio
from tests.support.stand_in_az.cloud import Fault
from tests.support.stand_in_az.world import NUMBER, World

OTHER = "https://other.example.com/voice"
YES = ("--confirm", "rg-phone")


def kept(fake: FakeTwilio) -> int:
    """Return how many TwiML Apps keep something."""
    return sum(app.friendly_name.startswith("before ") for app in fake.simulator.twiml_apps.values())


def for_browsers(fake: FakeTwilio) -> list[Any]:
    """Return the TwiML Apps for calls from browsers."""
    return [app for app in fake.simulator.twiml_apps.values() if app.friendly_name.startswith("calls from browsers")]


def test_deploy_connects_the_number_and_destroy_restores_it(there: World) -> None:
    """The owner of the number had a webhook of their own, and has it again in the end."""
    number, fake = there.twilio.fake.number(NUMBER), there.twilio.fake
    number.voice_url = OTHER

    refused = there.deploy()
    assert (refused.code, there.calls_go_to) == (1, OTHER)

    deployed = there.deploy("--take-over")
    assert deployed.code == 0, deployed.err
    api = f"https://{there.app.host}/api"
    assert (number.voice_url, number.sms_url, kept(fake)) == (f"{api}/answer_call", f"{api}/receive_sms", 2)

    moved = there.deploy("--public-base-url", "https://phone.example.com")
    assert moved.code == 0, moved.err
    assert there.calls_go_to == "https://phone.example.com/api/answer_call"

    removed = there.run("destroy", *YES)
    assert removed.code == 0, removed.err
    assert (number.voice_url, number.sms_url, kept(fake)) == (OTHER, "", 0)

    said = "".join(done.out + done.err for done in (refused, deployed, moved, removed))
    assert not [secret for secret in (there.twilio.token, *there.twilio.keys.values()) if secret in said]
    assert fake.faults == []


def test_calls_from_browsers_get_a_twiml_app_that_is_made_once(there: World) -> None:
    """The app has its SID. It is checked, connected and restored like a number."""
    fake = there.twilio.fake
    assert there.deploy("--no-connect").code == 0
    assert (for_browsers(fake), there.app.settings["TWILIO_TWIML_APP_SID"]) == ([], "")

    for _ in range(2):
        assert there.deploy().code == 0
    [app] = for_browsers(fake)
    api = f"https://{there.app.host}/api"
    assert there.app.settings["TWILIO_TWIML_APP_SID"] == app.sid
    assert (app.voice_url, app.voice_fallback_url) == (f"{api}/client_call", f"{api}/fallback")

    app.voice_url = OTHER
    drifted = there.run("connect_number", "--check")
    assert (drifted.code, f"{app.sid}: VoiceUrl is {OTHER}, expected {api}/client_call" in drifted.out) == (1, True)
    assert there.run("connect_number", "--yes", "--take-over").code == 0
    assert app.voice_url == f"{api}/client_call"

    assert there.run("destroy", *YES).code == 0
    assert (app.voice_url, kept(fake)) == (OTHER, 0)


def test_a_messaging_service_in_the_settings_is_connected_without_a_number(there: World) -> None:
    """An API key is not needed."""
    service = next(iter(there.twilio.fake.simulator.services.values()))

    done = there.deploy(TWILIO_MESSAGING_SERVICE_SID=service.sid, TWILIO_FROM_NUMBER="", TWILIO_API_KEY="")

    assert done.code == 0, done.err
    assert service.inbound_request_url == f"https://{there.app.host}/api/receive_sms"
    assert there.calls_go_to == ""


def test_the_resource_group_is_enough_to_check_and_to_connect(deployed: World) -> None:
    """Names, secrets and the address come from Azure."""
    number = deployed.twilio.fake.number(NUMBER)
    number.sms_url = ""

    drifted = deployed.run("connect_number", "--check")
    assert (drifted.code, drifted.out.count("WRONG"), number.sms_url) == (1, 1, "")

    assert deployed.run("connect_number", "--yes").code == 0
    assert number.sms_url == f"https://{deployed.app.host}/api/receive_sms"
    checked = deployed.run("connect_number", "--check", "--countries", "US")
    assert checked.code == 0, checked.out + checked.err
    assert deployed.twilio.token not in checked.out + drifted.out


def test_an_address_in_front_of_the_app_has_to_be_its_public_base_url(deployed: World) -> None:
    """Twilio signs the address that it calls; the fix is a command of deploy.py."""
    front = f"https://{deployed.app.host.upper()}"
    assert deployed.run("connect_number", "--base-url", front, "--yes", "--take-over").code == 0
    assert deployed.calls_go_to == f"{front}/api/answer_call"

    done = deployed.run("connect_number", "--base-url", front, "--check")

    assert done.code == 1
    assert f"infra/deploy.py --resource-group rg-phone --public-base-url {front} " in done.out


def test_given_secrets_are_used_where_key_vault_cannot_be_read(deployed: World) -> None:
    """Other names of Twilio in the shell's environment do not matter."""
    deployed.azure.faults = [Fault("keyvault secret show", "(Forbidden) No.", times=100)]
    stray = {"TWILIO_MESSAGING_SERVICE_SID": "MG" + "9" * 32, "TWILIO_AUTH_TOKEN_NEXT": "a b"}

    removed = deployed.run("destroy", *YES, **{**deployed.secrets, **stray})

    assert removed.code == 0, removed.err
    assert deployed.calls_go_to == ""


def test_a_resource_group_that_does_not_exist_is_an_error(there: World) -> None:
    """Nothing is guessed."""
    assert there.run("connect_number", "--check").code == 1

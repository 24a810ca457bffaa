"""rotate.py: new secrets at Twilio, in Key Vault and in the app, and not one webhook refused on the way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from twilio.rest import Client

from tests.support.stand_in_az.cli import Call
from tests.support.stand_in_az.cloud import Fault
from tests.support.stand_in_az.twilio import ACCOUNT
from tests.support.stand_in_az.world import KEY, World

pytestmark = pytest.mark.skipif(os.name != "posix", reason="puts a script named az on the PATH")

TROUBLE = "(InternalServerError) Try later."


@contextmanager
def webhooks(there: World) -> Iterator[list[int]]:
    """Send one signed request after another, as Twilio does with the token that is its first at that moment."""
    context = ssl.create_default_context(cafile=there.variables["SSL_CERT_FILE"])
    answers: list[int] = []
    stop = threading.Event()
    url = f"https://{there.app.host}/api/twiml_hello"

    def call() -> None:
        while not stop.wait(0.03):
            token = there.twilio.token
            signature = base64.b64encode(hmac.new(token.encode(), url.encode(), hashlib.sha1).digest()).decode()
            request = urllib.request.Request(url, headers={"X-Twilio-Signature": signature})
            try:
                with urllib.request.urlopen(request, context=context) as response:
                    answers.append(response.status)
            except urllib.error.HTTPError as error:
                # A request that was signed just before the promotion and comes just after the app has forgotten the
                # old token would need minutes on its way; nobody can say that of one that is milliseconds old.
                answers.append(error.code)
                error.close()

    thread = threading.Thread(target=call)
    thread.start()
    try:
        yield answers
    finally:
        stop.set()
        thread.join()


def assert_new_token(there: World, old: str) -> None:
    """Assert that the new token is everywhere, and the old one nowhere."""
    app, twilio = there.app, there.twilio
    assert twilio.token != old
    assert twilio.secondary == ""
    assert app.fetched["TWILIO_AUTH_TOKEN"] == there.azure.secret("twilio-auth-token") == twilio.token
    assert app.settings["TWILIO_AUTH_TOKEN_NEXT"] == ""
    [vault] = there.azure.vaults.values()
    assert not vault["twilio-auth-token-next"][-1]["enabled"]


def assert_new_key(there: World) -> None:
    """Assert that the app has a new key, and Twilio not the old one."""
    key = there.app.settings["TWILIO_API_KEY"]
    assert key != KEY
    secret = there.twilio.keys[key]
    assert there.app.fetched["TWILIO_API_SECRET"] == there.azure.secret("twilio-api-secret") == secret
    assert KEY not in there.twilio.keys


def test_everything_is_replaced_and_no_webhook_is_refused(deployed: World) -> None:
    """The whole dance, with requests coming in all the time."""
    old = deployed.twilio.token
    with webhooks(deployed) as answers:
        done = deployed.run("rotate", "--yes")

    assert done.returncode == 0, done.stderr
    assert_new_token(deployed, old)
    assert_new_key(deployed)
    assert len(deployed.twilio.keys) == 1
    assert set(answers) == {200}
    assert len(answers) >= 3
    assert "Requests signed with either token are taken." in done.stdout
    assert "Requests signed with the old token are refused." in done.stdout
    assert old not in done.stdout + done.stderr
    settings = dict(deployed.app.settings)
    assert deployed.run("deploy", "--yes").returncode == 0
    assert deployed.app.settings == settings, "deploying again must not bring the old key back"


def test_an_app_that_is_slow_to_fetch_its_secrets_is_waited_for(deployed: World) -> None:
    """Azure says yes at once, and the app has the new token when it has it."""
    old = deployed.twilio.token

    def be_lazy(call: Call) -> None:
        if call.command == "keyvault secret set" and call["name"] == "twilio-auth-token":
            deployed.app.lazy = 4

    deployed.azure.before = be_lazy
    with webhooks(deployed) as answers:
        done = deployed.run("rotate", "--yes", "--only", "auth-token")

    assert done.returncode == 0, done.stderr
    assert_new_token(deployed, old)
    assert set(answers) == {200}


FAILING = {
    "api-key": [
        ("keyvault secret set", "twilio-api-secret"),
        ("functionapp config appsettings set", "TWILIO_API_KEY"),
        ("rest", "TWILIO_API_SECRET"),
    ],
    "auth-token": [
        ("keyvault secret set", "twilio-auth-token-next"),
        ("functionapp config appsettings set", "TWILIO_AUTH_TOKEN_NEXT=@"),
        ("rest", "refresh"),
        ("keyvault secret set", "--name twilio-auth-token "),
        ("functionapp config appsettings set", "TWILIO_AUTH_TOKEN_NEXT= "),
        ("keyvault secret set-attributes", ""),
    ],
}


@pytest.mark.parametrize("what", FAILING)
def test_wherever_azure_fails_the_next_run_goes_on(deployed: World, what: str) -> None:
    """Each change fails in its turn, once undone and once done; not one webhook is refused in all that time."""
    old = deployed.twilio.token
    with webhooks(deployed) as answers:
        for command, containing in FAILING[what]:
            for after in (False, True):
                fault = Fault(command, TROUBLE, after=after, containing=containing)
                deployed.azure.faults = [fault]
                done = deployed.run("rotate", "--yes", "--only", what)
                assert (done.returncode, fault.times) == (1, 0), f"{fault}\n{done.stdout}{done.stderr}"
                assert "What stands now:" in done.stderr
        done = deployed.run("rotate", "--yes", "--only", what)

    assert done.returncode == 0, done.stderr
    assert set(answers) == {200}
    if what == "api-key":
        assert_new_key(deployed)
        assert len(deployed.twilio.keys) == 1
    else:
        assert_new_token(deployed, old)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("line", ["POST /Keys.json", f"DELETE /Keys/{KEY}.json"])
def test_a_key_is_replaced_though_twilios_answer_was_lost(deployed: World, line: str, when: str) -> None:
    """What was asked for may have been done all the same."""
    deployed.twilio.drop[line.replace("/", f"/2010-04-01/Accounts/{ACCOUNT}/", 1)] = when

    done = deployed.run("rotate", "--yes", "--only", "api-key")
    assert done.returncode == 1, done.stdout
    assert "Twilio could not be reached" in done.stderr
    again = deployed.run("rotate", "--yes", "--only", "api-key")

    assert again.returncode == 0, again.stderr
    assert_new_key(deployed)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("line", ["POST /v1/AuthTokens/Secondary", "POST /v1/AuthTokens/Promote"])
def test_the_token_is_replaced_though_twilios_answer_was_lost(deployed: World, line: str, when: str) -> None:
    """A second token that Twilio has made and nobody knows has to be discarded first."""
    old = deployed.twilio.token
    deployed.twilio.drop[line] = when
    options = ("--yes", "--only", "auth-token")
    with webhooks(deployed) as answers:
        assert "Twilio could not be reached" in deployed.run("rotate", *options).stderr
        again = deployed.run("rotate", *options)
        if (line, when) == ("POST /v1/AuthTokens/Secondary", "after"):
            assert "--discard-secondary" in again.stderr
            again = deployed.run("rotate", *options, "--discard-secondary")

    assert again.returncode == 0, again.stderr
    assert_new_token(deployed, old)
    assert set(answers) == {200}


def test_an_app_without_a_key_gets_one(deployed: World) -> None:
    """So that its own calls go out while the token changes."""
    deployed.app.settings.update(TWILIO_API_KEY="", TWILIO_API_SECRET="")

    done = deployed.run("rotate", "--only", "api-key")

    assert done.returncode == 0, done.stderr
    key = deployed.app.settings["TWILIO_API_KEY"]
    assert deployed.app.fetched["TWILIO_API_SECRET"] == deployed.twilio.keys[key]
    assert KEY in deployed.twilio.keys


def test_the_old_key_can_stay(deployed: World) -> None:
    """Something else may use it; and nobody deletes it without a yes."""
    assert deployed.run("rotate", "--only", "api-key", "--keep-old-key").returncode == 0
    done = deployed.run("rotate", "--only", "api-key")
    assert f"{KEY} is kept." in done.stdout
    assert KEY in deployed.twilio.keys


def test_nothing_is_promoted_without_a_yes(deployed: World) -> None:
    """Up to there everything can be taken back."""
    old = deployed.twilio.token

    done = deployed.run("rotate", "--only", "auth-token")

    assert done.returncode == 1
    assert "Promote it?" in done.stderr
    assert deployed.twilio.token == old
    assert deployed.app.fetched["TWILIO_AUTH_TOKEN_NEXT"] == deployed.twilio.secondary


def test_an_app_that_does_not_learn_the_token_is_not_left_behind(deployed: World) -> None:
    """Twilio goes on signing with the first token."""
    old = deployed.twilio.token
    deployed.app.settings["PUBLIC_BASE_URL"] = f"https://{deployed.app.host}/elsewhere"

    done = deployed.run("rotate", "--only", "auth-token", "--yes")

    assert done.returncode == 1
    assert "does not take what is signed with the second token" in done.stderr
    assert "Nothing is lost" in done.stderr
    assert deployed.twilio.token == old


def test_tokens_that_twilio_does_not_know_are_not_danced_with(deployed: World) -> None:
    """Somebody has changed the token by hand."""
    deployed.twilio.token = "marked-changed-by-hand"

    done = deployed.run("rotate", "--only", "auth-token", "--yes")

    assert "Twilio takes neither of the tokens in the vault" in done.stderr
    assert "infra/deploy.py" in done.stderr


def test_an_app_that_is_not_there_is_named(there: World) -> None:
    """The group, or the app in it."""
    assert "There is no resource group rg-phone" in there.run("rotate").stderr

    there.azure.groups["rg-phone"] = {"location": "westeurope", "tags": None}
    assert "No app named 'phone' has been deployed into rg-phone" in there.run("rotate").stderr


def test_twilios_own_library_finds_the_same_addresses(there: World) -> None:
    """The stand-in answers Twilio's library too, so its addresses and fields are Twilio's."""
    client = Client(ACCOUNT, there.twilio.token)
    client.api.base_url = client.accounts.base_url = there.twilio.url

    key = client.new_keys.create(friendly_name="phone")
    assert there.twilio.keys[str(key.sid)] == key.secret
    assert client.keys(str(key.sid)).delete()
    second = client.accounts.v1.secondary_auth_token().create()
    assert second.secondary_auth_token == there.twilio.secondary
    assert client.accounts.v1.auth_token_promotion().update().auth_token == there.twilio.token

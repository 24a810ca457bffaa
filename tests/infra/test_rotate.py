"""rotate.py: new secrets at Twilio, in Key Vault and in the app, and no webhook rejected for its signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
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
from tests.support.stand_in_az.twilio import ACCOUNT, BASE, KEY
from tests.support.stand_in_az.world import World

TOKEN_ONLY = ("--yes", "--only", "auth-token")
KEY_ONLY = ("--yes", "--only", "api-key")


@contextmanager
def webhooks(there: World) -> Iterator[set[int]]:
    """Send one signed request after another, as Twilio does with its first token at that moment; gives the answers."""
    context = ssl.create_default_context(cafile=there.variables["SSL_CERT_FILE"])
    answers: set[int] = set()
    stop = threading.Event()
    url = f"https://{there.app.host}/api/twiml_hello"

    def call() -> None:
        while not stop.wait(0.005):
            token = there.twilio.token
            signature = base64.b64encode(hmac.new(token.encode(), url.encode(), hashlib.sha1).digest()).decode()
            request = urllib.request.Request(url, headers={"X-Twilio-Signature": signature})
            try:
                with urllib.request.urlopen(request, context=context) as response:
                    status = response.status
            except urllib.error.HTTPError as error:
                status = error.code
                error.close()
            if token == there.twilio.token:  # here, seconds of waiting between two steps take no time at all
                answers.add(status)

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
    """Assert that the app has a new key, and Twilio no other."""
    key = there.app.settings["TWILIO_API_KEY"]
    assert key != KEY
    assert there.app.fetched["TWILIO_API_SECRET"] == there.azure.secret("twilio-api-secret") == there.twilio.keys[key]
    assert list(there.twilio.keys) == [key]


def test_both_are_replaced_and_no_webhook_is_rejected(deployed: World) -> None:
    """The key first, then the token."""
    old = deployed.twilio.token
    with webhooks(deployed) as answers:
        done = deployed.run("rotate", "--yes")

    assert done.code == 0, done.err
    assert_new_token(deployed, old)
    assert_new_key(deployed)
    assert answers == {200}
    settings = dict(deployed.app.settings)
    assert deployed.run("deploy", "--yes").code == 0
    assert deployed.app.settings == settings, "deploying again must not bring the old key back"


@pytest.mark.parametrize("lazy", [0, 4], ids=["restarting", "restarting and slow to fetch"])
def test_while_the_app_restarts_webhooks_fail_and_none_is_rejected(deployed: World, lazy: int) -> None:
    """Each change of a setting restarts the instances, as rotate.py says beforehand."""
    old, deployed.app.restarts = deployed.twilio.token, 12

    def be_lazy(call: Call) -> None:
        if call.command == "keyvault secret set" and call["name"] == "twilio-auth-token":
            deployed.app.lazy = lazy

    deployed.azure.before = be_lazy
    with webhooks(deployed) as answers:
        done = deployed.run("rotate", "--yes")

    assert done.code == 0, done.err
    assert_new_token(deployed, old)
    assert_new_key(deployed)
    assert answers == {200, 503}
    assert "restarts" in done.out
    assert len(deployed.azure.ran("functionapp config appsettings set")) == 3


@pytest.mark.parametrize("options", [(), ("--only", "api-key"), ("--only", "auth-token")])
@pytest.mark.parametrize("answers", [[], ["n"]], ids=["no terminal", "no"])
def test_without_a_yes_nothing_is_changed(deployed: World, answers: list[str], options: tuple[str, ...]) -> None:
    """Enter means no."""
    before, deployed.answers = deployed.snapshot()[1:], list(answers)

    done = deployed.run("rotate", *options)

    assert (done.code, deployed.snapshot()[1:]) == (1, before)


FAILING: dict[tuple[str, ...], list[tuple[str, str]]] = {
    KEY_ONLY: [
        ("keyvault secret set", "twilio-api-secret"),
        ("functionapp config appsettings set", "TWILIO_API_KEY"),
        ("rest", "TWILIO_API_SECRET"),
    ],
    TOKEN_ONLY: [
        ("keyvault secret set", "twilio-auth-token-next"),
        ("functionapp config appsettings set", "TWILIO_AUTH_TOKEN_NEXT=@"),
        ("rest", "refresh"),
        ("keyvault secret set", "--name twilio-auth-token "),
        ("functionapp config appsettings set", "TWILIO_AUTH_TOKEN_NEXT= "),
        ("keyvault secret set-attributes", ""),
    ],
}


@pytest.mark.parametrize("options", FAILING)
def test_wherever_azure_fails_the_next_run_continues(deployed: World, options: tuple[str, ...]) -> None:
    """Each change fails, once undone and once done; no webhook is rejected in all that time."""
    old = deployed.twilio.token
    with webhooks(deployed) as answers:
        for command, containing in FAILING[options]:
            for after in (False, True):
                fault = Fault(command, after=after, containing=containing)
                deployed.azure.faults = [fault]
                done = deployed.run("rotate", *options)
                assert (done.code, fault.times) == (1, 0), f"{fault}\n{done.out}{done.err}"
        done = deployed.run("rotate", *options)

    assert done.code == 0, done.err
    assert answers == {200}
    assert_new_key(deployed) if options == KEY_ONLY else assert_new_token(deployed, old)


def test_a_failing_key_does_not_hide_the_state_of_the_token(deployed: World) -> None:
    """The token's interrupted rotation is finished first; what exists is reported for both."""
    deployed.azure.faults = [Fault("functionapp config appsettings set", containing="NEXT=@")]
    assert "second auth token" in deployed.run("rotate", *TOKEN_ONLY).err
    deployed.azure.faults = [Fault("keyvault secret set", containing="twilio-api-secret")]

    done = deployed.run("rotate", "--yes")

    assert done.code == 1
    assert "the new auth token, at Twilio, in the vault and in the app" in done.err
    assert list(deployed.twilio.keys) == [KEY]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("line", [f"POST {BASE}/Keys.json", f"DELETE {BASE}/Keys/{KEY}.json"])
def test_a_key_is_replaced_although_twilios_answer_was_lost(deployed: World, line: str, when: str) -> None:
    """What was requested may have been done."""
    deployed.twilio.drop[line] = when
    assert deployed.run("rotate", *KEY_ONLY).code == 1
    orphans = set(deployed.twilio.keys) - {KEY, deployed.app.settings["TWILIO_API_KEY"]}

    again = deployed.run("rotate", *KEY_ONLY)

    assert again.code == 0, again.err
    for orphan in orphans:  # nobody knows its SID
        del deployed.twilio.keys[orphan]
    assert_new_key(deployed)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("what", ["Secondary", "Promote"])
def test_the_token_is_replaced_although_twilios_answer_was_lost(deployed: World, what: str, when: str) -> None:
    """A second token that nobody knows has to be discarded first."""
    old, deployed.twilio.drop[f"POST /v1/AuthTokens/{what}"] = deployed.twilio.token, when
    with webhooks(deployed) as answers:
        assert deployed.run("rotate", *TOKEN_ONLY).code == 1
        again = deployed.run("rotate", *TOKEN_ONLY)
        if (what, when) == ("Secondary", "after"):
            assert "--discard-secondary" in again.err
            again = deployed.run("rotate", *TOKEN_ONLY, "--discard-secondary")

    assert again.code == 0, again.err
    assert_new_token(deployed, old)
    assert answers == {200}


def test_an_app_without_a_key_gets_one(deployed: World) -> None:
    """Its own requests then work while the token changes."""
    deployed.app.change({"TWILIO_API_KEY": "", "TWILIO_API_SECRET": ""})

    assert deployed.run("rotate", *KEY_ONLY).code == 0
    key = deployed.app.settings["TWILIO_API_KEY"]
    assert deployed.app.fetched["TWILIO_API_SECRET"] == deployed.twilio.keys[key]
    assert KEY in deployed.twilio.keys


def test_the_old_key_can_stay(deployed: World) -> None:
    """Something else may use it."""
    assert deployed.run("rotate", *KEY_ONLY, "--keep-old-key").code == 0
    assert KEY in deployed.twilio.keys


def test_an_app_that_does_not_learn_the_second_token_keeps_the_first(deployed: World) -> None:
    """Twilio continues to sign with the first."""
    old = deployed.twilio.token
    deployed.app.settings["PUBLIC_BASE_URL"] = f"https://{deployed.app.host}/elsewhere"

    assert deployed.run("rotate", *TOKEN_ONLY).code == 1
    assert deployed.twilio.token == old


def test_a_token_that_was_changed_by_hand_is_not_rotated(deployed: World) -> None:
    """The vault has no token that works."""
    deployed.twilio.token = "marked-changed-by-hand"

    done = deployed.run("rotate", *TOKEN_ONLY)

    assert done.code == 1
    assert "infra/deploy.py" in done.err
    assert not deployed.twilio.secondary


def test_without_an_app_nothing_is_rotated(there: World) -> None:
    """The group is named."""
    assert "rg-phone" in there.run("rotate", "--yes").err
    assert len(there.azure.calls) == 3


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

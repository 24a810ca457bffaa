"""connect_number.py against the Twilio emulator: what it connects, keeps and restores, and what it refuses."""

from __future__ import annotations

import json
import socketserver
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest
from deployment.connection import Target
from deployment.number import find_number, shown
from deployment.steps import Steps
from deployment.terminal import Failed, Terminal
from deployment.twilio_api import TwilioAccount, TwilioUnreachable
from hypothesis import given
from hypothesis import strategies as st

from fake_twilio.testing import MAGIC_SENDER as OURS
from fake_twilio.testing import FakeTwilio
from tests.support.app import ROOT
from tests.support.connect_number import Run, account_of, changes, environ, run

BASE = "https://phone.example.com"
API = f"{BASE}/api"
OTHER = "https://other.example.com/voice"
APP_SID = "AP" + "1" * 32
BY_HAND = ("--number", OURS, "--base-url", BASE)
CALLBACK = f"{API}/status_callback#rc=3&rp=ct,rt,5xx"
CONNECTED = {
    "voice_url": f"{API}/answer_call",
    "voice_fallback_url": f"{API}/fallback",
    "status_callback": CALLBACK,
    "sms_url": f"{API}/receive_sms",
    "sms_fallback_url": f"{API}/fallback",
}
SIDS = ("voice_application_sid", "sms_application_sid", "trunk_sid")


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    """An emulator whose number is connected to nothing; every request to it must be valid."""
    with FakeTwilio.running() as fake:
        yield fake
        assert fake.faults == []


def connect(fake: FakeTwilio, *options: str) -> Run:
    """Connect the number without a question; it must succeed."""
    done = run(fake, *BY_HAND, "--yes", *options)
    assert done.code == 0, done.err
    return done


def addresses(fake: FakeTwilio) -> dict[str, str]:
    """Return the addresses of the number."""
    found = fake.number(OURS).to_json()
    return {name: found[name] for name in CONNECTED}


def test_the_command_runs_with_the_standard_library_alone(fake: FakeTwilio) -> None:
    """As a process; it shows each parameter before and after."""
    command = [sys.executable, "-S", "infra/connect_number.py", *BY_HAND, "--yes"]
    done = subprocess.run(
        command, cwd=ROOT, env=environ(fake), stdin=subprocess.DEVNULL, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert addresses(fake) == CONNECTED
    assert f"  VoiceUrl: (nothing)  ->  {API}/answer_call\n" in done.stdout


def test_a_second_run_changes_only_what_is_wrong_by_then(fake: FakeTwilio) -> None:
    """And asks nothing when nothing is."""
    connect(fake)
    before = changes(fake)
    assert run(fake, *BY_HAND).code == 0
    assert changes(fake) == before

    number = fake.number(OURS)
    number.sms_fallback_url, number.voice_method = "", "GET"
    connect(fake)
    assert changes(fake)[-1] == {"SmsFallbackUrl": f"{API}/fallback", "VoiceMethod": "POST"}


def test_nothing_is_changed_without_a_yes(fake: FakeTwilio) -> None:
    """Without a terminal to ask at, neither to connect nor to restore."""
    assert run(fake, *BY_HAND).code == 1
    assert changes(fake) == []

    connect(fake)
    assert run(fake, *BY_HAND, "--restore").code == 1
    assert addresses(fake) == CONNECTED


@pytest.mark.parametrize(
    ("route", "right"),
    [
        *((route, True) for route in ("twiml/menu?lang=de", "twimlet/voicemail", "answer_call#e=dublin")),
        *((route, False) for route in ("receive_sms", "answer_calls", "twiml/", "", "x/twiml/y")),
    ],
)
def test_a_script_of_the_app_may_answer_calls_and_other_routes_are_corrected(
    fake: FakeTwilio, route: str, right: bool
) -> None:
    """They belong to the app, so no --take-over is needed. A script does not receive callbacks."""
    number = fake.number(OURS)
    number.voice_url, number.status_callback = f"{API}/{route}", f"{API}/twiml/menu"

    connect(fake)

    assert addresses(fake) == {**CONNECTED, "voice_url": f"{API}/{route if right else 'answer_call'}"}


@pytest.mark.parametrize(("can_call", "can_text"), [(True, False), (False, True)])
def test_a_number_gets_addresses_for_its_capabilities(fake: FakeTwilio, can_call: bool, can_text: bool) -> None:
    """Twilio has numbers for calls only, and for messages only."""
    number = fake.number(OURS)
    number.can_call, number.can_text = can_call, can_text

    connect(fake)

    assert (bool(number.voice_url), bool(number.status_callback)) == (can_call, can_call)
    assert (bool(number.sms_url), bool(number.sms_fallback_url)) == (can_text, can_text)


def test_a_messaging_service_is_connected_and_restored_too(fake: FakeTwilio) -> None:
    """By its own parameters, kept in a TwiML App of its own."""
    service = fake.simulator.services[fake.account.messaging_service_sid]
    service.inbound_request_url = f"{API}/twiml/club"

    connect(fake, "--messaging-service", service.sid)

    assert (service.inbound_request_url, service.fallback_url) == (f"{API}/twiml/club", f"{API}/fallback")
    assert (service.inbound_method, service.status_callback) == ("POST", CALLBACK)
    names = [kept.friendly_name for kept in fake.simulator.twiml_apps.values()]
    assert sorted(names) == sorted(f"before connect_number: {label}" for label in (OURS, service.sid))
    assert max(len(name) for name in names) <= 64

    connect(fake, "--restore", "--messaging-service", service.sid)
    assert (service.fallback_url, fake.simulator.twiml_apps) == ("", {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("voice_url", OTHER),
        ("voice_url", "https://marked:marked@other.example.com/api?code=marked&marked"),
        ("sms_fallback_url", "https://phone-example.com/api/fallback"),
        ("status_callback", "https://phone.example.com.evil.example/api/status_callback"),
        ("voice_application_sid", APP_SID),
        ("sms_application_sid", APP_SID),
        ("trunk_sid", "TK" + "1" * 32),
    ],
)
def test_a_number_that_answers_elsewhere_needs_take_over(fake: FakeTwilio, name: str, value: str) -> None:
    """It is restored afterwards; a password or a key in an address is never printed."""
    number, parameter = fake.number(OURS), name.title().replace("_", "")
    setattr(number, name, value)

    refused = run(fake, *BY_HAND, "--yes", "--messaging-service", fake.account.messaging_service_sid)
    assert (refused.code, changes(fake)) == (1, [])
    assert f"{OURS}: {parameter} is " in refused.err
    assert " --take-over\n" in refused.err

    taken = connect(fake, "--take-over")
    assert addresses(fake) == CONNECTED
    assert [getattr(number, sid) for sid in SIDS] == ["", "", ""]

    restored = connect(fake, "--restore")
    assert getattr(number, name) == value
    assert "marked" not in "".join(done.out + done.err for done in (refused, taken, restored))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_number_that_was_just_bought_needs_no_take_over(fake: FakeTwilio, scheme: str) -> None:
    """Twilio sets the address of a greeting."""
    greeting = fake.number(OURS).voice_url = f"{scheme}://demo.twilio.com/welcome/voice/"

    connect(fake)
    assert addresses(fake) == CONNECTED

    connect(fake, "--restore")
    assert fake.number(OURS).voice_url == greeting


def test_restore_leaves_what_somebody_has_changed_since(fake: FakeTwilio) -> None:
    """Only addresses of the app are replaced; where there is none, there is no question either."""
    number, new = fake.number(OURS), "https://new.example.com/voice"
    number.voice_url, number.sms_url, number.sms_application_sid = OTHER, "https://old.example.com/sms", APP_SID
    connect(fake, "--take-over")
    number.voice_url, number.sms_application_sid = new, "AP" + "2" * 32

    connect(fake, "--restore")

    assert (number.voice_url, number.sms_application_sid) == (new, "AP" + "2" * 32)
    assert (number.sms_url, number.status_callback) == ("https://old.example.com/sms", "")
    before = changes(fake)
    assert run(fake, *BY_HAND, "--restore").code == 0
    assert changes(fake) == before


def test_what_was_kept_is_replaced_once_somebody_else_has_had_the_number(fake: FakeTwilio) -> None:
    """A SID that was kept earlier does not come back."""
    number = fake.number(OURS)
    number.trunk_sid = "TK" + "1" * 32
    connect(fake, "--take-over")
    for name in CONNECTED:
        setattr(number, name, OTHER)

    connect(fake, "--take-over")
    connect(fake, "--restore")

    assert (set(addresses(fake).values()), number.trunk_sid) == ({OTHER}, "")


def test_a_twiml_app_with_another_name_is_neither_used_nor_deleted(fake: FakeTwilio) -> None:
    """Whatever Twilio regards as the same name."""

    class Unfiltered(TwilioAccount):  # type: ignore[misc, unused-ignore]
        def request(self, method: str, url: str, form: dict[str, str] | None = None) -> Any:
            return super().request(method, url.partition("?FriendlyName")[0], form)

    account = account_of(fake, Unfiltered)
    made = account.request("POST", f"{account.own}/Applications.json", {"FriendlyName": "Browser"})
    fake.number(OURS).sms_url = OTHER

    act("connect", account, fake)
    act("restore", account, fake)

    assert (list(fake.simulator.twiml_apps), fake.number(OURS).sms_url) == ([made["sid"]], OTHER)


def test_a_number_connected_by_hand_is_connected_to_nothing_after_restore(fake: FakeTwilio) -> None:
    """Nothing was kept, and the app may be removed next."""
    fake.serve_numbers_from(BASE)

    connect(fake, "--restore")

    assert set(addresses(fake).values()) == {""}
    [change] = changes(fake)
    assert set(change.values()) == {""}, "methods are right already"


def test_an_app_with_a_new_address_restores_what_was_there_before_the_old_one(fake: FakeTwilio) -> None:
    """With --formerly it needs no --take-over; what somebody else has set since is kept instead."""
    number, moved = fake.number(OURS), ("--number", OURS, "--base-url", "https://new.example.com", "--yes")
    former = ("--formerly", "https://older.example.com", "--formerly", BASE)
    number.voice_url, number.voice_application_sid = OTHER, APP_SID
    connect(fake, "--take-over")
    assert run(fake, *moved).code == 1

    assert run(fake, *moved, *former).code == 0
    assert number.voice_url == "https://new.example.com/api/answer_call"

    number.voice_fallback_url = f"{OTHER}/fallback"
    assert run(fake, *moved, "--take-over").code == 0
    assert run(fake, *moved, "--restore").code == 0
    assert (number.voice_url, number.voice_application_sid) == (OTHER, APP_SID)
    assert (number.voice_fallback_url, fake.simulator.twiml_apps) == (f"{OTHER}/fallback", {})


@given(st.text(), st.text(), st.text())
def test_no_password_and_no_query_value_is_shown(user: str, password: str, value: str) -> None:
    """For any text in their places."""
    user, secret, value = quote(user, safe=""), f"s3cret{quote(password, safe='')}", quote(value, safe="")
    found = shown(f"https://{user}:{secret}@example.com/x?code={value}s3cret&a=b&s3cret#rc=2")
    assert found == "https://***@example.com/x?code=***&a=***&***#rc=2"


@pytest.mark.parametrize(
    ("options", "differences", "words"),
    [
        (("--number", "+15005550009", "--base-url", BASE), {}, "has …0006"),
        (("--number", OURS), {}, "--base-url"),
        (("--base-url", BASE), {}, "--number"),
        (("--number", "5550006", "--base-url", BASE), {}, "--number"),
        ((*BY_HAND, "--messaging-service", "MG" + "9" * 32), {}, f"has no MG{'9' * 32}"),
        (BY_HAND, {"TWILIO_API_SECRET": ""}, "TWILIO_API_SECRET"),
        (BY_HAND, {"TWILIO_API_SECRET": "marked"}, "20003"),
        (BY_HAND, {"TWILIO_API_SECRET": "marked secret"}, "TWILIO_API_SECRET"),
        (("--number", OURS), {"PUBLIC_BASE_URL": "https://a:marked@b.example"}, "PUBLIC_BASE_URL"),
        ((*BY_HAND, "--check"), {"ALLOWED_COUNTRIES": "USA"}, "ALLOWED_COUNTRIES"),
    ],
)
def test_an_error_names_what_is_wrong_shows_no_secret_and_changes_nothing(
    fake: FakeTwilio, options: tuple[str, ...], differences: dict[str, str], words: str
) -> None:
    """From wrong options, settings and credentials."""
    done = run(fake, *options, "--yes", **differences)

    assert done.code in (1, 2)
    assert words in done.err
    assert "marked" not in done.out + done.err
    assert changes(fake) == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n<html>Sign in to the network</html>", "not Twilio"),
        (b"HTTP/1.0 404 Not Found\r\nContent-Length: 9\r\n\r\n{", "could not be reached"),
        (b"SSH-2.0-OpenSSH\r\n", "could not be reached"),
        (b"", "could not be reached"),
        (b"HTTP/1.0 502 Bad Gateway\r\n\r\n", "502"),
    ],
)
def test_another_server_is_not_taken_for_twilio(fake: FakeTwilio, answer: bytes, words: str) -> None:
    """A proxy's page, half an answer, or no HTTP at all."""

    class Other(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Other) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        done = run(fake, *BY_HAND, "--yes", TWILIO_API_BASE_URL=f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()

    assert done.code == 1
    assert words in done.err


def test_settings_replace_options(fake: FakeTwilio, tmp_path: Path) -> None:
    """In a file like local.settings.json; the environment wins over it."""
    account, service = fake.account, fake.account.messaging_service_sid
    values = {"TWILIO_ACCOUNT_SID": account.sid, "TWILIO_AUTH_TOKEN": account.auth_token, "TWILIO_FROM_NUMBER": OURS}
    values |= {"TWILIO_MESSAGING_SERVICE_SID": service, "PUBLIC_BASE_URL": "https://old.example.com"}
    file = tmp_path / "local.settings.json"
    file.write_text(json.dumps({"Values": values}))
    bare = dict.fromkeys(("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_API_SECRET"), "")

    done = run(fake, "--yes", "--secrets", str(file), **bare, PUBLIC_BASE_URL=f"{BASE}/")

    assert (done.code, addresses(fake)) == (0, CONNECTED)
    assert fake.simulator.services[service].inbound_request_url == f"{API}/receive_sms"
    assert account.auth_token not in done.out + done.err


def act(what: str, account: TwilioAccount, fake: FakeTwilio) -> None:
    """Connect or restore the number and the service, without a question."""
    target, steps = Target(account, BASE, "", OURS, fake.account.messaging_service_sid), Steps(Terminal())
    if what == "connect":
        target.connect(steps, yes=True, take_over=True)
    else:
        target.restore(steps, yes=True)


URLS = st.sampled_from(["", OTHER, f"{OTHER}?code=1&b=%20", f"{API}/answer_call", f"{BASE}/other", f"{API}/twiml/x"])
METHODS = st.sampled_from(["GET", "POST"])
NAMES = ("voice", "voice_fallback", "sms", "sms_fallback")
STATES = st.fixed_dictionaries(
    {
        **{f"{name}_url": URLS for name in NAMES},
        **{f"{name}_method": METHODS for name in NAMES},
        "status_callback": URLS,
        "status_callback_method": METHODS,
        "sms_application_sid": st.sampled_from(["", "AP" + "3" * 32]),
    }
)
BYPASSES = st.sampled_from([{}, {"voice_application_sid": APP_SID}, {"trunk_sid": "TK" + "2" * 32}])


@pytest.fixture(scope="module")
def lasting_fake() -> Iterator[FakeTwilio]:
    """One emulator for all examples of a property."""
    with FakeTwilio.running() as fake:
        yield fake


@given(STATES, BYPASSES)
def test_whatever_was_there_before_is_restored(
    lasting_fake: FakeTwilio, state: dict[str, str], bypass: dict[str, str]
) -> None:
    """Except for addresses of the app itself, which become empty; connecting twice keeps as much as once."""
    fake, number, account = lasting_fake, lasting_fake.number(OURS), account_of(lasting_fake)
    fake.simulator.twiml_apps.clear()
    for name, value in {**state, **dict.fromkeys(SIDS[::2], ""), **bypass}.items():
        setattr(number, name, value)
    old = deepcopy(vars(number))

    act("connect", account, fake)
    act("connect", account, fake)
    assert not find_number(account, OURS).changes(BASE)
    act("restore", account, fake)

    for name, value in old.items():
        url = old.get(name.replace("_method", "_url"), old["status_callback"]) if name.endswith("_method") else value
        if not str(url).startswith(API):
            assert getattr(number, name) == value
        elif url == value:
            assert getattr(number, name) == ""
    assert fake.simulator.twiml_apps == {}


class Interrupted(TwilioAccount):  # type: ignore[misc, unused-ignore]
    """Cannot reach Twilio after some requests."""

    left = 0

    def request(self, method: str, url: str, form: dict[str, str] | None = None) -> Any:
        """Send the request as long as some are left."""
        self.left -= 1
        if self.left < 0:
            raise TwilioUnreachable("Twilio could not be reached")
        return super().request(method, url, form)


@pytest.mark.parametrize("requests", range(9))
@pytest.mark.parametrize("what", ["connect", "restore"])
def test_a_run_that_breaks_off_at_any_request_is_finished_by_the_next(
    fake: FakeTwilio, requests: int, what: str
) -> None:
    """Nothing that was there before is lost."""
    number, service = fake.number(OURS), fake.simulator.services[fake.account.messaging_service_sid]
    number.voice_url, service.inbound_request_url, number.sms_application_sid = OTHER, OTHER, APP_SID
    if what == "restore":
        act("connect", account_of(fake), fake)
    broken = account_of(fake, Interrupted)
    broken.left = requests
    with pytest.raises(TwilioUnreachable):
        act(what, broken, fake)

    act(what, account_of(fake), fake)

    if what == "connect":
        assert addresses(fake) == CONNECTED
        act("restore", account_of(fake), fake)
    assert (number.voice_url, number.sms_url, number.sms_application_sid) == (OTHER, "", APP_SID)
    assert service.inbound_request_url == OTHER


@pytest.mark.parametrize("ignored", ["IncomingPhoneNumbers", "Applications"])
def test_a_change_that_twilio_ignores_is_noticed(fake: FakeTwilio, ignored: str) -> None:
    """Twilio answers 200 with the old state. What could not be kept is not changed."""

    class Ignored(TwilioAccount):  # type: ignore[misc, unused-ignore]
        def request(self, method: str, url: str, form: dict[str, str] | None = None) -> Any:
            return super().request("GET" if ignored in url else method, url, form)

    with pytest.raises(Failed, match="has not changed"):
        act("connect", account_of(fake, Ignored), fake)
    assert fake.number(OURS).voice_url == ""


def test_lists_are_read_to_the_end(fake: FakeTwilio) -> None:
    """Twilio's older lists name the next page by its path, its newer ones by its address."""
    account, services = account_of(fake), fake.simulator.services
    for count in range(5):
        account.request("POST", f"{account.own}/Applications.json", {"FriendlyName": f"App {count}"})
        sid = f"MG{count:032x}"
        services[sid] = replace(services[fake.account.messaging_service_sid], sid=sid)

    apps = account.every(f"{account.own}/Applications.json?PageSize=2", "applications")
    found = account.every(f"{account.messaging}/v1/Services?PageSize=2", "services")

    assert [app["friendly_name"] for app in apps] == [f"App {count}" for count in reversed(range(5))]
    assert sorted(service["sid"] for service in found) == sorted(services)

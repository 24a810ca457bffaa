"""connect_number.py against the fake Twilio: what it sets, keeps and puts back, and what it refuses to take."""

from __future__ import annotations

import json
import socketserver
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest
from deployment import number as number_module
from deployment.connecting import Connecting, shown
from deployment.kept_addresses import KeptAddresses
from deployment.steps import Failed, Steps
from deployment.terminal import Terminal
from deployment.twilio_api import TwilioAccount, TwilioUnreachable
from hypothesis import given
from hypothesis import strategies as st

from fake_twilio.model.account import MAGIC_SENDER as OURS
from fake_twilio.testing import FakeTwilio
from tests.support.connect_number import account_of, changes, run

ROOT = Path(__file__).resolve().parents[2]
BASE = "https://phone.example.com"
API = f"{BASE}/api"
OTHER = "https://other.example.com/voice"
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
    """A Twilio whose number belongs to nobody; it must not have been asked anything that Twilio does not know."""
    with FakeTwilio.running() as fake:
        yield fake
        assert fake.faults == []


def connect(fake: FakeTwilio, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Connect the number without a question; it must succeed."""
    done = run(fake, *BY_HAND, "--yes", *options, **environ)
    assert done.returncode == 0, done.stderr
    return done


def addresses(fake: FakeTwilio) -> dict[str, str]:
    """Return what the number has."""
    found = fake.number(OURS).to_json()
    return {name: found[name] for name in CONNECTED}


def test_a_new_number_gets_every_address_of_the_app(fake: FakeTwilio) -> None:
    """Before and after are shown, and calls and texts arrive by POST."""
    done = connect(fake)

    assert addresses(fake) == CONNECTED
    assert f"  VoiceUrl: (nothing)  ->  {API}/answer_call\n" in done.stdout
    assert f"  StatusCallback: (nothing)  ->  {CALLBACK}\n" in done.stdout
    assert f"{OURS} is connected to {BASE}." in done.stdout


def test_a_second_run_changes_nothing(fake: FakeTwilio) -> None:
    """And says so, without a question."""
    connect(fake)
    before = changes(fake)

    done = run(fake, *BY_HAND)

    assert (done.returncode, done.stdout) == (0, f"{OURS}: nothing to change.\n")
    assert changes(fake) == before


def test_only_what_is_wrong_is_changed(fake: FakeTwilio) -> None:
    """One address that got lost, one method."""
    connect(fake)
    number = fake.number(OURS)
    number.sms_fallback_url, number.voice_method = "", "GET"

    connect(fake)

    assert changes(fake)[-1] == {"SmsFallbackUrl": f"{API}/fallback", "VoiceMethod": "POST"}


@pytest.mark.parametrize("route", ["twiml/menu?lang=de", "twimlet/voicemail", "answer_call#e=dublin"])
def test_a_route_of_ones_own_is_left_alone(fake: FakeTwilio, route: str) -> None:
    """A number may be answered by a script or a twimlet of the app, or called from another place of Twilio's."""
    fake.number(OURS).voice_url = f"{API}/{route}"

    connect(fake)

    assert fake.number(OURS).voice_url == f"{API}/{route}"


@pytest.mark.parametrize(
    ("voice", "texts"),
    [("receive_sms", "answer_call"), ("fallback", "status_callback"), ("answer_calls", "twiml/"), ("", "x/twiml/y")],
)
def test_a_route_that_is_for_something_else_is_set_right(fake: FakeTwilio, voice: str, texts: str) -> None:
    """It is the app's, so nobody needs to be asked. Only what answers may be a script."""
    number = fake.number(OURS)
    number.voice_url, number.sms_url = f"{API}/{voice}", f"{API}/{texts}"
    number.sms_fallback_url = number.status_callback = f"{API}/twiml/menu"

    connect(fake)

    assert addresses(fake) == CONNECTED


def test_a_messaging_service_may_have_a_script_of_its_own(fake: FakeTwilio) -> None:
    """As a number may."""
    service = fake.simulator.services[fake.account.messaging_service_sid]
    service.inbound_request_url = f"{API}/twiml/club"

    connect(fake, "--messaging-service", service.sid)

    assert (service.inbound_request_url, service.fallback_url) == (f"{API}/twiml/club", f"{API}/fallback")


def test_twilios_own_greeting_is_nobodys(fake: FakeTwilio) -> None:
    """A number that was just bought is connected without being told to take it over."""
    fake.number(OURS).voice_url = "https://demo.twilio.com/welcome/voice/"

    connect(fake)
    assert addresses(fake) == CONNECTED

    connect(fake, "--restore")
    assert fake.number(OURS).voice_url == "https://demo.twilio.com/welcome/voice/"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("voice_url", OTHER),
        ("sms_fallback_url", OTHER),
        ("status_callback", "https://phone.example.com.evil.example/api/status_callback"),
        ("voice_url", "https://phone-example.com/api/answer_call"),
        ("voice_application_sid", "AP" + "1" * 32),
        ("sms_application_sid", "AP" + "1" * 32),
        ("trunk_sid", "TK" + "1" * 32),
    ],
)
def test_a_number_of_somebody_elses_is_taken_over_only_when_told_so(fake: FakeTwilio, name: str, value: str) -> None:
    """Until then nothing is changed and nothing kept; --restore gives it back."""
    number = fake.number(OURS)
    setattr(number, name, value)

    done = run(fake, *BY_HAND, "--yes")
    assert done.returncode == 1
    assert f"{OURS}: {connectable_name(name)} is " in done.stderr
    assert f"python3 infra/connect_number.py --number {OURS} --base-url {BASE} --yes --take-over\n" in done.stderr
    assert "Type the same command again" not in done.stderr
    assert changes(fake) == []

    connect(fake, "--take-over")
    assert addresses(fake) == CONNECTED
    assert [getattr(number, sid) for sid in SIDS] == ["", "", ""]

    connect(fake, "--restore")
    assert getattr(number, name) == value


def test_what_is_no_address_at_all_is_somebodys_too(fake: FakeTwilio) -> None:
    """It may hold anything, so it is not shown."""
    fake.number(OURS).voice_url = "http://[marked"

    done = run(fake, *BY_HAND, "--yes")

    assert f"{OURS}: VoiceUrl is (no address)" in done.stderr
    assert "marked" not in done.stdout + done.stderr

    fake.number(OURS).voice_url = OTHER
    connect(fake, "--take-over")
    fake.number(OURS).voice_url = "http://[marked"
    refused = run(fake, *BY_HAND, "--yes", "--take-over")
    assert "Twilio answered 400, code 21402" in refused.stderr
    assert fake.number(OURS).voice_url == "http://[marked"


def connectable_name(name: str) -> str:
    """Return Twilio's parameter of a JSON name."""
    return name.title().replace("_", "")


def test_one_that_is_refused_keeps_the_others_from_being_changed(fake: FakeTwilio) -> None:
    """Nothing is half done."""
    service = fake.account.messaging_service_sid
    fake.simulator.services[service].inbound_request_url = OTHER

    done = run(fake, *BY_HAND, "--yes", "--messaging-service", service)

    assert (done.returncode, changes(fake)) == (1, [])
    assert f"{service}: InboundRequestUrl is {OTHER}" in done.stderr


def test_a_messaging_service_and_a_twiml_app_are_connected_too(fake: FakeTwilio) -> None:
    """Each by the names that Twilio gives its addresses, and each put back."""
    account = fake.account
    twilio = account_of(fake)
    made = twilio.request("POST", f"{twilio.own}/Applications.json", {"FriendlyName": "Browser", "SmsMethod": "GET"})
    options = ("--messaging-service", account.messaging_service_sid, "--twiml-app", made["sid"])

    connect(fake, *options)

    service, app = fake.simulator.services[account.messaging_service_sid], fake.simulator.twiml_apps[made["sid"]]
    assert "nothing to change" in connect(fake, *options).stdout
    assert (service.inbound_request_url, service.fallback_url) == (f"{API}/receive_sms", f"{API}/fallback")
    assert (service.inbound_method, service.status_callback) == ("POST", CALLBACK)
    assert {name: app.to_json()[name] for name in CONNECTED} == CONNECTED
    assert app.sms_method == "POST"

    connect(fake, "--restore", *options)
    assert (service.inbound_request_url, app.voice_url, app.sms_method) == ("", "", "GET")
    assert list(fake.simulator.twiml_apps) == [made["sid"]]


@pytest.mark.parametrize(("can_call", "can_text"), [(True, False), (False, True)])
def test_a_number_gets_addresses_for_what_it_can_do(fake: FakeTwilio, can_call: bool, can_text: bool) -> None:
    """And is not found to drift for the lack of others."""
    number = fake.number(OURS)
    number.can_call, number.can_text = can_call, can_text

    connect(fake)

    assert (bool(number.voice_url), bool(number.status_callback)) == (can_call, can_call)
    assert (bool(number.sms_url), bool(number.sms_fallback_url)) == (can_text, can_text)
    assert "nothing to change" in connect(fake).stdout


def test_what_somebody_has_changed_meanwhile_is_not_put_back(fake: FakeTwilio) -> None:
    """It is theirs now."""
    number = fake.number(OURS)
    number.voice_url, number.sms_url = OTHER, "https://old.example.com/sms"
    number.sms_application_sid = "AP" + "1" * 32
    connect(fake, "--take-over")
    number.voice_url, number.sms_application_sid = "https://new.example.com/voice", "AP" + "2" * 32

    connect(fake, "--restore")

    assert number.voice_url == "https://new.example.com/voice"
    assert (number.sms_url, number.status_callback) == ("https://old.example.com/sms", "")
    assert number.sms_application_sid == "AP" + "2" * 32


def test_a_number_that_is_not_the_apps_is_not_touched_by_a_restore(fake: FakeTwilio) -> None:
    """Whoever has it, and whatever is kept; there is nothing to ask then."""
    number = fake.number(OURS)
    number.voice_application_sid = "AP" + "1" * 32
    connect(fake, "--take-over")
    for name in CONNECTED:
        setattr(number, name, OTHER)

    done = run(fake, *BY_HAND, "--restore")

    assert (done.returncode, done.stdout) == (0, f"{OURS}: nothing to change.\n")
    assert (set(addresses(fake).values()), number.voice_application_sid) == ({OTHER}, "")


def test_somebody_has_to_say_yes_to_a_restore_too(fake: FakeTwilio) -> None:
    """What would change is shown before."""
    connect(fake)

    done = run(fake, *BY_HAND, "--restore")

    assert f"  VoiceUrl: {API}/answer_call  ->  (nothing)\n" in done.stdout
    assert "Nobody is here to answer: Change this at Twilio?" in done.stderr
    assert addresses(fake) == CONNECTED


def test_what_a_run_has_done_so_far_is_told_when_it_fails(fake: FakeTwilio) -> None:
    """Each thing that stands at Twilio by then, in words."""
    service = fake.account.messaging_service_sid
    run = connecting(account_of(fake), fake)
    run.connect()
    assert run.steps.left == [
        f"what {OURS} had before, kept at Twilio as a TwiML App",
        f"{OURS}, connected to {BASE}",
        f"what {service} had before, kept at Twilio as a TwiML App",
        f"{service}, connected to {BASE}",
    ]

    back = connecting(account_of(fake), fake)
    back.restore()
    assert back.steps.left == [f"{OURS}, which is as it was before", f"{service}, which is as it was before"]


def test_a_twiml_app_of_somebody_elses_is_neither_taken_nor_deleted(fake: FakeTwilio) -> None:
    """Whatever Twilio takes for the same name."""

    class Loose(TwilioAccount):  # type: ignore[misc, unused-ignore]
        def request(self, method: str, url: str, form: dict[str, str] | None = None) -> Any:
            return super().request(method, url.partition("?FriendlyName")[0], form)

    account = account_of(fake, Loose)
    made = account.request("POST", f"{account.own}/Applications.json", {"FriendlyName": "Browser"})
    fake.number(OURS).sms_url = OTHER
    connecting(account, fake).connect()
    connecting(account, fake).restore()

    assert list(fake.simulator.twiml_apps) == [made["sid"]]
    assert fake.number(OURS).sms_url == OTHER


def test_without_anything_kept_a_restored_number_calls_nobody(fake: FakeTwilio) -> None:
    """It was connected by hand; calls must not go where the app is about to be removed."""
    fake.serve_numbers_from(BASE)

    done = connect(fake, "--restore")

    assert f"{OURS} calls nobody now; nothing was kept of it." in done.stdout
    assert set(addresses(fake).values()) == {""}


def test_what_was_kept_first_stays_until_somebody_else_has_had_the_number(fake: FakeTwilio) -> None:
    """A second run keeps of each address what no run has set."""
    number = fake.number(OURS)
    number.voice_url, number.voice_application_sid = OTHER, "AP" + "1" * 32
    connect(fake, "--take-over")
    number.voice_url, number.sms_url = f"{API}/twiml/menu", ""
    number.voice_fallback_url = "https://other.example.com/fallback"

    connect(fake, "--take-over")
    [kept] = fake.simulator.twiml_apps.values()
    assert number.voice_url == f"{API}/twiml/menu"

    connect(fake, "--restore")
    assert (number.voice_url, number.voice_fallback_url) == (OTHER, "https://other.example.com/fallback")
    assert (number.voice_application_sid, kept.sms_url) == ("AP" + "1" * 32, "")


def test_an_app_that_has_moved_gives_back_what_stood_before_it_ever_came(fake: FakeTwilio) -> None:
    """Not its own old address, which is gone; and it need not take over what was its own."""
    fake.number(OURS).voice_url = OTHER
    connect(fake, "--take-over")
    moved = ("--number", OURS, "--base-url", "https://new.example.com", "--yes")

    assert run(fake, *moved).returncode == 1
    assert run(fake, *moved, "--formerly", "https://older.example.com", "--formerly", BASE).returncode == 0
    assert fake.number(OURS).voice_url == "https://new.example.com/api/answer_call"

    assert run(fake, *moved, "--restore").returncode == 0
    assert fake.number(OURS).voice_url == OTHER
    assert fake.simulator.twiml_apps == {}


def test_a_number_that_is_taken_back_from_a_borrower_goes_to_its_owner_in_the_end(fake: FakeTwilio) -> None:
    """A laptop did not give it back; its address is not what stood there before the app."""
    fake.number(OURS).voice_url = OTHER
    connect(fake, "--take-over")
    laptop = ("--number", OURS, "--base-url", "https://laptop.example.com", "--yes")
    assert run(fake, *laptop, "--take-over").returncode == 0
    connect(fake, "--take-over")

    assert "nothing to change" in run(fake, *laptop, "--restore").stdout
    connect(fake, "--restore")
    assert (fake.number(OURS).voice_url, fake.number(OURS).sms_url) == (OTHER, "")


def test_apps_that_take_a_number_one_from_the_other_give_it_back_in_turn(fake: FakeTwilio) -> None:
    """A laptop borrows the number of an app on Azure, which gives it back to its owner in the end."""
    fake.number(OURS).voice_url = OTHER
    connect(fake, "--take-over")
    laptop = ("--number", OURS, "--base-url", "https://laptop.example.com", "--yes")
    assert run(fake, *laptop, "--take-over").returncode == 0
    assert fake.number(OURS).voice_url == "https://laptop.example.com/api/answer_call"

    assert run(fake, *laptop, "--restore").returncode == 0
    assert addresses(fake) == CONNECTED

    connect(fake, "--restore")
    assert fake.number(OURS).voice_url == OTHER
    assert fake.simulator.twiml_apps == {}


def test_what_two_runs_at_once_have_kept_is_forgotten_at_once(fake: FakeTwilio) -> None:
    """Each has made a TwiML App, for Twilio's names are not unique."""
    fake.number(OURS).voice_url = OTHER
    connect(fake, "--take-over")
    twilio, [kept] = account_of(fake), fake.simulator.twiml_apps.values()
    form = {"FriendlyName": kept.friendly_name, "VoiceUrl": OTHER}
    form["MessageStatusCallback"] = kept.message_status_callback
    twilio.request("POST", f"{twilio.own}/Applications.json", form)

    connect(fake, "--restore")

    assert fake.number(OURS).voice_url == OTHER
    assert fake.simulator.twiml_apps == {}


def test_a_password_or_key_in_an_old_address_is_never_shown(fake: FakeTwilio) -> None:
    """It is kept, at Twilio, and put back."""
    url = "https://marked-user:marked-password@other.example.com/api?code=marked-key"
    fake.number(OURS).voice_url = url
    environ = {"TWILIO_AUTH_TOKEN": fake.account.auth_token}

    done = [run(fake, *BY_HAND, "--yes", **environ), connect(fake, "--take-over", **environ)]
    done += [connect(fake, "--restore", **environ)]

    assert fake.number(OURS).voice_url == url
    said = "".join(one.stdout + one.stderr for one in done)
    assert "https://***@other.example.com/api?code=***" in said
    for secret in ("marked", fake.account.auth_token, fake.account.api_secret):
        assert secret not in said


@given(st.text(), st.text(), st.text())
def test_shown_addresses_hold_no_password_and_no_value(user: str, password: str, value: str) -> None:
    """Whatever was in them."""
    user, secret, value = quote(user, safe=""), f"s3cret{quote(password, safe='')}", quote(value, safe="")
    assert "s3cret" not in shown(f"https://{user}:{secret}@example.com/x?code={value}s3cret&a=b")


@pytest.mark.parametrize(
    ("query", "words"),
    [("s3cret", "***"), ("a&b=&c=d=e&&=f", "***&***&c=***&&***"), ("%1b%5b31m=x", "%1b%5b31m=***"), ("", "")],
)
def test_of_a_query_the_names_are_shown_as_they_are(query: str, words: str) -> None:
    """What has no name may be a key, and what is escaped does nothing to the terminal."""
    assert shown(f"https://example.com/x?{query}#rc=2") == f"https://example.com/x{'?' if words else ''}{words}#rc=2"


@pytest.mark.parametrize(
    ("options", "environ", "words"),
    [
        (("--number", "+15005550009", "--base-url", BASE), {}, "01; it has …0006."),
        (("--number", "+15005550009", "--base-url", BASE), {}, "+15005550009 is not a number of the account"),
        (("--number", OURS), {}, "Say where Twilio finds the app: --base-url"),
        (("--base-url", BASE), {}, "There is nothing to connect: name a --number"),
        (BY_HAND, {"TWILIO_ACCOUNT_SID": ""}, "Twilio's secrets are missing: TWILIO_ACCOUNT_SID"),
        (BY_HAND, {"TWILIO_API_SECRET": ""}, "Twilio's secrets are missing: TWILIO_ACCOUNT_SID"),
        (BY_HAND, {"TWILIO_API_SECRET": "wrong"}, "Twilio answered 401, code 20003"),
        (BY_HAND, {"TWILIO_API_BASE_URL": "http://127.0.0.1:9"}, "Twilio could not be reached"),
        (
            ("--number", OURS, "--base-url", "http://example.com"),
            {},
            "'http://example.com': expected https:// and",
        ),
        (("--number", "5550006", "--base-url", BASE), {}, "--number: '5550006': expected a number like"),
        ((*BY_HAND, "--twiml-app", "AP1"), {}, "--twiml-app: 'AP1': expected a TwiML App's SID"),
        ((*BY_HAND, "--messaging-service", "MG" + "9" * 32), {}, f"has no MG{'9' * 32}"),
        ((*BY_HAND, "--check", "--countries", "USA"), {}, "--countries: 'USA': expected countries like US,CA"),
        ((*BY_HAND, "--check", "--restore"), {}, "--restore: not allowed with argument --check"),
        ((*BY_HAND, "--check", "--least-balance", "much"), {}, "--least-balance: 'much': expected an amount"),
        ((*BY_HAND, "--check", "--least-balance", "NaN"), {}, "--least-balance: 'NaN': expected an amount"),
        (
            ("--number", OURS),
            {"PUBLIC_BASE_URL": "https://a:marked@b.example"},
            "PUBLIC_BASE_URL: expected https:// and",
        ),
        (("--base-url", BASE), {"TWILIO_FROM_NUMBER": "5550006"}, "TWILIO_FROM_NUMBER: expected the number"),
        (BY_HAND, {"TWILIO_MESSAGING_SERVICE_SID": "MG 1"}, "TWILIO_MESSAGING_SERVICE_SID: expected a Messaging"),
        (BY_HAND, {"TWILIO_ACCOUNT_SID": "AC 1"}, "TWILIO_ACCOUNT_SID: expected the account's SID"),
        (BY_HAND, {"TWILIO_API_SECRET": "marked secret"}, "TWILIO_API_SECRET: expected one line"),
        ((*BY_HAND, "--check"), {"ALLOWED_COUNTRIES": "USA"}, "ALLOWED_COUNTRIES: expected countries like US,CA"),
        ((*BY_HAND, "--check"), {"DEFAULT_COUNTRY": "1"}, "DEFAULT_COUNTRY: expected countries like US,CA"),
        (BY_HAND, {}, "Nobody is here to answer: Change this at Twilio?"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_changed(
    fake: FakeTwilio, options: tuple[str, ...], environ: dict[str, str], words: str
) -> None:
    """The words name what is wrong, and show no secret."""
    done = run(fake, *options, **environ)

    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "marked" not in done.stdout + done.stderr
    assert changes(fake) == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n<html>Sign in to the network</html>", "is not Twilio."),
        (b"HTTP/1.0 200 OK\r\n\r\n", "is not Twilio."),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n{", "Twilio could not be reached: IncompleteRead"),
        (b"HTTP/1.0 404 Not Found\r\nContent-Length: 9\r\n\r\n{", "Twilio could not be reached: IncompleteRead"),
        (b"SSH-2.0-OpenSSH\r\n", "Twilio could not be reached: SSH-2.0"),
        (b"", "Twilio could not be reached: Remote end closed"),
        (b"HTTP/1.0 502 Bad Gateway\r\n\r\n", "Twilio answered 502: Bad Gateway\n"),
    ],
)
def test_something_else_that_answers_is_not_taken_for_twilio(fake: FakeTwilio, answer: bytes, words: str) -> None:
    """A proxy's page, half an answer, or no HTTP at all."""

    class Else(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Else) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        done = run(fake, *BY_HAND, "--yes", TWILIO_API_BASE_URL=f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()

    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_take_the_place_of_options(fake: FakeTwilio) -> None:
    """As the app has them, with a file for the secrets."""
    names = {"TWILIO_FROM_NUMBER": OURS, "TWILIO_MESSAGING_SERVICE_SID": fake.account.messaging_service_sid}

    done = run(fake, "--yes", **names, PUBLIC_BASE_URL=f"{BASE}/")

    assert done.returncode == 0, done.stderr
    assert "nothing to change" in connect(fake, TWILIO_API_KEY="", TWILIO_AUTH_TOKEN=fake.account.auth_token).stdout
    assert addresses(fake) == CONNECTED
    assert fake.simulator.services[fake.account.messaging_service_sid].inbound_request_url == f"{API}/receive_sms"


def test_a_file_like_local_settings_json_is_enough(fake: FakeTwilio, tmp_path: Path) -> None:
    """Names, secrets and the address are in it; what the environment says is stronger."""
    account = fake.account
    values = {"TWILIO_ACCOUNT_SID": account.sid, "TWILIO_AUTH_TOKEN": account.auth_token, "TWILIO_FROM_NUMBER": OURS}
    file = tmp_path / "local.settings.json"
    file.write_text(json.dumps({"Values": {**values, "PUBLIC_BASE_URL": f"{BASE}/", "ALLOWED_COUNTRIES": "FR"}}))
    bare = dict.fromkeys(("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_API_SECRET"), "")

    done = run(fake, "--yes", "--secrets", str(file), **bare)
    assert done.returncode == 0, done.stderr
    assert addresses(fake) == CONNECTED

    checked = run(fake, "--check", "--secrets", str(file), **bare)
    assert "calls to FR are switched off at Twilio" in checked.stdout
    assert account.auth_token not in done.stdout + done.stderr + checked.stdout + checked.stderr
    elsewhere = run(fake, "--check", "--secrets", str(file), **bare, PUBLIC_BASE_URL="https://b.example.com")
    assert "expected https://b.example.com/api/answer_call" in elsewhere.stdout


def connecting(account: Any, fake: FakeTwilio) -> Connecting:
    """Return a run that takes over the number and the service."""
    service = number_module.messaging_service(account, fake.account.messaging_service_sid)
    resources = [number_module.number(account, OURS), service]
    return Connecting(Steps(Terminal()), account, resources, BASE, agreed=True, take_over=True)


URLS = st.sampled_from(
    ["", OTHER, f"{OTHER}?code=1&b=%20", f"{API}/answer_call", f"{BASE}/elsewhere", f"{API}/twiml/x"]
)
METHODS = st.sampled_from(["GET", "POST"])
ADDRESSES = st.fixed_dictionaries({name: METHODS if name.endswith("method") else URLS for name in [
    "voice_url", "voice_method", "voice_fallback_url", "voice_fallback_method", "status_callback",
    "status_callback_method", "sms_url", "sms_method", "sms_fallback_url", "sms_fallback_method",
]})  # fmt: skip
BYPASSES = st.sampled_from([{}, {"voice_application_sid": "AP" + "1" * 32}, {"trunk_sid": "TK" + "2" * 32}])
APPLICATIONS = st.sampled_from(["", "AP" + "3" * 32])


@pytest.fixture(scope="module")
def lasting_fake() -> Iterator[FakeTwilio]:
    """One Twilio for all examples of a property."""
    with FakeTwilio.running() as fake:
        yield fake


@given(ADDRESSES, BYPASSES, APPLICATIONS)
def test_whatever_stood_there_comes_back(
    lasting_fake: FakeTwilio, before: dict[str, str], bypass: dict[str, str], texts: str
) -> None:
    """All but the app's own addresses, which go; two runs keep and put back as much as one."""
    fake, number = lasting_fake, lasting_fake.number(OURS)
    fake.simulator.twiml_apps.clear()
    for name, value in {**before, "sms_application_sid": texts, **dict.fromkeys(SIDS[::2], ""), **bypass}.items():
        setattr(number, name, value)
    old = deepcopy(vars(number))
    account = account_of(fake)

    connecting(account, fake).connect()
    connecting(account, fake).connect()
    assert not number_module.number(account, OURS).changes(BASE)
    untouched = vars(number) == old
    connecting(account, fake).restore()

    for name, value in old.items():
        if name.endswith("_url") or name == "status_callback":
            assert getattr(number, name) == ("" if value.startswith(API) else value)
        elif name.endswith("_method"):
            url = old.get(name.replace("_method", "_url"), old["status_callback"])
            assert getattr(number, name) == value or untouched or url.startswith(API)
        else:
            assert getattr(number, name) == value
    assert fake.simulator.twiml_apps == {} or untouched


class Interrupted(TwilioAccount):  # type: ignore[misc, unused-ignore]
    """Twilio goes away at one of the requests."""

    left = 0

    def request(self, method: str, url: str, form: dict[str, str] | None = None) -> Any:
        """Do as Twilio does, for a while."""
        self.left -= 1
        if self.left < 0:
            raise TwilioUnreachable("Twilio could not be reached: it is gone")
        return super().request(method, url, form)


@pytest.mark.parametrize("requests", range(6))
@pytest.mark.parametrize("act", ["connect", "restore"])
def test_a_run_that_breaks_off_is_finished_by_the_next(fake: FakeTwilio, requests: int, act: str) -> None:
    """Nothing that stood there is lost, wherever it breaks."""
    number, service = fake.number(OURS), fake.simulator.services[fake.account.messaging_service_sid]
    number.voice_url, service.inbound_request_url, number.sms_application_sid = OTHER, OTHER, "AP" + "1" * 32
    if act == "restore":
        connecting(account_of(fake), fake).connect()
    broken = account_of(fake, Interrupted)
    broken.left = 2  # what is there is read
    run = connecting(broken, fake)
    broken.left = requests

    with pytest.raises(TwilioUnreachable):
        getattr(run, act)()

    getattr(connecting(account_of(fake), fake), act)()
    if act == "connect":
        assert addresses(fake) == CONNECTED
        connecting(account_of(fake), fake).restore()
    assert (number.voice_url, number.sms_url, number.sms_application_sid) == (OTHER, "", "AP" + "1" * 32)
    assert service.inbound_request_url == OTHER


@pytest.mark.parametrize(
    ("deaf", "words"),
    [
        ("IncomingPhoneNumbers", "has not changed VoiceUrl, VoiceFallbackUrl"),
        ("Applications", "has not changed Friend"),
    ],
)
def test_a_change_that_twilio_does_not_make_is_noticed(fake: FakeTwilio, deaf: str, words: str) -> None:
    """It answers 200, and the address is another. What is not kept is not changed."""

    class Deaf(TwilioAccount):  # type: ignore[misc, unused-ignore]
        def request(self, method: str, url: str, form: dict[str, str] | None = None) -> Any:
            return super().request("GET" if deaf in url else method, url, form)

    with pytest.raises(Failed, match=words):
        connecting(account_of(fake, Deaf), fake).connect()
    assert fake.number(OURS).voice_url == ""


def test_lists_are_read_to_the_end(fake: FakeTwilio) -> None:
    """Twilio's older lists name the next page by its path, its newer ones by its address."""
    account, simulator = account_of(fake), fake.simulator
    for count in range(5):
        account.request("POST", f"{account.own}/Applications.json", {"FriendlyName": f"App {count}"})
        sid = f"MG{count:032x}"
        simulator.services[sid] = replace(simulator.services[fake.account.messaging_service_sid], sid=sid)

    apps = [
        app["friendly_name"] for app in account.every(f"{account.own}/Applications.json?PageSize=2", "applications")
    ]
    services = [one["sid"] for one in account.every(f"{account.messaging}/v1/Services?PageSize=2", "services")]

    assert apps == [f"App {count}" for count in reversed(range(5))]
    assert sorted(services) == sorted(simulator.services)


def test_what_is_kept_lies_in_a_twiml_app_that_a_person_can_read(fake: FakeTwilio) -> None:
    """Under a name that Twilio takes, for the longest of the names."""
    fake.number(OURS).voice_url = OTHER
    connecting(account_of(fake), fake).connect()

    names = [app.friendly_name for app in fake.simulator.twiml_apps.values()]
    assert names == [f"before connect_number: {OURS}", f"before connect_number: {fake.account.messaging_service_sid}"]
    assert max(len(name) for name in names) <= 64
    kept = KeptAddresses(account_of(fake), [BASE]).find(number_module.number(account_of(fake), OURS))
    assert kept is not None
    assert kept.app.value("VoiceUrl") == OTHER

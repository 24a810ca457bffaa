"""What is set up at Twilio: numbers, TwiML Apps, Messaging Services, balance, countries; with Twilio's library."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from twilio.rest import Client

from fake_twilio.testing import Account
from tests.support.fake_twilio_stage import OURS, THEIRS, Stage, client_of, refused, twiml

HELLO = twiml("<Say>Hello</Say>")
UNKNOWN = "0" * 32


@pytest.fixture
def client(stage: Stage) -> Client:
    """Twilio's library, pointed at the emulator for each of Twilio's hosts."""
    client = client_of(stage.fake)
    for part in (client.messaging, client.voice, client.accounts):
        part.base_url = stage.fake.url
    return client


def number_of(client: Client) -> Any:
    """Return the account's number."""
    (number,) = client.incoming_phone_numbers.list(phone_number=OURS)
    return number


def test_a_number_is_found_by_its_digits_and_can_be_updated(stage: Stage, client: Client) -> None:
    """An update changes only the parameters that it names."""
    number = number_of(client)
    assert (number.phone_number, number.voice_url, number.capabilities["sms"]) == (OURS, "", True)
    number.update(voice_url="https://example.com/voice", voice_method="GET", sms_url="https://example.com/text")
    number.update(voice_url="", voice_method="")
    fetched = client.incoming_phone_numbers(number.sid).fetch()
    assert (fetched.voice_url, fetched.voice_method, fetched.sms_url) == ("", "GET", "https://example.com/text")
    assert client.incoming_phone_numbers.list(phone_number="+1999") == []


def test_an_invalid_address_or_method_of_a_number_is_rejected(client: Client) -> None:
    """With the codes of Twilio's documentation; nothing is changed."""
    number = number_of(client)
    with refused(21402):
        number.update(voice_url="example.com")
    with refused(21403):
        number.update(sms_method="PUT")
    with refused(20404):
        client.incoming_phone_numbers("PN" + UNKNOWN).fetch()
    assert number_of(client).sms_method == "POST"


def test_a_call_to_a_number_without_an_address_fails(stage: Stage) -> None:
    """The faults say why."""
    phone_call = stage.fake.phone(THEIRS).call(OURS)
    phone_call.wait_until("failed")
    (fault,) = stage.fake.faults
    assert "there is no VoiceUrl" in fault.detail


def test_a_twiml_app_gets_the_calls_and_messages_of_its_number(stage: Stage, client: Client) -> None:
    """The addresses of the app are used, not those of the number."""
    stage.fake.serve_numbers_from("http://127.0.0.1:9")
    app = client.applications.create(
        friendly_name="App",
        voice_url=stage.app.reply("/app/voice", HELLO),
        sms_url=stage.app.reply("/app/text", twiml("<Message>Thanks</Message>")),
    )
    number_of(client).update(voice_application_sid=app.sid, sms_application_sid=app.sid)
    stage.fake.phone(THEIRS).call(OURS).wait_until_heard("Hello")
    stage.fake.phone(THEIRS).text(OURS, "hi")
    stage.fake.phone(THEIRS).wait_for_text("Thanks")
    assert stage.fake.faults == []


def test_a_trunk_and_a_twiml_app_of_a_number_exclude_each_other(client: Client) -> None:
    """The one that is set last stays."""
    app = client.applications.create(friendly_name="App")
    number = number_of(client).update(voice_application_sid=app.sid)
    number = number.update(trunk_sid="TK" + UNKNOWN)
    assert (number.voice_application_sid, number.trunk_sid) == (None, "TK" + UNKNOWN)
    number = number.update(voice_application_sid=app.sid)
    assert (number.voice_application_sid, number.trunk_sid) == (app.sid, None)


def test_the_calls_of_a_number_with_a_trunk_reach_no_app(stage: Stage, client: Client) -> None:
    """Until the trunk is removed."""
    number = number_of(client)
    number.update(voice_url=stage.app.reply("/number", HELLO), trunk_sid="TK" + UNKNOWN)
    stage.fake.phone(THEIRS).call(OURS).wait_until("failed")
    number.update(trunk_sid="")
    stage.fake.phone(THEIRS).call(OURS).wait_until_heard("Hello")


def test_twiml_apps_are_found_by_name_changed_and_deleted(client: Client) -> None:
    """A name that is too long for Twilio is rejected."""
    app = client.applications.create(friendly_name="before", sms_url="https://example.com/a")
    assert [found.sid for found in client.applications.list(friendly_name="before")] == [app.sid]
    assert client.applications.list(friendly_name="befor") == []
    assert client.applications(app.sid).update(sms_url="https://example.com/b").sms_url == "https://example.com/b"
    with refused(20001):
        client.applications.create(friendly_name="x" * 65)
    assert client.applications(app.sid).delete()
    assert client.applications.list() == []


def test_a_messaging_service_gets_the_messages_of_its_numbers(stage: Stage, client: Client) -> None:
    """Unless it is configured to leave them to the number."""
    stage.fake.number(OURS).sms_url = stage.app.reply("/number", twiml("<Message>From the number</Message>"))
    (service,) = client.messaging.v1.services.list()
    assert service.inbound_request_url is None
    service.update(inbound_request_url=stage.app.reply("/service", twiml("<Message>From the service</Message>")))
    stage.fake.phone(THEIRS).text(OURS, "hi")
    stage.fake.phone(THEIRS).wait_for_text("From the number")
    service.update(use_inbound_webhook_on_number=False)
    stage.fake.phone(THEIRS).text(OURS, "hi")
    stage.fake.phone(THEIRS).wait_for_text("From the service")
    pool = client.messaging.v1.services(service.sid).phone_numbers
    assert pool(number_of(client).sid).fetch().phone_number == OURS
    stage.fake.simulator.services[service.sid].number_sids.clear()
    for sid in ("PN" + UNKNOWN, number_of(client).sid):
        with refused(20404):
            pool(sid).fetch()


def test_only_the_auth_token_can_fetch_the_account(stage: Stage, client: Client) -> None:
    """An API key can fetch the balance."""
    account = stage.fake.account
    url = f"{stage.fake.url}/2010-04-01/Accounts/{account.sid}.json"
    assert requests.get(url, auth=(account.api_key, account.api_secret), timeout=5).status_code == 401
    shown = requests.get(url, auth=(account.sid, account.auth_token), timeout=5).json()
    assert (shown["type"], shown["status"]) == ("Full", "active")
    balance = client.api.v2010.account.balance.fetch()
    assert (balance.balance, balance.currency) == ("21.42", "USD")


def test_countries_are_allowed_and_forbidden_for_calls_and_for_messages(stage: Stage, client: Client) -> None:
    """Calls and messages have separate lists."""
    calls = client.voice.v1.dialing_permissions
    assert not calls.countries("DE").fetch().low_risk_numbers_enabled
    changes = '[{"iso_code": "DE", "low_risk_numbers_enabled": "true"}, {"iso_code": "US"}]'
    assert calls.bulk_country_updates.create(changes).update_count == 2
    assert calls.countries("DE").fetch().low_risk_numbers_enabled
    assert not calls.countries("US").fetch().low_risk_numbers_enabled
    texts = client.accounts.v1.messaging_geopermissions
    texts.update([{"country_code": "DE", "type": "country", "enabled": True}])
    (germany,) = texts.fetch(country_code="DE").permissions
    assert germany["enabled"] is True
    with refused(20001):
        calls.bulk_country_updates.create("{}")


def test_a_reset_keeps_the_numbers_and_twiml_apps(stage: Stage, client: Client) -> None:
    """Only calls, messages and phones are forgotten."""
    client.applications.create(friendly_name="App")
    stage.fake.serve_numbers_from("http://127.0.0.1:9")
    stage.fake.reset()
    assert number_of(client).voice_url == "http://127.0.0.1:9/api/answer_call"
    assert [app.friendly_name for app in client.applications.list()] == ["App"]
    assert Account().numbers == (OURS,)

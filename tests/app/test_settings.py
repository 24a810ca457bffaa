"""Settings: read from a mapping, checked all at once, and the same list everywhere."""

from __future__ import annotations

import re

import pytest

from shared.errors import NotConfigured
from shared.settings import load
from tests.support.app import ROOT, SETTINGS


def problems_with(**changes: str) -> dict[str, str]:
    """Return what `load` says about the example's settings with some changed."""
    with pytest.raises(NotConfigured) as raised:
        load({**SETTINGS, **changes})
    return raised.value.problems


def test_the_example_is_valid_as_it_stands() -> None:
    """Who copies the example can start at once."""
    app = load(SETTINGS)

    assert app.twilio_from_number == "+15005550006"
    assert app.url("health") == "http://127.0.0.1:7071/api/health"


def test_an_empty_environment_is_told_every_setting_it_lacks_at_once() -> None:
    """One look at the error is enough to mend all of it."""
    with pytest.raises(NotConfigured) as raised:
        load({})

    assert set(raised.value.problems) == {
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "PUBLIC_BASE_URL",
        "TABLES_ENDPOINT",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TWILIO_ACCOUNT_SID", "AC123"),
        ("TWILIO_ACCOUNT_SID", "SK" + "0" * 32),
        ("TWILIO_API_KEY", "key"),
        ("TWILIO_AUTH_TOKEN", "two words"),
        ("TWILIO_AUTH_TOKEN_NEXT", "two words"),
        ("TWILIO_FROM_NUMBER", "2025550123"),
        ("TWILIO_FROM_NUMBER", "+0123456"),
        ("TWILIO_MESSAGING_SERVICE_SID", "MG1"),
        ("TWILIO_API_BASE_URL", "api.twilio.com"),
        ("PUBLIC_BASE_URL", "ftp://example.com"),
        ("PUBLIC_BASE_URL", "https://example.com?x=1"),
        ("PUBLIC_BASE_URL", "https://user@example.com"),
        ("PUBLIC_BASE_URL", "https://[::1"),
        ("TABLES_ENDPOINT", "account.table.core.windows.net"),
        ("TABLES_ENDPOINT", "http://account.table.core.windows.net"),
        ("TABLES_CONNECTION_STRING", "nonsense"),
        ("TABLES_CONNECTION_STRING", "AccountName=me;AccountKey=this is not base64"),
        ("TABLES_CONNECTION_STRING", "AccountName=me;AccountKey=bWU=;TableEndpoint=http://["),
        ("ALLOWED_COUNTRIES", "US,Germany"),
        ("DEFAULT_COUNTRY", "USA"),
    ],
)
def test_a_malformed_setting_is_named_and_its_value_is_not_told(name: str, value: str) -> None:
    """A value may be a secret in the wrong place, so it is never repeated."""
    problems = problems_with(**{name: value})

    assert list(problems) == [name]
    assert value not in problems[name]


@pytest.mark.parametrize(
    "value",
    [
        "UseDevelopmentStorage=true",
        "DefaultEndpointsProtocol=https;AccountName=me;AccountKey=bWU=;EndpointSuffix=core.windows.net",
        "AccountName=me;AccountKey=bWU=;TableEndpoint=http://127.0.0.1:10002/me;",
        "TableEndpoint=https://me.table.core.windows.net;SharedAccessSignature=sv=2020",
    ],
)
def test_each_form_of_a_connection_string_is_taken(value: str) -> None:
    """As Azure's portal and Azurite give them."""
    assert load({**SETTINGS, "TABLES_CONNECTION_STRING": value}).tables_connection_string == value


@pytest.mark.parametrize("present", ["TWILIO_API_KEY", "TWILIO_API_SECRET"])
def test_an_api_key_needs_its_secret_and_the_other_way_round(present: str) -> None:
    """Half a credential is reported as the half that is missing."""
    absent = {"TWILIO_API_KEY": "TWILIO_API_SECRET", "TWILIO_API_SECRET": "TWILIO_API_KEY"}[present]

    assert list(problems_with(**{absent: ""})) == [absent]


def test_a_key_vault_reference_that_azure_left_unresolved_is_said_to_be_one() -> None:
    """It reaches the app as text, and would otherwise be used as the token."""
    problems = problems_with(TWILIO_AUTH_TOKEN="@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/t/)")

    assert "Key Vault" in problems["TWILIO_AUTH_TOKEN"]


def test_on_azure_the_public_address_is_the_apps_own_host_unless_it_is_set() -> None:
    """WEBSITE_HOSTNAME is the default; a domain of one's own wins."""
    azure = {**SETTINGS, "WEBSITE_HOSTNAME": "phone.azurewebsites.net"}

    assert load({**azure, "PUBLIC_BASE_URL": ""}).public_base_url == "https://phone.azurewebsites.net"
    assert load({**azure, "PUBLIC_BASE_URL": "https://phone.example/"}).public_base_url == "https://phone.example"


def test_without_an_api_key_the_auth_token_opens_the_rest_api() -> None:
    """Two secrets fewer for who starts out."""
    app = load({**SETTINGS, "TWILIO_API_KEY": "", "TWILIO_API_SECRET": ""})

    assert app.rest_credentials == (SETTINGS["TWILIO_ACCOUNT_SID"], SETTINGS["TWILIO_AUTH_TOKEN"])


def test_no_secret_shows_when_the_settings_are_printed() -> None:
    """A settings object in a log line or traceback gives nothing away."""
    shown = repr(load({**SETTINGS, "TWILIO_AUTH_TOKEN_NEXT": "the-next-token"}))

    for secret in ("local-auth-token", "local-api-secret", "the-next-token", "UseDevelopmentStorage"):
        assert secret not in shown


def test_the_environment_is_read_in_one_file() -> None:
    """So that a mapping can stand in for it everywhere."""
    rest = {ROOT / name for name in ("bench", "dev", "fake_twilio")}
    folders = {path.parent for path in ROOT.glob("*/__init__.py")} - rest
    readers = [
        path.relative_to(ROOT).as_posix()
        for folder in [*folders, ROOT / "shared"]
        for path in folder.glob("**/*.py")
        if re.search(r"os\.environ|os\.getenv", path.read_text(encoding="utf-8"))
    ]

    assert set(readers) == {"shared/settings.py"}

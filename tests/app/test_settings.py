"""Settings: read from a mapping, checked together, and the same list everywhere."""

from __future__ import annotations

import re
from types import MappingProxyType

import pytest

from shared.errors import NotConfigured
from shared.settings import SETTING_NAMES, find_problems, load
from tests.support.app import ROOT, SETTINGS


def problems_with(**changes: str) -> dict[str, str]:
    """Return the problems of the example's settings with these changes."""
    with pytest.raises(NotConfigured) as raised:
        load({**SETTINGS, **changes})
    return raised.value.problems


def test_the_example_is_valid() -> None:
    """The app starts with a copy of it."""
    app = load(SETTINGS)

    assert app.twilio_from_number == "+15005550006"
    assert app.url("health") == "http://127.0.0.1:7071/api/health"


def test_all_missing_settings_are_in_one_error() -> None:
    """They can be fixed together."""
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
        ("TWILIO_TWIML_APP_SID", "AP1"),
        ("TWILIO_API_BASE_URL", "api.twilio.com"),
        ("PUBLIC_BASE_URL", "ftp://example.com"),
        ("PUBLIC_BASE_URL", "https://example.com?x=1"),
        ("PUBLIC_BASE_URL", "https://user@example.com"),
        ("PUBLIC_BASE_URL", "https://[::1"),
        ("PUBLIC_BASE_URL", "http://0.0.0.0:7071"),
        ("PUBLIC_BASE_URL", "http://[::]:8081"),
        ("PUBLIC_BASE_URL", "https://app.example/api"),
        ("PUBLIC_BASE_URL", "https://app.example /"),
        ("ALLOWED_SIP_HOSTS", "sip:bob@pbx.example"),
        ("ALLOW_PREMIUM_NUMBERS", "yes please"),
        ("TABLES_ENDPOINT", "account.table.core.windows.net"),
        ("TABLES_ENDPOINT", "http://account.table.core.windows.net"),
        ("TABLES_CONNECTION_STRING", "nonsense"),
        ("TABLES_CONNECTION_STRING", "AccountName=me;AccountKey=this is not base64"),
        ("TABLES_CONNECTION_STRING", "AccountName=me;AccountKey=bWU=;TableEndpoint=http://["),
        ("ALLOWED_COUNTRIES", "US,Germany"),
        ("DEFAULT_COUNTRY", "USA"),
    ],
)
def test_the_error_has_the_name_of_a_malformed_setting_but_not_its_value(name: str, value: str) -> None:
    """The value may be a secret in the wrong place."""
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
def test_each_form_of_a_connection_string_is_valid(value: str) -> None:
    """Azure's portal and Azurite have different ones."""
    assert load({**SETTINGS, "TABLES_CONNECTION_STRING": value}).tables_connection_string == value


@pytest.mark.parametrize("present", ["TWILIO_API_KEY", "TWILIO_API_SECRET"])
def test_an_api_key_needs_its_secret_and_the_secret_its_key(present: str) -> None:
    """The error names the one that is missing."""
    absent = {"TWILIO_API_KEY": "TWILIO_API_SECRET", "TWILIO_API_SECRET": "TWILIO_API_KEY"}[present]

    assert list(problems_with(**{absent: ""})) == [absent]


def test_an_unresolved_key_vault_reference_is_an_error() -> None:
    """The app gets the reference as text, and must not use it as the token."""
    problems = problems_with(TWILIO_AUTH_TOKEN="@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/t/)")

    assert "Key Vault" in problems["TWILIO_AUTH_TOKEN"]


def test_on_azure_the_public_address_is_the_apps_host_unless_it_is_set() -> None:
    """WEBSITE_HOSTNAME is the default; a custom domain takes precedence."""
    azure = {**SETTINGS, "WEBSITE_HOSTNAME": "phone.azurewebsites.net"}

    assert load({**azure, "PUBLIC_BASE_URL": ""}).public_base_url == "https://phone.azurewebsites.net"
    assert load({**azure, "PUBLIC_BASE_URL": "https://phone.example/"}).public_base_url == "https://phone.example"


def test_without_an_api_key_the_app_uses_the_auth_token() -> None:
    """A beginner needs two secrets fewer."""
    app = load({**SETTINGS, "TWILIO_API_KEY": "", "TWILIO_API_SECRET": ""})

    assert app.rest_credentials == (SETTINGS["TWILIO_ACCOUNT_SID"], SETTINGS["TWILIO_AUTH_TOKEN"])


def test_the_repr_of_the_settings_contains_no_secret() -> None:
    """It may be in a log line or a traceback."""
    shown = repr(load({**SETTINGS, "TWILIO_AUTH_TOKEN_NEXT": "the-next-token"}))

    for secret in ("local-auth-token", "local-api-secret-of-32-characters", "the-next-token", "UseDevelopmentStorage"):
        assert secret not in shown


def test_find_problems_does_not_change_the_values() -> None:
    """`load` fills in the defaults before."""
    values = dict.fromkeys(SETTING_NAMES, "")
    assert list(find_problems(MappingProxyType(values)))
    assert set(values.values()) == {""}


def test_only_settings_py_reads_the_environment() -> None:
    """Tests can pass a mapping instead."""
    rest = {ROOT / name for name in ("bench", "dev", "fake_twilio")}
    folders = {path.parent for path in ROOT.glob("*/__init__.py")} - rest
    readers = [
        path.relative_to(ROOT).as_posix()
        for folder in [*folders, ROOT / "shared"]
        for path in folder.glob("**/*.py")
        if re.search(r"os\.environ|os\.getenv", path.read_text(encoding="utf-8"))
    ]

    assert set(readers) == {"shared/settings.py"}

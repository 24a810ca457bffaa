"""The app's settings: one frozen object made from the environment, and the only reader of `os.environ`.

The same names stand in local.settings.json.example, README.md and infra/; tests compare them.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from urllib.parse import urlsplit

from shared.errors import NotConfigured

E164 = re.compile(r"\+[1-9]\d{1,14}")
ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
API_KEY = re.compile(r"SK[0-9a-fA-F]{32}")
MESSAGING_SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")
COUNTRY = re.compile(r"[A-Z]{2}")

# As host.json has it.
ROUTE_PREFIX = "/api"

# A Key Vault reference that Azure could not resolve reaches the app as written.
# https://learn.microsoft.com/azure/app-service/app-service-key-vault-references
UNRESOLVED_REFERENCE = "@Microsoft.KeyVault("


@dataclass(frozen=True, slots=True)
class Settings:
    """What the app was told, checked. Each field is named after its setting; secrets stay out of `repr`."""

    twilio_account_sid: str
    twilio_auth_token: str = field(repr=False)
    twilio_api_key: str
    twilio_api_secret: str = field(repr=False)
    twilio_auth_token_next: str = field(repr=False)
    twilio_from_number: str
    twilio_messaging_service_sid: str
    twilio_api_base_url: str
    public_base_url: str
    tables_connection_string: str = field(repr=False)
    tables_endpoint: str
    allowed_countries: frozenset[str]
    default_country: str

    @property
    def auth_tokens(self) -> tuple[str, ...]:
        """The tokens that a webhook may be signed with: the current one, and the next while it is being rotated."""
        return tuple(filter(None, (self.twilio_auth_token, self.twilio_auth_token_next)))

    def url(self, path: str) -> str:
        """Return the public address of one of our routes, as Twilio and our users know it."""
        return f"{self.public_base_url}{ROUTE_PREFIX}/{path}"

    @property
    def rest_credentials(self) -> tuple[str, str]:
        """User name and password for Twilio's REST API: the API key, else account SID and auth token."""
        if self.twilio_api_key:
            return self.twilio_api_key, self.twilio_api_secret
        return self.twilio_account_sid, self.twilio_auth_token


SETTING_NAMES = tuple(field.name.upper() for field in fields(Settings))


def load(environ: Mapping[str, str]) -> Settings:
    """Make the settings out of `environ`; a blank value counts as none.

    Raises NotConfigured with every missing or malformed setting at once, by name, without its value.
    """
    values = {name: environ.get(name, "").strip() for name in SETTING_NAMES}
    # Azure's own name for the app's host: https://learn.microsoft.com/azure/app-service/reference-app-settings
    if not values["PUBLIC_BASE_URL"] and environ.get("WEBSITE_HOSTNAME"):
        values["PUBLIC_BASE_URL"] = "https://" + environ["WEBSITE_HOSTNAME"]
    values["PUBLIC_BASE_URL"] = values["PUBLIC_BASE_URL"].rstrip("/")

    problems = {
        name: "is a Key Vault reference that Azure could not resolve; check the secret and the app's access to it"
        for name, value in values.items()
        if value.startswith(UNRESOLVED_REFERENCE)
    }
    for name, problem in find_problems(values):
        problems.setdefault(name, problem)
    if problems:
        raise NotConfigured(problems)

    countries = frozenset(values.pop("ALLOWED_COUNTRIES").replace(",", " ").upper().split())
    return Settings(allowed_countries=countries, **{name.lower(): value for name, value in values.items()})


@cache
def settings() -> Settings:
    """Return the app's settings, read once a process; raises NotConfigured as `load` does, at each call."""
    return load(os.environ)


def find_problems(values: dict[str, str]) -> list[tuple[str, str]]:
    """Return (name, what is wrong) for each setting; fills in the default country."""
    values["DEFAULT_COUNTRY"] = (values["DEFAULT_COUNTRY"] or "US").upper()
    problems = []

    def expect(name: str, form: re.Pattern[str], words: str, *, required: bool = False) -> None:
        if not values[name]:
            if required:
                problems.append((name, f"is missing; expected {words}"))
        elif not form.fullmatch(values[name]):
            problems.append((name, f"expected {words}"))

    expect("TWILIO_ACCOUNT_SID", ACCOUNT_SID, "AC and 32 hexadecimal digits", required=True)
    expect("TWILIO_AUTH_TOKEN", re.compile(r"\S+"), "the account's auth token (it signs the webhooks)", required=True)
    expect("TWILIO_AUTH_TOKEN_NEXT", re.compile(r"\S+"), "an auth token")
    expect("TWILIO_API_KEY", API_KEY, "SK and 32 hexadecimal digits")
    expect("TWILIO_FROM_NUMBER", E164, "a number like +15005550006")
    expect("TWILIO_MESSAGING_SERVICE_SID", MESSAGING_SERVICE_SID, "MG and 32 hexadecimal digits")
    expect("DEFAULT_COUNTRY", COUNTRY, "a country's two letters, like US")
    for country in values["ALLOWED_COUNTRIES"].replace(",", " ").upper().split():
        if not COUNTRY.fullmatch(country):
            problems.append(("ALLOWED_COUNTRIES", "expected countries' two letters with commas between, like US,CA"))
            break

    if bool(values["TWILIO_API_KEY"]) != bool(values["TWILIO_API_SECRET"]):
        missing = "TWILIO_API_SECRET" if values["TWILIO_API_KEY"] else "TWILIO_API_KEY"
        problems.append((missing, "is missing; an API key and its secret go together"))

    if values["TABLES_CONNECTION_STRING"] and not is_connection_string(values["TABLES_CONNECTION_STRING"]):
        problems.append(("TABLES_CONNECTION_STRING", "expected Name=value; pairs, or UseDevelopmentStorage=true"))
    if values["TABLES_ENDPOINT"].startswith("http:"):
        problems.append(("TABLES_ENDPOINT", "expected https://, which the app's identity needs"))
    for name in ("PUBLIC_BASE_URL", "TWILIO_API_BASE_URL", "TABLES_ENDPOINT"):
        if values[name] and not is_base_url(values[name]):
            problems.append((name, "expected http:// or https:// and a host, without query or fragment"))
    if not values["PUBLIC_BASE_URL"]:
        problems.append(("PUBLIC_BASE_URL", "is missing; expected the address at which Twilio reaches this app"))

    if not values["TABLES_CONNECTION_STRING"] and not values["TABLES_ENDPOINT"]:
        problems.append(("TABLES_ENDPOINT", "is missing; expected the tables' address (or TABLES_CONNECTION_STRING)"))
    return problems


def is_connection_string(text: str) -> bool:
    """Tell whether the storage's library can read `text`; it only would when the first send has been placed.

    https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
    """
    parts = dict(part.partition("=")[::2] for part in text.split(";") if part)
    if parts.get("UseDevelopmentStorage", "").lower() == "true":
        return True
    endpoint = parts.get("TableEndpoint", "https://" + parts.get("AccountName", ""))
    try:
        key = base64.b64decode(parts.get("AccountKey", ""), validate=True)
    except ValueError:
        return False
    return bool("SharedAccessSignature" in parts or (parts.get("AccountName") and key)) and is_base_url(endpoint)


def is_base_url(text: str) -> bool:
    """Tell whether `text` is an absolute http address that paths can be added to."""
    try:
        url = urlsplit(text)
        return (
            url.scheme in ("http", "https") and bool(url.hostname) and not (url.query or url.fragment or url.username)
        )
    except ValueError:
        return False

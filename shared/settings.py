"""The app's settings: one frozen object, made from the environment. No other module reads `os.environ`.

local.settings.json.example, README.md and infra/ list the same names; tests compare them.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import cache
from ipaddress import ip_address

from shared import patterns
from shared.errors import NotConfigured
from shared.web_addresses import is_base_url, split_url

COUNTRY = "[A-Z]{2}"
HOST = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"
TOKEN = r"\S+"

# The same as in host.json.
ROUTE_PREFIX = "/api"

# When Azure cannot resolve a Key Vault reference, the app gets the reference itself as the value.
# https://learn.microsoft.com/azure/app-service/app-service-key-vault-references
UNRESOLVED_REFERENCE = "@Microsoft.KeyVault("


@dataclass(frozen=True, slots=True)
class Settings:
    """The app's settings, checked. Each field has the name of its setting; secrets are left out of `repr`."""

    twilio_account_sid: str
    twilio_auth_token: str = field(repr=False)
    twilio_api_key: str
    twilio_api_secret: str = field(repr=False)
    twilio_auth_token_next: str = field(repr=False)
    twilio_from_number: str
    twilio_messaging_service_sid: str
    twilio_twiml_app_sid: str
    twilio_api_base_url: str
    public_base_url: str
    tables_connection_string: str = field(repr=False)
    tables_endpoint: str
    allowed_countries: frozenset[str]
    allowed_sip_hosts: frozenset[str]
    allow_premium_numbers: bool
    default_country: str

    @property
    def auth_tokens(self) -> tuple[str, ...]:
        """The tokens that a webhook may be signed with: the current one, and the next one during a rotation."""
        return tuple(filter(None, (self.twilio_auth_token, self.twilio_auth_token_next)))

    def url(self, path: str) -> str:
        """Return the public URL of one of the app's routes, as Twilio and the app's users call it."""
        return f"{self.public_base_url}{ROUTE_PREFIX}/{path}"

    @property
    def rest_credentials(self) -> tuple[str, str]:
        """User name and password for Twilio's REST API: the API key, else account SID and auth token."""
        if self.twilio_api_key:
            return self.twilio_api_key, self.twilio_api_secret
        return self.twilio_account_sid, self.twilio_auth_token


SETTING_NAMES = tuple(field.name.upper() for field in fields(Settings))


def load(environ: Mapping[str, str]) -> Settings:
    """Return the settings in `environ`; a blank value counts as missing.

    Raises NotConfigured that names every missing or malformed setting, without its value.
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
    values["DEFAULT_COUNTRY"] = (values["DEFAULT_COUNTRY"] or "US").upper()
    for name, problem in find_problems(values):
        problems.setdefault(name, problem)
    if problems:
        raise NotConfigured(problems)

    countries = frozenset(split_list(values.pop("ALLOWED_COUNTRIES").upper()))
    hosts = frozenset(split_list(values.pop("ALLOWED_SIP_HOSTS").lower()))
    premium = values.pop("ALLOW_PREMIUM_NUMBERS").lower() == "true"
    texts = {name.lower(): value for name, value in values.items()}
    return Settings(allowed_countries=countries, allowed_sip_hosts=hosts, allow_premium_numbers=premium, **texts)


@cache
def settings() -> Settings:
    """Return the app's settings, read once per process; raises NotConfigured at every call, as `load` does."""
    return load(os.environ)


# Settings whose format is a regular expression, with its description.
FORMATS = {
    "TWILIO_ACCOUNT_SID": (patterns.ACCOUNT_SID, "AC and 32 hexadecimal digits"),
    "TWILIO_AUTH_TOKEN": (TOKEN, "the account's auth token (it signs the webhooks)"),
    "TWILIO_AUTH_TOKEN_NEXT": (TOKEN, "an auth token"),
    "TWILIO_API_KEY": (patterns.API_KEY_SID, "SK and 32 hexadecimal digits"),
    "TWILIO_FROM_NUMBER": (patterns.E164, "a number like +15005550006"),
    "TWILIO_MESSAGING_SERVICE_SID": (patterns.MESSAGING_SERVICE_SID, "MG and 32 hexadecimal digits"),
    "TWILIO_TWIML_APP_SID": (patterns.TWIML_APP_SID, "AP and 32 hexadecimal digits"),
    "DEFAULT_COUNTRY": (COUNTRY, "a country's two letters, like US"),
}


def find_problems(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the name of each wrong setting, and what is wrong with it."""
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        if not values[name]:
            yield name, f"is missing; expected {FORMATS[name][1]}"
    for name, (pattern, words) in FORMATS.items():
        if values[name] and not re.fullmatch(pattern, values[name]):
            yield name, f"expected {words}"
    if not all(re.fullmatch(COUNTRY, country) for country in split_list(values["ALLOWED_COUNTRIES"].upper())):
        yield "ALLOWED_COUNTRIES", "expected countries' two letters with commas between, like US,CA"
    if not all(re.fullmatch(HOST, host) for host in split_list(values["ALLOWED_SIP_HOSTS"].lower())):
        yield "ALLOWED_SIP_HOSTS", "expected host names with commas between, like sip.example.com,10.0.0.5"
    if values["ALLOW_PREMIUM_NUMBERS"].lower() not in ("", "true", "false"):
        yield "ALLOW_PREMIUM_NUMBERS", "expected true or false"

    if bool(values["TWILIO_API_KEY"]) != bool(values["TWILIO_API_SECRET"]):
        missing = "TWILIO_API_SECRET" if values["TWILIO_API_KEY"] else "TWILIO_API_KEY"
        yield missing, "is missing; an API key and its secret go together"

    if values["TABLES_CONNECTION_STRING"] and not is_connection_string(values["TABLES_CONNECTION_STRING"]):
        yield "TABLES_CONNECTION_STRING", "expected Name=value; pairs, or UseDevelopmentStorage=true"
    if values["TABLES_ENDPOINT"].startswith("http:"):
        yield "TABLES_ENDPOINT", "expected https://, which the app's identity needs"
    for name in ("PUBLIC_BASE_URL", "TWILIO_API_BASE_URL", "TABLES_ENDPOINT"):
        if values[name] and not is_base_url(values[name]):
            yield name, "expected http:// or https:// and a host, without query or fragment"
    if problem := unreachable(values["PUBLIC_BASE_URL"]):
        yield "PUBLIC_BASE_URL", problem
    if not values["PUBLIC_BASE_URL"]:
        yield "PUBLIC_BASE_URL", "is missing; expected the address at which Twilio reaches this app"

    if not values["TABLES_CONNECTION_STRING"] and not values["TABLES_ENDPOINT"]:
        yield "TABLES_ENDPOINT", "is missing; expected the tables' address (or TABLES_CONNECTION_STRING)"


def split_list(text: str) -> list[str]:
    """Return the items of a list that is separated by commas or spaces."""
    return text.replace(",", " ").split()


def unreachable(url: str) -> str:
    """Return why Twilio cannot call the app at this base URL; an empty string if it can."""
    parts = split_url(url)
    if parts is None or " " in url:
        return ""  # reported as malformed
    with suppress(ValueError):
        if ip_address(parts.hostname or "").is_unspecified:
            return "is an address to listen at; expected the one at which Twilio reaches this app"
    return f"expected the address without {ROUTE_PREFIX}, which the app adds" if url.endswith(ROUTE_PREFIX) else ""


def is_connection_string(text: str) -> bool:
    """Return whether the storage library can read `text`. The library itself checks it only at the first request.

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

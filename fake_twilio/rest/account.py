"""The account: `Accounts`, its balance, and its permissions by country.

https://www.twilio.com/docs/iam/api/account
https://www.twilio.com/docs/voice/api/dialingpermissions-country-resource
"""

import json
from typing import Any

from aiohttp import web

from fake_twilio.dates import rfc2822
from fake_twilio.form import Form
from fake_twilio.rest.base import ROOT, Rest
from fake_twilio.rest.errors import TwilioError

SUBRESOURCES = {
    "applications": "Applications",
    "balance": "Balance",
    "calls": "Calls",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "messages": "Messages",
    "recordings": "Recordings",
}
"""The lists that the emulator has."""

PLACES = {
    "AU": ("Australia", "61", "OCEANIA"),
    "CA": ("Canada", "1", "NORTH_AMERICA"),
    "DE": ("Germany", "49", "EUROPE"),
    "FR": ("France", "33", "EUROPE"),
    "GB": ("United Kingdom", "44", "EUROPE"),
    "IN": ("India", "91", "ASIA"),
    "MX": ("Mexico", "52", "NORTH_AMERICA"),
    "US": ("United States", "1", "NORTH_AMERICA"),
}
"""Name, calling code and continent of a few countries; the others have blank ones."""


class AccountRoutes:
    """The routes of the account."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.simulator = rest.simulator

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: fetch the account, fetch and change country permissions."""
        texts = "/v1/Messaging/GeoPermissions"
        return [
            web.get(f"{ROOT}.json", self.rest.route(self.fetch)),
            web.get(f"{ROOT}/Balance.json", self.rest.route(self.balance)),
            web.get("/v1/DialingPermissions/Countries/{country}", self.rest.route(self.country)),
            web.post("/v1/DialingPermissions/BulkCountryUpdates", self.rest.route(self.allow_calls)),
            web.get(texts, self.rest.route(self.list_texts)),
            web.patch(texts, self.rest.route(self.allow_texts)),
        ]

    async def fetch(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch the account; a standard API key may not, only the auth token."""
        account, status = self.simulator.account, self.simulator.account_status
        if request.headers["Authorization"] != account.by_token:
            raise TwilioError(20003)
        path = f"/2010-04-01/Accounts/{account.sid}"
        return self.rest.respond(
            {
                "auth_token": account.auth_token,
                "date_created": rfc2822(status.created),
                "date_updated": rfc2822(status.created),
                "friendly_name": "Emulated account",
                "owner_account_sid": account.sid,
                "sid": account.sid,
                "status": status.status,
                "subresource_uris": {name: f"{path}/{part}.json" for name, part in SUBRESOURCES.items()},
                "type": status.type,
                "uri": f"{path}.json",
            }
        )

    async def balance(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch the balance."""
        status = self.simulator.account_status
        found = {"account_sid": self.simulator.account.sid, "balance": status.balance, "currency": status.currency}
        return self.rest.respond(found)

    async def country(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Fetch the permission to call one country."""
        code = request.match_info["country"]
        name, calling_code, continent = PLACES.get(code, ("", "", ""))
        url = f"https://voice.twilio.com/v1/DialingPermissions/Countries/{code}"
        return self.rest.respond(
            {
                "continent": continent,
                "country_codes": [calling_code] if calling_code else [],
                "iso_code": code,
                "links": {"highrisk_special_prefixes": f"{url}/HighRiskSpecialPrefixes"},
                "name": name,
                "url": url,
                "low_risk_numbers_enabled": code in self.simulator.account_status.callable,
                "high_risk_special_numbers_enabled": False,
                "high_risk_tollfraud_numbers_enabled": False,
            }
        )

    async def allow_calls(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Change the permissions for calls."""
        changes = objects(form.get("UpdateRequest"))
        for change in changes:
            note(self.simulator.account_status.callable, change.get("iso_code"), change.get("low_risk_numbers_enabled"))
        return self.rest.respond({"update_count": len(changes), "update_request": form.get("UpdateRequest")}, 201)

    async def list_texts(self, request: web.Request, form: Form) -> web.StreamResponse:
        """List the permissions for messages."""
        code = form.get("CountryCode")
        shown = [code] if code else sorted(self.simulator.account_status.textable)
        return self.rest.respond({"permissions": [self.permission(country) for country in shown]})

    async def allow_texts(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Change the permissions for messages; each country is a parameter."""
        changes = objects(f"[{','.join(form.all('Permissions'))}]")
        for change in changes:
            note(self.simulator.account_status.textable, change.get("country_code"), change.get("enabled"))
        return self.rest.respond({"permissions": [self.permission(str(one.get("country_code"))) for one in changes]})

    def permission(self, country: str) -> dict[str, Any]:
        """Return one country as Twilio shows it."""
        enabled = country in self.simulator.account_status.textable
        return {"country_code": country, "type": "country", "enabled": enabled, "error_code": 0, "error_messages": []}


def objects(text: str) -> list[dict[str, Any]]:
    """Return the list of objects in a JSON parameter."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise TwilioError(20001, "Invalid JSON array of objects")
    return found


def note(countries: set[str], country: object, allowed: object) -> None:
    """Allow a country or forbid it."""
    if str(allowed).lower() == "true":
        countries.add(str(country))
    else:
        countries.discard(str(country))

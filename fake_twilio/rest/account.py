"""The account itself: `Accounts`, its balance, and the countries that may be called and texted.

https://www.twilio.com/docs/iam/api/account
https://www.twilio.com/docs/voice/api/dialingpermissions-country-resource
"""

import json
from typing import Any

from aiohttp import web

from fake_twilio.form import Form
from fake_twilio.rest.base import ROOT, Rest
from fake_twilio.rest.errors import TwilioError


class AccountItself:
    """The routes of the account."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.simulator = rest.simulator

    def routes(self) -> list[web.RouteDef]:
        """Look at it; allow and forbid countries."""
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
        """The account, for its auth token only: an API key of the standard kind may not look."""
        account, standing = self.simulator.account, self.simulator.account_status
        if request.headers["Authorization"] != account.by_token:
            raise TwilioError(20003)
        found = {"sid": account.sid, "owner_account_sid": account.sid, "friendly_name": "A fake account"}
        return self.rest.respond({**found, "type": standing.type, "status": standing.status})

    async def balance(self, request: web.Request, form: Form) -> web.StreamResponse:
        """The money that is left."""
        standing = self.simulator.account_status
        found = {"account_sid": self.simulator.account.sid, "balance": standing.balance, "currency": standing.currency}
        return self.rest.respond(found)

    async def country(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Whether a country may be called."""
        code = request.match_info["country"]
        return self.rest.respond(
            {
                "iso_code": code,
                "low_risk_numbers_enabled": code in self.simulator.account_status.callable,
                "high_risk_special_numbers_enabled": False,
                "high_risk_tollfraud_numbers_enabled": False,
            }
        )

    async def allow_calls(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Allow and forbid countries for calls."""
        changes = objects(form.get("UpdateRequest"))
        for change in changes:
            note(self.simulator.account_status.callable, change.get("iso_code"), change.get("low_risk_numbers_enabled"))
        return self.rest.respond({"update_count": len(changes), "update_request": form.get("UpdateRequest")}, 201)

    async def list_texts(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Whether a country may be texted."""
        code = form.get("CountryCode")
        shown = [code] if code else sorted(self.simulator.account_status.textable)
        return self.rest.respond({"permissions": [self.permission(country) for country in shown]})

    async def allow_texts(self, request: web.Request, form: Form) -> web.StreamResponse:
        """Allow and forbid countries for texts; each is a parameter of its own."""
        changes = objects(f"[{','.join(form.all('Permissions'))}]")
        for change in changes:
            note(self.simulator.account_status.textable, change.get("country_code"), change.get("enabled"))
        return self.rest.respond({"permissions": [self.permission(str(one.get("country_code"))) for one in changes]})

    def permission(self, country: str) -> dict[str, Any]:
        """One country as Twilio shows it."""
        enabled = country in self.simulator.account_status.textable
        return {"country_code": country, "type": "country", "enabled": enabled, "error_code": 0, "error_messages": []}


def objects(text: str) -> list[dict[str, Any]]:
    """The JSON list of objects that a parameter holds."""
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

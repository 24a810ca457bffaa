"""Finds what has drifted between Twilio and the app, and prints a fix for each finding. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from deployment.connection import Target
from deployment.deployed_app import SIGNED_ROUTE, ask, takes_signature
from deployment.number import Resource, shown
from deployment.terminal import Terminal
from deployment.twilio_api import TwilioSaidNo

LEAST_BALANCE = Decimal(1)
CONSOLE = "https://console.twilio.com"
TRIAL = "https://www.twilio.com/docs/usage/trials"
CALL_COUNTRIES = "https://www.twilio.com/console/voice/calls/geo-permissions/low-risk"
MESSAGE_COUNTRIES = "https://www.twilio.com/console/sms/settings/geo-permissions"


class Check:
    """One check of everything: each line begins with `ok`, `WRONG` or `unknown`; fixes follow indented."""

    def __init__(self, terminal: Terminal, target: Target) -> None:
        """Begin without findings."""
        self.terminal, self.target, self.account = terminal, target, target.account
        self.findings: list[str] = []

    def run(self) -> bool:
        """Check everything; return whether nothing is wrong."""
        resources = self.target.resources()
        for resource in resources:
            self.addresses(resource)
        self.look("the Messaging Services of the number", self.services, resources)
        self.look("the account", self.account_state)
        self.look("the balance", self.balance)
        for country in self.target.countries:
            self.look(f"calls to {country}", self.calls_to, country)
            self.look(f"messages to {country}", self.messages_to, country)
        if not self.target.countries:
            self.unknown("countries: give the ones that you call, like --countries US,CA")
        self.signature()
        self.terminal.say(f"\nWrong: {len(self.findings)}")
        return not self.findings

    def report(self, good: bool, what: str, fix: str) -> None:
        """Print one result, and what fixes it if it is wrong."""
        self.terminal.say(f"ok       {what}" if good else f"WRONG    {what}\n           {fix}")
        if not good:
            self.findings.append(what)

    def unknown(self, what: str) -> None:
        """Print what could not be checked."""
        self.terminal.say(f"unknown  {what}")

    def look(self, what: str, check: Callable[..., None], *about: Any) -> None:
        """Make a check that an API key or a subaccount may not be allowed; a failure of Twilio ends everything."""
        try:
            check(*about)
        except TwilioSaidNo as error:
            if error.status == 429 or error.status >= 500:
                raise
            self.unknown(f"{what}: {error}")

    def addresses(self, resource: Resource) -> None:
        """Check that Twilio calls the app, by the right routes and methods."""
        change = resource.changes(self.target.base_url)
        wrong = [f"{name} is {shown(resource.value(name))}, expected {shown(value)}" for name, value in change.items()]
        option = " --take-over" if resource.elsewhere(self.target.ours) else ""
        words = "; ".join(wrong) or f"calls {self.target.base_url}"
        self.report(not change, f"{resource.label}: {words}", f"{self.target.connect_command}{option}")

    def services(self, resources: list[Resource]) -> None:
        """Check that no other Messaging Service receives the number's messages."""
        for finding, fix in self.target.services_elsewhere(resources):
            self.report(False, finding, fix)

    def account_state(self) -> None:
        """Check that the account is active."""
        state = self.account.request("GET", f"{self.account.own}.json")
        trial = f"; a trial account reaches verified numbers only: {TRIAL}" if state.get("type") == "Trial" else ""
        self.report(state.get("status") == "active", f"the account is {state.get('status')}{trial}", CONSOLE)

    def balance(self) -> None:
        """Check that there is money left."""
        state = self.account.request("GET", f"{self.account.own}/Balance.json")
        try:
            left = Decimal(str(state.get("balance")))
        except InvalidOperation:  # a subaccount spends its owner's money
            self.unknown("the balance: Twilio does not report it")
            return
        words = f"the balance is {left} {state.get('currency', '')}".rstrip()
        self.report(left >= LEAST_BALANCE, words, f"{CONSOLE}  (Billing: add funds, or auto recharge)")

    def calls_to(self, country: str) -> None:
        """Check that Twilio lets the account call a country."""
        state = self.account.request("GET", f"{self.account.voice}/v1/DialingPermissions/Countries/{country}")
        on = bool(state.get("low_risk_numbers_enabled"))
        self.report(on, f"calls to {country} are {'on' if on else 'off'} at Twilio", CALL_COUNTRIES)

    def messages_to(self, country: str) -> None:
        """Check that Twilio lets the account send messages to a country."""
        url = f"{self.account.accounts}/v1/Messaging/GeoPermissions?CountryCode={country}"
        found = self.account.request("GET", url).get("permissions", [])
        on = any(one.get("country_code") == country and one.get("enabled") for one in found)
        self.report(on, f"messages to {country} are {'on' if on else 'off'} at Twilio", MESSAGE_COUNTRIES)

    def signature(self) -> None:
        """Check that the app accepts Twilio's signatures: it has the right token, and the address that Twilio calls."""
        url, token, group = self.target.base_url, self.target.auth_token, self.target.group
        accepted = takes_signature(url, token) if token else None
        if not token:
            self.unknown("whether the app accepts Twilio's signatures: TWILIO_AUTH_TOKEN is not set")
        elif accepted is None:
            status, _, problem = ask(f"{url}/api/{SIGNED_ROUTE}", {})
            words = f"{url} answers {status} to Twilio" if status else f"{url} does not answer: {problem}"
            self.report(False, words, f"curl --include {url}/api/health")
        else:
            words = f"{url} accepts Twilio's signatures" if accepted else f"{url} rejects Twilio's signatures"
            address = "" if url in self.target.former else f" --public-base-url {url}"
            deploy = f"python3 infra/deploy.py --resource-group {group}{address} --secrets FILE"
            fix = f"TWILIO_AUTH_TOKEN as the account has it, PUBLIC_BASE_URL={url}"
            self.report(accepted, words, deploy if group else f"Change the app's settings and restart it: {fix}")

"""Looks for what has drifted between Twilio and the app, and says with which command to mend it. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from deployment import live_app
from deployment.connecting import shown
from deployment.number import Resource
from deployment.target import Target
from deployment.terminal import Terminal, command_line
from deployment.twilio_api import TwilioSaidNo

CONSOLE = "https://console.twilio.com"
TRIAL = "https://www.twilio.com/docs/usage/trials"


@dataclass
class Check:
    """One look at everything; `findings` is what is wrong, `unseen` what could not be looked at."""

    terminal: Terminal
    target: Target
    least_balance: Decimal
    connect: Callable[..., str]
    """Makes the command that connects, with more options."""
    findings: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)

    def run(self, resources: list[Resource]) -> bool:
        """Whether all is well."""
        for resource in resources:
            self.addresses(resource)
        self.texts(resources)
        self.look("the account", self.account)
        self.look("the balance", self.balance)
        for country in self.target.countries:
            self.look(f"calls to {country}", self.calls_to, country)
            self.look(f"texts to {country}", self.texts_to, country)
        if not self.target.countries:
            self.unknown("countries: name those that you call, like --countries US,CA")
        self.signature()
        self.terminal.say(f"\n{self.verdict()}")
        return not self.findings

    def verdict(self) -> str:
        """Return the last line."""
        if self.findings:
            return f"{len(self.findings)} of these {'is' if len(self.findings) == 1 else 'are'} wrong."
        return "Nothing is wrong with what could be looked at." if self.unseen else "All is well."

    def good(self, what: str) -> None:
        """Say what is as it should be."""
        self.terminal.say(f"ok       {what}")

    def wrong(self, what: str, *mend: str) -> None:
        """Say what is not, and how to mend it."""
        self.findings.append(what)
        self.terminal.say(f"WRONG    {what}")
        self.mend(*mend)

    def mend(self, *commands: str) -> None:
        """Say what mends it."""
        for command in commands:
            self.terminal.say(f"           {command}")

    def unknown(self, what: str) -> None:
        """Say what could not be looked at."""
        self.unseen.append(what)
        self.terminal.say(f"unknown  {what}")

    def look(self, what: str, look: Callable[..., None], *about: Any) -> None:
        """Look at something that an API key, or a subaccount, may not see. A Twilio that fails ends the check."""
        try:
            look(*about)
        except TwilioSaidNo as error:
            if error.status == 429 or error.status >= 500:
                raise
            self.unknown(f"{what}: {error}")

    def addresses(self, resource: Resource) -> None:
        """Whether Twilio calls the app, and calls it right."""
        change = resource.changes(self.target.base_url)
        if not change:
            self.good(f"{resource.label} calls {self.target.base_url}")
            return
        taken = resource.elsewhere((self.target.base_url, *self.target.also_known_as))
        for name, value in change.items():
            self.wrong(f"{resource.label}: {name} is {shown(resource.value(name))}, expected {shown(value)}")
        self.mend(self.connect("--take-over") if taken else self.connect())

    def texts(self, resources: list[Resource]) -> None:
        """Whether the texts to the number come to its own address; says nothing when they do."""
        for resource in resources:
            if resource.label == self.target.number:
                self.look("the Messaging Services of the number", self.services, resource)

    def services(self, number: Resource) -> None:
        """Whether a Messaging Service gets the texts instead of the number."""
        account = self.target.account
        for service in account.every(f"{account.messaging}/v1/Services?PageSize=100", "services"):
            sid = service["sid"]
            if service.get("use_inbound_webhook_on_number") or sid == self.target.messaging_service:
                continue
            if account.find(f"{account.messaging}/v1/Services/{sid}/PhoneNumbers/{number.sid}"):
                self.wrong(
                    f"{number.label}: its texts go to the Messaging Service {sid}, whatever SmsUrl is",
                    self.connect("--messaging-service", sid),
                )

    def account(self) -> None:
        """Whether the account is in use, and whom it may call."""
        owner = self.target.owner
        if owner is None:
            self.unknown("the account, and whether the app takes Twilio's signatures: TWILIO_AUTH_TOKEN is not set")
            return
        state = owner.request("GET", f"{owner.own}.json")
        if state.get("status") != "active":
            self.wrong(f"the account is {state.get('status')}", CONSOLE)
        elif state.get("type") == "Trial":
            self.good(f"the account is active; as a trial it calls and texts verified numbers only: {TRIAL}")
        else:
            self.good("the account is active")

    def balance(self) -> None:
        """Whether there is money left: at zero Twilio stops."""
        account = self.target.account
        state = account.request("GET", f"{account.own}/Balance.json")
        try:
            left = Decimal(str(state.get("balance")))
        except InvalidOperation:
            self.unknown("the balance: Twilio does not tell it")
            return
        words = f"the balance is {left} {state.get('currency', '')}".rstrip()
        if left < self.least_balance:
            self.wrong(f"{words}, less than {self.least_balance}", f"{CONSOLE}  (Billing: add funds, or auto recharge)")
        else:
            self.good(words)

    def calls_to(self, country: str) -> None:
        """Whether Twilio lets the account call a country."""
        account = self.target.account
        state = account.request("GET", f"{account.voice}/v1/DialingPermissions/Countries/{country}")
        if state.get("low_risk_numbers_enabled"):
            self.good(f"calls to {country} are allowed at Twilio")
            return
        risky = ("high_risk_special_numbers_enabled", "high_risk_tollfraud_numbers_enabled")
        permission = {"iso_code": country, "low_risk_numbers_enabled": "true"}
        permission |= {name: str(bool(state.get(name))).lower() for name in risky}
        url = f"{account.voice}/v1/DialingPermissions/BulkCountryUpdates"
        self.wrong(
            f"calls to {country} are switched off at Twilio",
            curl("POST", url, f"UpdateRequest={json.dumps([permission])}"),
        )

    def texts_to(self, country: str) -> None:
        """Whether Twilio lets the account text a country."""
        account = self.target.account
        url = f"{account.accounts}/v1/Messaging/GeoPermissions"
        state = account.request("GET", f"{url}?CountryCode={country}")
        if any(one.get("country_code") == country and one.get("enabled") for one in state.get("permissions", [])):
            self.good(f"texts to {country} are allowed at Twilio")
            return
        permission = {"country_code": country, "type": "country", "enabled": True}
        self.wrong(
            f"texts to {country} are switched off at Twilio",
            curl("PATCH", url, f"Permissions={json.dumps(permission)}"),
            f"# countries of high risk only in {CONSOLE}: https://www.twilio.com/docs/errors/30649",
        )

    def signature(self) -> None:
        """Whether the app takes what Twilio signs: the right token, and the address that Twilio calls."""
        url, token, owner = self.target.base_url, self.target.auth_token, self.target.owner
        if owner is None:
            return
        taken = live_app.takes_signature(url, token)
        if taken:
            self.good(f"{url} takes what Twilio signs")
        elif taken is None:
            status, _, trouble = live_app.ask(f"{url}/api/{live_app.SIGNED_ROUTE}", {})
            what = f"answers {status} to Twilio" if status else f"does not answer: {trouble}"
            self.wrong(f"{url} {what}", f"curl --include {url}/api/health")
        else:
            self.refused(url, token)

    def refused(self, url: str, token: str) -> None:
        """Find out why the app refuses a signature."""
        other = f"http{'' if url.startswith('https') else 's'}://{url.partition('://')[2]}"
        for address in (*self.target.also_known_as, other):
            if live_app.takes_signature(url, token, address):
                self.wrong(
                    f"Twilio calls {url}, but the app's PUBLIC_BASE_URL is {address}: it refuses what Twilio signs",
                    self.setting("PUBLIC_BASE_URL", url, "--public-base-url", url),
                )
                return
        assert self.target.owner
        if not self.target.owner.lets_in():
            self.wrong("TWILIO_AUTH_TOKEN is not the auth token of the account", f"{CONSOLE}  shows it")
            return
        self.wrong(
            f"{url} refuses what Twilio signs: its auth token is not the account's, or its PUBLIC_BASE_URL is another "
            "address",
            self.setting("TWILIO_AUTH_TOKEN", "the account's", "--secrets", "FILE"),
            self.setting("PUBLIC_BASE_URL", url, "--public-base-url", url),
        )

    def setting(self, name: str, value: str, *options: str) -> str:
        """Return how a setting of the app is changed: on Azure by this option, elsewhere by hand."""
        if not self.target.group:
            return f"Set {name} to {value} in the app's settings, and start it again."
        return command_line(["python3", "infra/deploy.py", "--resource-group", self.target.group, *options])


def curl(method: str, url: str, data: str) -> str:
    """Return a command for Twilio's API that holds no secret."""
    command = command_line(["curl", "--request", method, url, "--data-urlencode", data])
    return f'{command} --user "$TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN"'

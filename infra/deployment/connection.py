"""What is connected to which app, and with whose credentials: from options, the environment, or the app in Azure."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from deployment import deployed_app, key_vault, number, preflight, twilio_settings
from deployment.azure_cli import Az, AzFailed
from deployment.deployed_app import Deployment
from deployment.number import Resource
from deployment.options import SECRET_NAMES, base_url_or_local, countries
from deployment.steps import Steps
from deployment.terminal import Failed, Refused, Terminal, this_command
from deployment.twilio_api import TwilioAccount, TwilioSaidNo
from deployment.twilio_settings import NAMES, TwilioNames

Value = TypeVar("Value")

FROM, SERVICE = "TWILIO_FROM_NUMBER", "TWILIO_MESSAGING_SERVICE_SID"
SETTINGS = ("PUBLIC_BASE_URL", "ALLOWED_COUNTRIES", "DEFAULT_COUNTRY")


@dataclass(frozen=True)
class Target:
    """The app's public address, and what is connected to it in which account."""

    account: TwilioAccount
    base_url: str
    connect_command: str
    """The command that connects it, for advice."""
    number: str = ""
    messaging_service: str = ""
    twiml_app: str = ""
    former: tuple[str, ...] = ()
    """Other base URLs of the app, present or past."""
    auth_token: str = ""
    countries: tuple[str, ...] = ()
    group: str = ""

    @property
    def ours(self) -> tuple[str, ...]:
        """All base URLs of the app."""
        return (self.base_url, *self.former)

    @property
    def owner(self) -> TwilioAccount | None:
        """The account by its auth token, which may read what an API key may not."""
        sid = self.account.account_sid
        return TwilioAccount(sid, sid, self.auth_token) if self.auth_token else None

    def resources(self) -> list[Resource]:
        """Return the present state at Twilio; raises Failed for what does not exist there."""
        found = [number.find_number(self.account, self.number)] if self.number else []
        found += [number.find_by_sid(self.account, sid) for sid in (self.messaging_service, self.twiml_app) if sid]
        if not found:
            raise Refused("Nothing to connect: give --number, --messaging-service or --twiml-app.")
        return found

    def connect(self, steps: Steps, yes: bool, take_over: bool) -> None:
        """Connect it, and report a Messaging Service that receives the number's messages."""
        resources = self.resources()
        number.connect(steps, resources, self.ours, yes, "" if take_over else f"{self.connect_command} --take-over")
        try:
            for finding, fix in self.services_elsewhere(resources):
                steps.terminal.say(f"WRONG    {finding}\n           {fix}")
        except TwilioSaidNo as error:  # a restricted API key may connect numbers and not read services
            steps.terminal.say(f"unknown  the Messaging Services of the number: {error}")

    def services_elsewhere(self, resources: list[Resource]) -> list[tuple[str, str]]:
        """Return what is wrong about Messaging Services, and the command that connects them."""
        return [
            (
                f"{resource.label}: the Messaging Service {sid} receives its messages; SmsUrl is ignored",
                f"{self.connect_command} --messaging-service {sid}",
            )
            for resource in resources
            if resource.label == self.number
            for sid in number.services_with_messages(resource)
            if sid != self.messaging_service
        ]

    def restore(self, steps: Steps, yes: bool) -> None:
        """Restore what was there before."""
        number.restore(steps, self.resources(), self.ours, yes)


def connect_app(
    az: Az,
    steps: Steps,
    app: Deployment,
    settings: Mapping[str, str],
    given: Mapping[str, str],
    former: str = "",
    take_over: bool = False,
) -> None:
    """Take the step of connecting the number and the Messaging Service in an app's settings, if there are any.

    `given` are secrets that need not be read from Key Vault; `former` is the base URL that the app had before.
    """
    if settings.get(FROM) or settings.get(SERVICE):
        steps.begin("Connect the number")
        target_of(az, app, settings, given, former).connect(steps, yes=True, take_over=take_over)


def restore_app(az: Az, steps: Steps, app: Deployment, settings: Mapping[str, str], given: Mapping[str, str]) -> None:
    """Take the step of restoring what `connect_app` has changed."""
    if settings.get(FROM) or settings.get(SERVICE):
        steps.begin("Disconnect the number")
        target_of(az, app, settings, given).restore(steps, yes=True)


def target_of(
    az: Az,
    app: Deployment,
    settings: Mapping[str, str],
    given: Mapping[str, str],
    former: str = "",
) -> Target:
    """Return what an app in Azure is connected to, by its settings."""
    words = ["python3", "infra/connect_number.py", "--resource-group", app.group, "--name", app.name]
    words += ["--subscription", az.subscription] if az.subscription else []
    secrets = credentials(az, app, settings, given)
    return Target(
        open_account(secrets),
        app.base_url,
        shlex.join(words),
        settings.get(FROM, ""),
        settings.get(SERVICE, ""),
        former=tuple(filter(None, (former, app.address))),
    )


def credentials(az: Az, app: Deployment, settings: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the credentials for Twilio's REST API: as given, else from the app's settings and Key Vault."""
    names = {name: given.get(name) or settings.get(name, "") for name in ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY")}
    wanted = ["TWILIO_AUTH_TOKEN", *(["TWILIO_API_SECRET"] if names["TWILIO_API_KEY"] else [])]
    try:
        secrets = {name: given.get(name) or key_vault.read(az, app.vault, name) for name in wanted}
    except AzFailed as error:
        raise Failed(
            f"Twilio's secrets cannot be read from Key Vault:\n{error.text}",
            f"Set {' and '.join(wanted)} in the environment, or get the role 'Key Vault Secrets User' on {app.vault}.",
        ) from None
    return {**names, **secrets}


def find(options: argparse.Namespace, terminal: Terminal) -> Target:
    """Return the target that connect_number.py's options name.

    What they leave out is read from the app in Azure, where a resource group is given, else from environment and file.
    """
    given = twilio_settings.read_given(options.secrets, options.number, terminal)
    file = twilio_settings.values_of(options.secrets) if options.secrets else {}
    known = {name: os.environ.get(name) or file.get(name, "") for name in SETTINGS}
    former = tuple(options.formerly)
    if options.resource_group:
        az = Az(terminal, options.subscription)
        preflight.check_tools(az)
        app = deployed_app.find_live(az, options.resource_group, options.name)
        known = deployed_app.settings(az, app)
        given |= credentials(az, app, known, given)
        known["PUBLIC_BASE_URL"], former = app.base_url, (*former, app.address)
    base_url = options.base_url or checked("PUBLIC_BASE_URL", base_url_or_local, known)
    if not base_url:
        raise Refused("The app's address is missing: give --base-url https://... or --resource-group.")
    names = {name: given[name] or known.get(name, "") for name in NAMES}
    account = open_account(given)
    twilio_settings.check_forms(TwilioNames(names, {name: given[name] for name in SECRET_NAMES if given[name]}))
    allowed = "ALLOWED_COUNTRIES" if known.get("ALLOWED_COUNTRIES") else "DEFAULT_COUNTRY"
    return Target(
        account,
        base_url,
        this_command(without="--check"),
        number=names[FROM],
        messaging_service=options.messaging_service or names[SERVICE],
        twiml_app=options.twiml_app,
        former=former,
        auth_token=given["TWILIO_AUTH_TOKEN"],
        countries=options.countries or checked(allowed, countries, known),
        group=options.resource_group,
    )


def checked(name: str, check: Callable[[str], Value], settings: Mapping[str, str]) -> Value:
    """Return a setting as an option of the same form; raises Failed, which does not contain the value."""
    try:
        return check(settings.get(name, ""))
    except argparse.ArgumentTypeError as error:
        raise Refused(f"{name}: {str(error).rpartition(': ')[2]}") from None


def open_account(given: Mapping[str, str]) -> TwilioAccount:
    """Return the account, with its API key where there is one; raises Failed when a value is missing."""
    sid, token = given.get("TWILIO_ACCOUNT_SID"), given.get("TWILIO_AUTH_TOKEN")
    key, secret = given.get("TWILIO_API_KEY"), given.get("TWILIO_API_SECRET")
    if sid and key and secret:
        return TwilioAccount(sid, key, secret)
    if sid and token:
        return TwilioAccount(sid, sid, token)
    raise Refused(
        "Credentials are missing: TWILIO_ACCOUNT_SID, and TWILIO_AUTH_TOKEN or TWILIO_API_KEY with TWILIO_API_SECRET.",
        "Set them in the environment or in a file (--secrets FILE), or name the app in Azure (--resource-group).",
    )

"""What is connected to which app, and with which credentials: from options, the environment, or the app in Azure."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from deployment import deployed_app, key_vault, number, twilio_settings
from deployment.azure_cli import Az, AzFailed
from deployment.deployed_app import Deployment
from deployment.number import Resource
from deployment.options import SECRET_NAMES, base_url_or_local, countries
from deployment.steps import Steps
from deployment.terminal import Failed, Refused, Terminal, this_command
from deployment.twilio_api import TwilioAccount, TwilioSaidNo
from deployment.twilio_settings import NAMES, TwilioNames

ACCOUNT, TOKEN = "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"
FROM, SERVICE, TWIML_APP = "TWILIO_FROM_NUMBER", "TWILIO_MESSAGING_SERVICE_SID", "TWILIO_TWIML_APP_SID"


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
    """For calls from browsers."""
    former: tuple[str, ...] = ()
    """Other base URLs of the app, present or past."""
    auth_token: str = ""
    countries: tuple[str, ...] = ()
    group: str = ""

    @property
    def ours(self) -> tuple[str, ...]:
        """All base URLs of the app."""
        return (self.base_url, *self.former)

    def resources(self) -> list[Resource]:
        """Return the present state at Twilio; raises Failed for what does not exist there."""
        found = [number.find_number(self.account, self.number)] if self.number else []
        found += [number.find_service(self.account, self.messaging_service)] if self.messaging_service else []
        found += [number.find_twiml_app(self.account, self.twiml_app)] if self.twiml_app else []
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

    def restore(self, steps: Steps, yes: bool) -> None:
        """Restore what was there before."""
        number.restore(steps, self.resources(), self.ours, yes)

    def services_elsewhere(self, resources: list[Resource]) -> list[tuple[str, str]]:
        """Return each Messaging Service that receives the number's messages, in words, and the command for it."""
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


def connect_app(
    az: Az,
    steps: Steps,
    app: Deployment,
    settings: Mapping[str, str],
    given: Mapping[str, str],
    former: str = "",
    take_over: bool = False,
) -> None:
    """Take the step of connecting the number, the Messaging Service and the TwiML App in an app's settings.

    `given` are secrets that need not be read from Key Vault; `former` is the base URL that the app had before.
    """
    if any(settings.get(name) for name in (FROM, SERVICE, TWIML_APP)):
        steps.begin("Connect the number")
        target_of(az, app, settings, given, former).connect(steps, yes=True, take_over=take_over)


def restore_app(az: Az, steps: Steps, app: Deployment, settings: Mapping[str, str], given: Mapping[str, str]) -> None:
    """Take the step of restoring what `connect_app` has changed."""
    if any(settings.get(name) for name in (FROM, SERVICE, TWIML_APP)):
        steps.begin("Disconnect the number")
        target_of(az, app, settings, given).restore(steps, yes=True)


def target_of(
    az: Az, app: Deployment, settings: Mapping[str, str], given: Mapping[str, str], former: str = ""
) -> Target:
    """Return what an app in Azure is connected to, by its settings."""
    words = ["python3", "infra/connect_number.py", "--resource-group", app.group, "--name", app.name]
    words += ["--subscription", az.subscription] if az.subscription else []
    account = open_account(credentials(az, app, settings, given))
    own, service, twiml_app = (settings.get(name, "") for name in (FROM, SERVICE, TWIML_APP))
    ours = (former or app.address, app.address)
    return Target(account, app.base_url, shlex.join(words), own, service, twiml_app, former=ours)


def create_twiml_app(
    az: Az, steps: Steps, app: Deployment, settings: Mapping[str, str], given: Mapping[str, str]
) -> str:
    """Take the step of finding or creating the TwiML App for calls from browsers; return its SID.

    It is found by its name, which has at most 64 characters: https://www.twilio.com/docs/usage/api/applications
    """
    steps.begin("Create the TwiML App for calls from browsers")
    account = open_account(credentials(az, app, settings, given))
    sid = number.find_or_create_twiml_app(account, f"calls from browsers: {app.group}/{app.name}"[-64:])
    steps.leaves(f"the TwiML App {sid} at Twilio")
    return sid


def credentials(az: Az, app: Deployment, settings: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return account and auth token: as given, else from the app's settings and Key Vault."""
    try:
        token = given.get(TOKEN) or key_vault.read(az, app.vault, TOKEN)
    except AzFailed as error:
        advice = f"Set it in the environment, or get the role 'Key Vault Secrets User' on {app.vault}."
        raise Failed(f"{TOKEN} cannot be read from Key Vault:\n{error.text}", advice) from None
    return {ACCOUNT: given.get(ACCOUNT) or settings.get(ACCOUNT, ""), TOKEN: token}


def open_account(given: Mapping[str, str]) -> TwilioAccount:
    """Return the account, by its auth token where there is one, since an API key may not read everything."""
    user, password = given.get(ACCOUNT), given.get(TOKEN)
    if not password:
        user, password = given.get("TWILIO_API_KEY"), given.get("TWILIO_API_SECRET")
    if not (given.get(ACCOUNT) and user and password):
        raise Refused(
            f"Credentials are missing: {ACCOUNT}, and {TOKEN} or TWILIO_API_KEY with TWILIO_API_SECRET.",
            "Set them in the environment or in a file (--secrets FILE), or name the app in Azure (--resource-group).",
        )
    return TwilioAccount(given[ACCOUNT], user, password)


def find(options: argparse.Namespace, terminal: Terminal) -> Target:
    """Return the target that connect_number.py's options name.

    What they leave out is read from the app in Azure, where a resource group is given, else from environment and file.
    """
    given = twilio_settings.read_given(options.secrets, options.number, terminal)
    file = twilio_settings.values_of(options.secrets) if options.secrets else {}
    known = {**file, **{name: value for name, value in os.environ.items() if value}}
    base_url, former = options.base_url, tuple(options.formerly)
    if options.resource_group:
        az = Az(terminal, options.subscription)
        az.check()
        app = deployed_app.find_live(az, options.resource_group, options.name)
        known = deployed_app.settings(az, app)
        given |= credentials(az, app, known, given)
        base_url, former = base_url or app.base_url, (*former, app.address)
    names = {name: given[name] or known.get(name, "") for name in NAMES}
    account = open_account(given)
    twilio_settings.check_forms(TwilioNames(names, {name: given[name] for name in SECRET_NAMES if given[name]}))
    try:
        base_url = base_url or base_url_or_local(known.get("PUBLIC_BASE_URL", ""))
        allowed = options.countries or countries(known.get("ALLOWED_COUNTRIES") or known.get("DEFAULT_COUNTRY", ""))
    except argparse.ArgumentTypeError as error:  # which shows the value, and it may contain a password
        raise Refused(
            f"PUBLIC_BASE_URL, ALLOWED_COUNTRIES or DEFAULT_COUNTRY: {str(error).rpartition(': ')[2]}"
        ) from None
    if not base_url:
        raise Refused("The app's address is missing: give --base-url https://... or --resource-group.")
    return Target(
        account,
        base_url,
        this_command(without="--check"),
        number=names[FROM],
        messaging_service=options.messaging_service or names[SERVICE],
        twiml_app=options.twiml_app or names[TWIML_APP],
        former=former,
        auth_token=given[TOKEN],
        countries=allowed,
        group=options.resource_group,
    )

"""What is to be connected to what, and with whose secrets: from options, the environment, or the app in Azure."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from deployment import connection, deployed_app, number, preflight, twilio_settings
from deployment.azure_cli import Az
from deployment.number import Resource
from deployment.options import base_url_or_local, countries
from deployment.patience import Patience
from deployment.secret_names import SECRET_NAMES
from deployment.steps import Failed
from deployment.terminal import Terminal
from deployment.twilio_api import TwilioAccount
from deployment.twilio_settings import NAMES, TwilioNames

Value = TypeVar("Value")


@dataclass
class Target:
    """The app's public address, and the account whose calls and texts are to go there."""

    base_url: str
    account: TwilioAccount
    auth_token: str
    number: str = ""
    messaging_service: str = ""
    twiml_app: str = ""
    countries: tuple[str, ...] = ()
    group: str = ""
    """The app's resource group in Azure, where that is known."""
    also_known_as: tuple[str, ...] = ()
    """Other addresses at which the app answers, or did."""

    @property
    def owner(self) -> TwilioAccount | None:
        """The account by its auth token, which may see what an API key may not."""
        sid = self.account.account_sid
        return TwilioAccount(sid, sid, self.auth_token) if self.auth_token else None

    def resources(self) -> list[Resource]:
        """Return what Twilio has of it now; raises Failed for what is not there."""
        found = []
        if self.number:
            found.append(number.number(self.account, self.number))
        if self.messaging_service:
            found.append(number.messaging_service(self.account, self.messaging_service))
        if self.twiml_app:
            found.append(number.twiml_app(self.account, self.twiml_app))
        if not found:
            raise Failed(
                "There is nothing to connect: name a --number, a --messaging-service or a --twiml-app.", again=False
            )
        return found


def find(options: argparse.Namespace, terminal: Terminal) -> Target:
    """Return what the options say; with a resource group, what they leave out is as the app in Azure has it."""
    given = twilio_settings.read_given(options.secrets, options.number, terminal)
    file = twilio_settings.values_of(options.secrets) if options.secrets else {}
    known = {name: os.environ.get(name) or file.get(name, "") for name in ("ALLOWED_COUNTRIES", "DEFAULT_COUNTRY")}
    base_url = options.base_url
    also_known_as: tuple[str, ...] = tuple(options.formerly)
    if options.resource_group:
        az = Az(terminal, options.subscription)
        preflight.check_tools(az)
        preflight.account(az)
        app = deployed_app.find_live(az, options.resource_group, options.name, Patience(terminal, options.pace))
        known = deployed_app.settings(az, app)
        given |= connection.credentials(az, app, known, given)
        base_url, also_known_as = base_url or app.base_url, (*also_known_as, app.address)
    base_url = base_url or checked(
        "PUBLIC_BASE_URL", base_url_or_local, os.environ.get("PUBLIC_BASE_URL") or file.get("PUBLIC_BASE_URL", "")
    )
    if not base_url:
        raise Failed("Say where Twilio finds the app: --base-url https://..., or --resource-group.", again=False)
    account = open_account(given)
    names = {name: given[name] or known.get(name, "") for name in NAMES}
    twilio_settings.check_forms(TwilioNames(names, {name: given[name] for name in SECRET_NAMES if given[name]}))
    allowed = "ALLOWED_COUNTRIES" if known.get("ALLOWED_COUNTRIES") else "DEFAULT_COUNTRY"
    return Target(
        base_url,
        account,
        given["TWILIO_AUTH_TOKEN"],
        number=names["TWILIO_FROM_NUMBER"],
        messaging_service=options.messaging_service or names["TWILIO_MESSAGING_SERVICE_SID"],
        twiml_app=options.twiml_app,
        countries=options.countries or checked(allowed, countries, known.get(allowed, "")),
        group=options.resource_group,
        also_known_as=also_known_as,
    )


def checked(setting: str, check: Callable[[str], Value], value: str) -> Value:
    """Return a setting as an option would be read; raises Failed, which does not show the value."""
    try:
        return check(value)
    except argparse.ArgumentTypeError as error:
        raise Failed(f"{setting}: {str(error).rpartition(': ')[2]}") from None


def open_account(given: Mapping[str, str]) -> TwilioAccount:
    """Return the account, by its API key where there is one; raises Failed where the secrets are not complete."""
    sid, key, secret, token = (
        given.get(name, "")
        for name in ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_API_SECRET", "TWILIO_AUTH_TOKEN")
    )
    if sid and key and secret:
        return TwilioAccount(sid, key, secret)
    if sid and token:
        return TwilioAccount(sid, sid, token)
    raise Failed(
        "Twilio's secrets are missing: TWILIO_ACCOUNT_SID, and either TWILIO_AUTH_TOKEN or TWILIO_API_KEY with "
        "TWILIO_API_SECRET.",
        "Set them in the environment, or name a file of such lines with --secrets, or the app with --resource-group.",
    )

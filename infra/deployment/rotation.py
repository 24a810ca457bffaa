"""What the rotation of the API key and that of the auth token have in common."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field

from deployment import key_vault
from deployment.azure_cli import Az
from deployment.deployed_app import Deployment
from deployment.patience import Patience
from deployment.secret_names import SECRET_NAMES
from deployment.steps import Steps
from deployment.terminal import Refused
from deployment.twilio_api import TwilioAccount


@dataclass
class Rotation:
    """One app, one Twilio account, and what changes their secrets."""

    options: argparse.Namespace
    az: Az
    steps: Steps
    patience: Patience
    app: Deployment
    live: dict[str, str]
    token: str = field(repr=False)

    @property
    def base_url(self) -> str:
        """The address over which Twilio signs."""
        return self.live.get("PUBLIC_BASE_URL") or self.app.base_url

    @property
    def account_sid(self) -> str:
        """Twilio's SID of the account."""
        return self.live["TWILIO_ACCOUNT_SID"]

    def account(self, token: str) -> TwilioAccount:
        """Return Twilio's REST API opened with an auth token; an API key may make neither keys nor tokens."""
        return TwilioAccount(self.account_sid, self.account_sid, token)

    def reference(self, setting: str) -> str:
        """Return the Key Vault reference for a secret, in the form that the template gives the auth token."""
        return self.live["TWILIO_AUTH_TOKEN"].replace(
            f"/{SECRET_NAMES['TWILIO_AUTH_TOKEN']}/", f"/{SECRET_NAMES[setting]}/"
        )

    def set(self, **settings: str) -> None:
        """Change settings of the app, which makes it fetch all of its secrets again."""
        words = [f"{name}={value}" for name, value in settings.items()]
        self.az.do("functionapp", "config", "appsettings", "set", *self.app.in_azure, "--settings", *words)
        self.live.update(settings)

    def fetch_again(self) -> None:
        """Make the app fetch its secrets again."""
        key_vault.fetch_again(self.az, self.app)

    def agree(self, question: str) -> None:
        """Raise Refused unless the person says yes."""
        if not (self.options.yes or self.az.terminal.confirm(question)):
            raise Refused("You did not say yes. The old one still works, and so does the app.")

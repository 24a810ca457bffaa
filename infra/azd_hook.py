"""What `azd up` leaves to us: Twilio's secrets after its `provision`, the phone number after its `deploy`.

azure.yaml calls this. The environment holds what azd knows: names of its own, and the outputs of infra/main.bicep.
https://learn.microsoft.com/azure/developer/azure-developer-cli/azd-extensibility
"""

from __future__ import annotations

import argparse
import os
import sys

from deploy import put_secrets, tell
from deployment import connection, deployed_app, key_vault, preflight, publish, template, twilio_settings
from deployment.azure_cli import Az
from deployment.deployed_app import Deployment
from deployment.patience import Patience
from deployment.steps import Steps, run
from deployment.terminal import Refused, Terminal

AZDS = ("AZURE_SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP")
OUTPUTS = ("functionAppName", "functionAppHostName", "keyVaultName", "publicBaseUrl", "dataStorageName")


def find(event: str) -> Deployment:
    """Return the app that azd has made; raises Refused where azd did not call."""
    missing = [name for name in (*AZDS, *OUTPUTS) if not os.environ.get(name)]
    if missing:
        raise Refused(
            f"azd calls this, and says by the environment what it has made; {', '.join(missing)} is not there.\n"
            f"Type `azd hooks run {event}`, after an `azd provision` that went well."
        )
    outputs = {name: {"value": os.environ[name]} for name in OUTPUTS}
    return deployed_app.from_outputs(os.environ["AZURE_RESOURCE_GROUP"], template.default("name"), outputs)


def after_provision(az: Az, steps: Steps, app: Deployment, patience: Patience) -> None:
    """Put the secrets into Key Vault: those of the environment, else those that it has already, else asked."""
    steps.begin("Gather Twilio's secrets")
    live = deployed_app.settings(az, app)
    given = twilio_settings.read_given("", "", az.terminal)
    secrets = ("TWILIO_AUTH_TOKEN", "TWILIO_API_SECRET")
    known = {name: given[name] or key_vault.read_when_allowed(az, app.vault, name, patience) for name in secrets}
    twilio = twilio_settings.gather(known, live, set(), az.terminal)
    twilio_settings.check_at_twilio(twilio, az.terminal)
    steps.begin("Put the secrets into Key Vault")
    put_secrets(az, steps, app, twilio, patience)


def after_deploy(az: Az, steps: Steps, app: Deployment, patience: Patience) -> None:
    """Wait until the app is ready, and connect its number."""
    steps.begin("Wait until the app is ready")
    publish.wait_until_ready(az, app, patience)
    live = deployed_app.settings(az, app)
    connection.connect_app(az, steps, app, live, {}, patience)
    tell(az, app)


EVENTS = {"postprovision": after_provision, "postdeploy": after_deploy}


def work(options: argparse.Namespace, az: Az, steps: Steps) -> None:
    """Do what belongs to the event."""
    app = find(options.event)
    steps.begin("Check the tools and the login")
    preflight.check_tools(az)
    preflight.account(az)
    EVENTS[options.event](az, steps, app, Patience(az.terminal, options.pace))


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(prog="python3 infra/azd_hook.py", description="Called by azd: see azure.yaml.")
    parser.add_argument("event", choices=EVENTS, help="after which of azd's commands this is")
    parser.add_argument("--pace", type=float, default=1, help=argparse.SUPPRESS)  # 0: tests do not wait
    return parser


def main() -> int:
    """Do it; return the exit code."""
    options = parser().parse_args()
    terminal = Terminal()
    az = Az(terminal, os.environ.get("AZURE_SUBSCRIPTION_ID", ""))
    return run(terminal, lambda steps: work(options, az, steps))


if __name__ == "__main__":
    sys.exit(main())

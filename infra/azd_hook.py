"""What `azd up` leaves to us: Twilio's secrets after its `provision`, the phone number after its `deploy`.

azure.yaml calls this. The environment holds what azd knows: names of its own, and the outputs of infra/main.bicep.
https://learn.microsoft.com/azure/developer/azure-developer-cli/azd-extensibility
"""

from __future__ import annotations

import argparse
import os
import sys

import connection
import deployment
import preflight
import publishing
import template
import twilio_names
import vault
from az import Az
from deploy import put_secrets, tell
from deployment import Deployment
from patience import Patience
from steps import Steps, run
from terminal import Refused, Terminal

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
    return deployment.from_outputs(os.environ["AZURE_RESOURCE_GROUP"], template.default("name"), outputs)


def after_provision(az: Az, steps: Steps, app: Deployment, patience: Patience) -> None:
    """Put the secrets into Key Vault: those of the environment, else those that it has already, else asked."""
    steps.begin("Gather Twilio's secrets")
    live = deployment.settings(az, app)
    given = twilio_names.read_given("", "", az.terminal)
    secrets = ("TWILIO_AUTH_TOKEN", "TWILIO_API_SECRET")
    known = {name: given[name] or vault.read_when_allowed(az, app.vault, name, patience) for name in secrets}
    twilio = twilio_names.gather(known, live, set(), az.terminal)
    twilio_names.check_at_twilio(twilio, az.terminal)
    steps.begin("Put the secrets into Key Vault")
    put_secrets(az, steps, app, twilio, patience)


def after_deploy(az: Az, steps: Steps, app: Deployment, patience: Patience) -> None:
    """Wait until the app is ready, and connect its number."""
    steps.begin("Wait until the app is ready")
    publishing.wait_until_ready(az, app, patience)
    live = deployment.settings(az, app)
    connection.connect_app(az, steps, app, live, {}, patience, *connection.former_addresses(app))
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

"""The resources: the group, what the template would change in it, and the deployment itself."""

from __future__ import annotations

import argparse
from typing import Any

from deployment import deployed_app, what_if
from deployment.azure_cli import Az
from deployment.deployed_app import TAG, Deployment
from deployment.patience import Patience
from deployment.steps import Steps
from deployment.terminal import Refused
from deployment.twilio_settings import TwilioNames


def make_group(options: argparse.Namespace, az: Az, steps: Steps, location: str) -> bool:
    """Create the resource group, since what-if needs one to look into; whether to go on."""
    name = options.resource_group
    if options.what_if:
        az.terminal.say(f"There is no resource group {name} yet, so everything would be created.")
        return False
    if not (az.plan or options.yes or az.terminal.confirm(f"Create the resource group {name} in {location}?")):
        raise Refused("You did not say yes, so nothing was changed.")
    az.do("group", "create", "--name", name, "--location", location, "--tags", f"{TAG}={options.name}")
    steps.leaves(f"the resource group {name} (empty, it costs nothing; az group delete --name {name} removes it)")
    return True


def agreed(options: argparse.Namespace, az: Az, arguments: list[str], twilio: TwilioNames) -> bool:
    """Show what would change; whether to go on. Where nothing would change, nobody is asked."""
    command = ("deployment", "group", "what-if", *arguments)
    if az.plan:
        az.do(*command)
        return True
    answer: dict[str, Any] = az.json(*command, "--no-pretty-print")
    az.terminal.say(what_if.in_words(answer))
    for name in twilio.secrets:
        az.terminal.say(f"+ secret  {name}, into Key Vault (unless it is there already)")
    if options.what_if:
        return False
    if not (what_if.changes(answer) or twilio.secrets):
        return True
    if not (options.yes or az.terminal.confirm("Go on?")):
        raise Refused("You did not say yes, so nothing of this was created or changed.")
    return True


def create(options: argparse.Namespace, az: Az, steps: Steps, arguments: list[str], patience: Patience) -> Deployment:
    """Deploy the template, which changes nothing where nothing differs; return what it made."""
    group, name = options.resource_group, options.name
    az.terminal.say("  This takes two to five minutes the first time.")
    unsure = f"what the deployment {name!r} has created in {group} by now; Azure may still be at it"
    steps.leaves(unsure)
    az.do("deployment", "group", "create", *arguments)
    steps.left.remove(unsure)
    steps.leaves(f"the resources of the deployment {name!r} in {group}")
    if not az.plan:
        return deployed_app.find_live(az, group, name, patience)
    show = ("deployment", "group", "show", "--resource-group", group, "--name", name)
    app = Deployment(group, name)
    app.app = az.value("APP", *show, query="properties.outputs.functionAppName.value")
    app.host = az.value("HOST", *show, query="properties.outputs.functionAppHostName.value")
    app.vault = az.value("VAULT", *show, query="properties.outputs.keyVaultName.value")
    app.base_url = az.value("BASE_URL", *show, query="properties.outputs.publicBaseUrl.value")
    return app

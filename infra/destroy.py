"""Removes from Azure what deploy.py made: `python3 infra/destroy.py --resource-group ...`.

The number is given back what it had before, then the app's resources are deleted, after their list was shown and the
group's name typed. With --keep-data the account with the log of calls and messages stays; a later deploy.py finds it.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from deployment import connection, deployed_app, preflight, twilio_settings
from deployment.azure_cli import Az, AzFailed
from deployment.deployed_app import TAG, Deployment
from deployment.options import option_parser
from deployment.patience import Patience
from deployment.steps import Failed, Steps, run
from deployment.terminal import Refused, Terminal
from deployment.twilio_api import TwilioSaidNo, TwilioUnreachable

# Application Insights makes these by itself, without the tags of its component.
# https://learn.microsoft.com/azure/azure-monitor/alerts/proactive-failure-diagnostics
RULE, RULE_NAME = "microsoft.alertsmanagement/smartdetectoralertrules", "failure anomalies - "
RECEIVERS, RECEIVERS_NAME = "microsoft.insights/actiongroups", "application insights smart detection"
COMPONENT = "microsoft.insights/components"


def destroy(options: argparse.Namespace, az: Az, steps: Steps) -> None:
    """Take every step back."""
    group, patience = options.resource_group, Patience(az.terminal, options.pace)
    forget = ("deployment", "group", "delete")
    steps.begin("Check the tools and the login")
    preflight.check_tools(az)
    preflight.account(az)

    steps.begin("Look at what is there")
    if not az.json("group", "exists", "--name", group):
        az.terminal.say(f"  There is no resource group {group}.")
        purge(az, options, steps)
        return
    record = deployed_app.find(az, group, options.name, patience)
    app = record or deployed_app.from_resources(az, group, options.name)
    there = deployed_app.resources(az, group)
    doomed = parts(there, options.name)
    if options.keep_data:
        if doomed and not app.data_storage:
            raise Failed("The account with the data cannot be told from the others, so nothing is removed.")
        doomed = [resource for resource in doomed if resource["name"] != app.data_storage]
    made_by_us = (az.json("group", "show", "--name", group)["tags"] or {}).get(TAG) == options.name
    whole = made_by_us and len(doomed) == len(there)
    if not (doomed or whole):
        az.terminal.say(f"  Nothing in {group} is part of {options.name!r}.")
        if record:
            az.do(*forget, "--resource-group", group, "--name", options.name)
        purge(az, options, steps)
        return
    show(az, doomed, there, group if whole else "")
    agree(options, az)

    live = deployed_app.settings(az, app)
    if not options.leave_number:
        disconnect(az, steps, app, live)

    steps.begin("Remove the resources")
    steps.leaves("the resources that are not deleted yet; the same command deletes them")
    if whole:
        az.do("group", "delete", "--name", group, "--yes")
    else:
        remove_roles(az, app, there, doomed)
        az.do("resource", "delete", "--ids", *(str(resource["id"]) for resource in doomed))
        az.do(*forget, "--resource-group", group, "--name", options.name)
    steps.left.pop()
    steps.leaves("none of the resources" + (" but the account with the data" if options.keep_data else ""))
    purge(az, options, steps)
    az.terminal.say("\nDone. " + (f"{app.data_storage} is kept." if options.keep_data else "Nothing of it is left."))


def parts(there: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Return the resources that came with this app."""
    ours = [resource for resource in there if deployed_app.is_part(resource, name)]
    components = {resource["name"].lower() for resource in there if resource["type"].lower() == COMPONENT}
    own = {resource["name"].lower() for resource in ours if resource["type"].lower() == COMPONENT}
    by_insights = {(RULE, f"{RULE_NAME}{component}") for component in own}
    if own == components:  # the receivers are there for all components of the group
        by_insights.add((RECEIVERS, RECEIVERS_NAME))
    return [
        resource
        for resource in there
        if resource in ours or (resource["type"].lower(), resource["name"].lower()) in by_insights
    ]


def show(az: Az, doomed: list[dict[str, Any]], there: list[dict[str, Any]], group: str) -> None:
    """Print what goes and what stays."""
    for resource in doomed:
        az.terminal.say(f"- {resource['type']}  {resource['name']}")
    for resource in there:
        if resource not in doomed:
            az.terminal.say(f"  stays: {resource['type']}  {resource['name']}")
    if group:
        az.terminal.say(f"- the resource group {group} itself, which deploy.py made")
    az.terminal.say("This cannot be undone: the Key Vault is purged, and the log of calls goes with its account.")


def agree(options: argparse.Namespace, az: Az) -> None:
    """Raise Refused unless the group's name is typed, or given with --confirm."""
    typed = options.confirm or az.terminal.ask(f"Type the resource group's name, {options.resource_group}, to go on")
    if typed != options.resource_group:
        raise Refused("That was not the group's name, so nothing was removed.")


def disconnect(az: Az, steps: Steps, app: Deployment, live: dict[str, str]) -> None:
    """Restore the addresses that the number had before."""
    try:
        given = twilio_settings.read_given("", "", az.terminal)
        connection.restore_app(az, steps, app, live, given)
    except (Failed, TwilioSaidNo, TwilioUnreachable) as error:
        advice = getattr(error, "advice", ())
        raise Failed(str(error), *advice, "Or leave the number as it is, with --leave-number.") from None


def remove_roles(az: Az, app: Deployment, there: list[dict[str, Any]], doomed: list[dict[str, Any]]) -> None:
    """Delete the roles on the account that is kept.

    They are those of an identity that goes; the next one has the same name and another ID, and Azure refuses to change
    whose a role is. https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
    """
    for resource in there:
        if resource["name"] == app.data_storage and resource not in doomed:
            command = ("role", "assignment", "list", "--scope", str(resource["id"]), "--fill-principal-name", "false")
            ids = [str(role["id"]) for role in az.json(*command) if role["scope"].lower() == resource["id"].lower()]
            if ids:
                az.do("role", "assignment", "delete", "--ids", *ids)


def purge(az: Az, options: argparse.Namespace, steps: Steps) -> None:
    """Remove the deleted vault for good: its secrets go, and its name is free again."""
    for vault in preflight.deleted_vaults(az, options.resource_group, options.name):
        steps.begin("Purge the Key Vault")
        try:
            az.do("keyvault", "purge", "--name", vault)
        except AzFailed as error:
            az.terminal.say(f"  It stays for some days, hidden, and its name is not free until then: {error.text}")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = option_parser("destroy.py", "Removes from Azure what deploy.py made, and disconnects the phone number.")
    add = parser.add_argument
    add("--keep-data", action="store_true", help="keep the storage account with the log of calls and messages")
    add("--leave-number", action="store_true", help="leave the phone number connected to where the app was")
    add(
        "--confirm",
        metavar="GROUP",
        default="",
        help="the resource group's name again, instead of typing it when asked",
    )
    return parser


def main() -> int:
    """Destroy; return the exit code."""
    options = parser().parse_args()
    terminal = Terminal()
    az = Az(terminal, options.subscription)
    return run(terminal, lambda steps: destroy(options, az, steps))


if __name__ == "__main__":
    sys.exit(main())

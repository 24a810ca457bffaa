"""Removes from Azure what deploy.py made: `python3 infra/destroy.py --resource-group ...`.

The number gets back the addresses that it had before. Then the app's resources are deleted, after their list was shown
and the group's name typed. With --keep-data the storage account with the log of calls and messages stays.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from deployment import connection, deployed_app, twilio_settings
from deployment.azure_cli import Az, AzFailed
from deployment.deployed_app import TAG, Deployment
from deployment.options import option_parser
from deployment.steps import Steps, run
from deployment.terminal import Failed, Refused, Terminal

COMPONENT, WORKSPACE = "microsoft.insights/components", "microsoft.operationalinsights/workspaces"
Resources = list[dict[str, Any]]


def destroy(options: argparse.Namespace, az: Az, steps: Steps) -> None:
    """Show what would be removed, ask, and remove it."""
    group, name, say = options.resource_group, options.name, az.terminal.say
    steps.begin("Check the tools, the login, and what exists")
    az.check()
    app = deployed_app.find(az, group, name)
    there, doomed = app.there, parts_and_added(app.there, name)
    if options.keep_data:
        doomed = [resource for resource in doomed if resource["name"] != app.data_storage]
        if doomed and not app.data_storage:
            raise Failed("The storage account with the data was not recognised, so nothing is removed.")
    if doomed:
        made_by_us = (az.json("group", "show", "--name", group)["tags"] or {}).get(TAG) == name
        whole = made_by_us and len(doomed) == len(there)
        for resource in there:
            say(f"{'- ' if resource in doomed else '  stays: '}{resource['type']}  {resource['name']}")
        say(f"{'- ' if whole else '  stays: '}the resource group {group}\nKey Vault and log are purged: no undo.")
        if (options.confirm or az.terminal.ask(f"Type the resource group's name, {group}, to go on")) != group:
            raise Refused("That was not the group's name, so nothing was removed.")
        if not options.leave_number:
            disconnect(az, steps, app)
        steps.begin("Remove the resources")
        steps.leaves("resources that are not deleted yet", "resources")
        remove(az, group, doomed, whole)
    kept = " but the storage account with the data" if options.keep_data else ""
    steps.leaves(f"nothing of the app in {group}{kept}", "resources")
    for vault in deleted_vaults(az, group, name):
        steps.begin("Purge the Key Vault")
        try:
            az.do("keyvault", "purge", "--name", vault)
        except AzFailed as error:
            say(f"  It keeps its name for some days: {error.text}")
    say(f"\nDone: nothing of {name!r} is left in {group}{kept}.")


def parts_and_added(there: Resources, name: str) -> Resources:
    """Return the resources of the app, and those that Application Insights has added without its component's tags.

    https://learn.microsoft.com/azure/azure-monitor/alerts/proactive-failure-diagnostics
    """
    ours = deployed_app.parts(there, name)
    all_components, own = (
        [resource["name"].lower() for resource in some if resource["type"].lower() == COMPONENT]
        for some in (there, ours)
    )
    added = [f"failure anomalies - {component}" for component in own]
    if own == all_components:  # all of the group share it
        added.append("application insights smart detection")
    return [resource for resource in there if resource in ours or resource["name"].lower() in added]


def disconnect(az: Az, steps: Steps, app: Deployment) -> None:
    """Give the number back what it had before it was connected."""
    live, given = deployed_app.settings(az, app), twilio_settings.read_given("", "", az.terminal)
    try:
        connection.restore_app(az, steps, app, live, given)
    except Failed as error:
        raise Failed(str(error), *error.advice, "Or leave the number as it is: --leave-number") from None


def remove(az: Az, group: str, doomed: Resources, whole: bool) -> None:
    """Delete the resources, or the group as a whole.

    A workspace that is deleted without --force keeps its name, and the log, for 14 days.
    """
    command = ("monitor", "log-analytics", "workspace", "delete", "--force", "true", "--yes", "--resource-group", group)
    for resource in doomed:
        if resource["type"].lower() == WORKSPACE:
            az.do(*command, "--workspace-name", resource["name"])
    rest = [str(resource["id"]) for resource in doomed if resource["type"].lower() != WORKSPACE]
    if whole:
        az.do("group", "delete", "--name", group, "--yes")
    elif rest:
        az.do("resource", "delete", "--ids", *rest)


def deleted_vaults(az: Az, group: str, name: str) -> list[str]:
    """Return the deleted vaults of this app that are not purged; none where this login may not look."""
    try:
        deleted = az.json("keyvault", "list-deleted", "--resource-type", "vault") or []
    except AzFailed:
        return []
    found = [(str(vault["name"]), vault["properties"]) for vault in deleted]
    here = f"/resourcegroups/{group}/".lower()
    return [vault for vault, of in found if here in of["vaultId"].lower() and (of["tags"] or {}).get(TAG) == name]


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = option_parser("destroy.py", "Removes from Azure what deploy.py made, and disconnects the phone number.")
    add = parser.add_argument
    add("--keep-data", action="store_true", help="keep the storage account with the log of calls and messages")
    add("--leave-number", action="store_true", help="leave the phone number connected to where the app was")
    add("--confirm", metavar="GROUP", default="", help="the resource group's name again, instead of typing it")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Destroy; return the exit code."""
    options, terminal = parser().parse_args(arguments), Terminal()
    return run(terminal, lambda steps: destroy(options, Az(terminal, options.subscription), steps))


if __name__ == "__main__":
    sys.exit(main())

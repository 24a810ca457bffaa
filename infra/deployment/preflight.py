"""What must be right before anything is changed: the tools, the login, the region, the providers."""

from __future__ import annotations

import re
from typing import Any

from deployment import template
from deployment.azure_cli import OLDEST, Az, AzFailed
from deployment.deployed_app import TAG
from deployment.steps import Failed
from deployment.terminal import Refused

# These two are registered in every subscription.
ALWAYS_THERE = {"Microsoft.Authorization", "Microsoft.Resources"}


def check_tools(az: Az) -> None:
    """Raise Refused when the Azure CLI is older than what is used of it."""
    version = str(az.json("version")["azure-cli"])
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST:
        raise Refused(
            f"The Azure CLI {version} is too old: Flex Consumption needs {OLDEST[0]}.{OLDEST[1]} or newer. "
            "Type `az upgrade`, or see https://learn.microsoft.com/cli/azure/install-azure-cli"
        )


def account(az: Az) -> dict[str, Any]:
    """Return the subscription and the login, and say which they are."""
    found: dict[str, Any] = az.json("account", "show")
    if not az.plan:
        az.terminal.say(f"  {found['name']} ({found['id']}), as {found['user']['name']}")
    return found


def principal(az: Az, login: dict[str, Any], wanted: bool) -> tuple[str, str]:
    """Return the object ID of who runs this, and its type, for a role on the vault; empty where it is not wanted."""
    user = login["user"]
    if user["type"] == "user":
        return az.value("DEPLOYER", "ad", "signed-in-user", "show", query="id"), "User"
    if not wanted:
        return "", ""
    if "assignedIdentityInfo" in user:
        raise Failed(
            "This login is a managed identity: give its object ID with --deployer-principal-id, so that it may put "
            "secrets into the vault."
        )
    return az.value("DEPLOYER", "ad", "sp", "show", "--id", user["name"], query="id"), "ServicePrincipal"


def check_region(az: Az, location: str, python: str) -> None:
    """Raise Failed unless the region offers Flex Consumption with the Python that the template asks for."""
    regions = [str(found["name"]) for found in az.json("functionapp", "list-flexconsumption-locations")]
    if location not in regions:
        raise Failed(
            f"The region {location} does not offer Flex Consumption. These do: {', '.join(sorted(regions))}.",
            "Choose one of them with --location.",
        )
    command = ("functionapp", "list-flexconsumption-runtimes", "--location", location, "--runtime", "python")
    versions = [str(found["version"]) for found in az.json(*command)]
    if versions and python not in versions:
        raise Failed(
            f"The region {location} offers Python {', '.join(sorted(versions))} and not {python}.",
            f"Choose one of them with --set pythonVersion={versions[0]}",
        )


def missing_providers(az: Az) -> list[str]:
    """Return the resource providers that the template uses and the subscription has not registered."""
    query = "[].{namespace: namespace, state: registrationState}"
    states = {found["namespace"].lower(): found["state"] for found in az.json("provider", "list", "--query", query)}
    wanted = [name for name in template.providers() if name not in ALWAYS_THERE]
    return [name for name in wanted if states.get(name.lower()) != "Registered"]


def register(az: Az, provider: str) -> None:
    """Register a resource provider, and wait until it is."""
    az.do("provider", "register", "--namespace", provider, "--wait")


def deleted_vaults(az: Az, group: str, name: str) -> list[str]:
    """Return the vaults of this app that were deleted and are not purged; none where this login may not look."""
    try:
        deleted = az.json("keyvault", "list-deleted", "--resource-type", "vault") or []
    except AzFailed:
        return []
    return [
        str(vault["name"])
        for vault in deleted
        if f"/resourcegroups/{group}/".lower() in vault["properties"]["vaultId"].lower()
        and (vault["properties"]["tags"] or {}).get(TAG) == name
    ]


def check_vault(az: Az, group: str, name: str) -> None:
    """Raise Failed when the vault's name is still taken by the one that was deleted before."""
    for vault in deleted_vaults(az, group, name):
        raise Failed(
            f"An earlier Key Vault of this app, {vault}, was deleted and is kept for some days; its name is taken.",
            f"az keyvault purge --name {vault}    removes it and its secrets for good",
        )

"""What must be right before anything is changed: the tools, the login, the region."""

from __future__ import annotations

import re

from deployment import template
from deployment.azure_cli import Az
from deployment.terminal import Refused

OLDEST = (2, 77)


def check_tools(az: Az) -> None:
    """Print the subscription and the login; raises Refused when the Azure CLI is too old."""
    version = str(az.json("version")["azure-cli"])
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST:
        raise Refused(f"The Azure CLI {version} is too old: {OLDEST[0]}.{OLDEST[1]} or newer is needed.", "az upgrade")
    found = az.json("account", "show")
    az.terminal.say(f"  {found['name']} ({found['id']}), as {found['user']['name']}")


def check_region(az: Az, location: str, python: str) -> None:
    """Raise Refused unless the region offers Flex Consumption, and both region and template this Python."""
    regions = sorted(str(found["name"]) for found in az.json("functionapp", "list-flexconsumption-locations"))
    if location not in regions:
        raise Refused(f"{location} does not offer Flex Consumption. Regions that do: {', '.join(regions)}")
    command = ("functionapp", "list-flexconsumption-runtimes", "--location", location, "--runtime", "python")
    offered = {str(found["version"]) for found in az.json(*command)}
    usable = [version for version in template.allowed("pythonVersion") if version in offered]
    if python not in usable:
        choice = " or ".join(f"--set pythonVersion={version}" for version in usable) or "another --location"
        raise Refused(f"Python {python} cannot be used in {location}.", f"Choose {choice}")

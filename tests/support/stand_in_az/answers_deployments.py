"""What the CLI answers about deployments of the template."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.support.stand_in_az.answers_groups import SUBSCRIPTION, group_show
from tests.support.stand_in_az.cli import Call, Refusal

if TYPE_CHECKING:
    from tests.support.stand_in_az.cloud import Azure

TYPES = {
    "func": "Microsoft.Web/sites",
    "plan": "Microsoft.Web/serverfarms",
    "kv": "Microsoft.KeyVault/vaults",
    "id": "Microsoft.ManagedIdentity/userAssignedIdentities",
    "appi": "Microsoft.Insights/components",
    "log": "Microsoft.OperationalInsights/workspaces",
}


def deployment_group_what_if(azure: Azure, call: Call) -> Any:
    """Answer `az deployment group what-if`."""
    parameters = read_parameters(azure, call)
    if not call["no-pretty-print"]:
        return None  # it prints its words, past --output
    deployed = azure.deployments.get(key_of(call), {})
    changes = []
    for found in made_by_template(call["resource-group"], parameters):
        there = any(found["id"] == other["id"] for other in azure.resources)
        changed = there and "sites" in found["type"] and deployed.get("parameters") != parameters
        kind = "Modify" if changed else "NoChange" if there else "Create"
        delta = [{"path": "properties.x", "propertyChangeType": "Modify", "before": 1, "after": 2, "children": []}]
        changes.append({"resourceId": found["id"], "changeType": kind, "delta": delta if changed else None})
    return {"status": "Succeeded", "error": None, "changes": changes, "potentialChanges": None, "diagnostics": None}


def deployment_group_create(azure: Azure, call: Call) -> Any:
    """Answer `az deployment group create`."""
    group, parameters = call["resource-group"], read_parameters(azure, call)
    if azure.deployments.get(key_of(call), {}).get("state") == "Running":
        raise Refusal(f"(DeploymentActive) The deployment with resource id '{call['name']}' cannot be saved.")
    made = made_by_template(group, parameters)
    names = {found["name"].split("-")[0]: found["name"] for found in made}
    if any(vault["name"] == names["kv"] for vault in azure.deleted_vaults):
        raise Refusal(
            "(ConflictError) A vault with the same name already exists in deleted state. You need to either recover or "
            "purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more "
            "information on soft delete.\nCode: ConflictError"
        )
    there = [other["id"] for other in azure.resources]
    azure.resources += [found for found in made if found["id"] not in there]
    azure.vaults.setdefault(names["kv"], {})
    data = made[-1]
    azure.roles = [{"id": f"{data['id']}/providers/Microsoft.Authorization/roleAssignments/1", "scope": data["id"]}]
    azure.app.deploy(azure, parameters, names["kv"])
    outputs = {
        "functionAppName": names["func"],
        "functionAppHostName": azure.app.host,
        "publicBaseUrl": azure.app.settings["PUBLIC_BASE_URL"],
        "keyVaultName": names["kv"],
        "dataStorageName": data["name"],
    }
    typed = {name: {"type": "String", "value": value} for name, value in outputs.items()}
    azure.deployments[key_of(call)] = {"state": "Succeeded", "parameters": parameters, "outputs": typed}


def deployment_group_show(azure: Azure, call: Call) -> Any:
    """Answer `az deployment group show`: no outputs before the end, nor after a failure."""
    group_show(azure, call)
    found = azure.deployments.get(key_of(call))
    if found is None:
        raise Refusal(f"(DeploymentNotFound) Deployment '{call['name']}' could not be found.", 3)
    if found.get("polls"):
        found["polls"] -= 1
        found["state"] = found["state"] if found["polls"] else found["then"]
    outputs = found["outputs"] if found["state"] == "Succeeded" else None
    return {"name": call["name"], "properties": {"provisioningState": found["state"], "outputs": outputs}}


def deployment_group_delete(azure: Azure, call: Call) -> Any:
    """Answer `az deployment group delete`."""
    azure.deployments.pop(key_of(call), None)


def key_of(call: Call) -> tuple[str, str]:
    """Return what names a deployment."""
    return call["resource-group"], call["name"]


def read_parameters(azure: Azure, call: Call) -> dict[str, str]:
    """Return the parameters of a deployment, which the template has to have; read as the CLI reads them."""
    group_show(azure, call)
    text = (call.folder / call["template-file"]).read_text("utf-8")
    types = dict(re.findall(r"(?m)^param (\w+) (\w+)", text))
    found = dict(pair.split("=", 1) for pair in call["parameters"] if "=" in pair)
    for name in found:
        if name not in types:
            raise Refusal(f"unrecognized template parameter '{name}'. Allowed parameters: {', '.join(sorted(types))}")
    missing = set(re.findall(r"(?m)^param (\w+) \w+$", text)) - set(found)
    if missing:
        raise Refusal(f"Missing input parameters: {', '.join(sorted(missing))}")
    found = dict(re.findall(r"(?m)^param (\w+) string = '(.*)'$", text)) | found
    found.setdefault("location", azure.groups[call["resource-group"]]["location"])
    assert isinstance(json.loads(found["tags"]), dict)
    assert all(found[name] in ("true", "false") for name, kind in types.items() if kind == "bool" and name in found)
    return found


def made_by_template(group: str, parameters: dict[str, str]) -> list[dict[str, Any]]:
    """Return the resources that the template makes, the account with the data last."""
    unique = "abc123" + "".join(letter for letter in group + parameters["name"] if letter.isalnum())[:8]
    named = [(kind, f"{short}-{parameters['name']}-{unique}") for short, kind in TYPES.items()]
    named = [(kind, f"kv-{unique}" if "vaults" in kind else name) for kind, name in named]
    named += [("Microsoft.Storage/storageAccounts", f"st{unique}{end}") for end in ("host", "data")]
    return [
        {
            "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{kind}/{name}",
            "name": name,
            "type": kind,
            "location": parameters["location"],
            "tags": json.loads(parameters["tags"]),
            "resourceGroup": group,
        }
        for kind, name in named
    ]

"""What stands in Azure: the group, the last deployment of infra/main.bicep into it, and the app that it made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployment.azure_cli import Az
from deployment.patience import Patience
from deployment.steps import Failed

TAG = "phone-deployment"  # on every resource that a deployment makes: its value is the deployment's name
FINISHED = ("Succeeded", "Failed", "Canceled")


@dataclass
class Deployment:
    """An app in Azure. What has not been made yet is empty."""

    group: str
    name: str
    app: str = ""
    host: str = ""
    vault: str = ""
    base_url: str = ""
    data_storage: str = ""

    @property
    def address(self) -> str:
        """Where the app answers, whatever it is that Twilio calls."""
        return f"https://{self.host}"

    @property
    def in_azure(self) -> tuple[str, ...]:
        """The options that name the app in a command of `az functionapp`."""
        return ("--resource-group", self.group, "--name", self.app)

    def resource(self, path: str) -> str:
        """Return the path of something under the app in the Resource Manager's API, for `az rest`."""
        group = f"/subscriptions/{{subscriptionId}}/resourceGroups/{self.group}"
        return f"{group}/providers/Microsoft.Web/sites/{self.app}/{path}"


def find(az: Az, group: str, name: str, patience: Patience) -> Deployment | None:
    """Return the last deployment of this name, once it is not going on any more; None when there was none.

    Where somebody else has deployed, like azd, it has another name: the tags on the resources are the same.
    """
    for count in patience.tries(every=15, minutes=60):
        answer = az.find("deployment", "group", "show", "--resource-group", group, "--name", name)
        if answer is None:
            found = from_resources(az, group, name)
            return found if found.app else None
        state = str(answer["properties"]["provisioningState"])
        if state == "Succeeded":
            return from_outputs(group, name, answer["properties"]["outputs"])
        if state in FINISHED:
            return from_resources(az, group, name)
        if count == 0:
            az.terminal.say(f"  The deployment {name!r} is still going on ({state}); waiting for it ...")
    raise Failed(
        f"The deployment {name!r} has been going on for an hour.",
        f"az deployment group cancel --resource-group {group} --name {name}",
    )


def from_outputs(group: str, name: str, outputs: Mapping[str, Any]) -> Deployment:
    """Return the app that a deployment made, by the outputs of infra/main.bicep."""
    made = {
        field: str(outputs[output]["value"])
        for field, output in (
            ("app", "functionAppName"),
            ("host", "functionAppHostName"),
            ("vault", "keyVaultName"),
            ("base_url", "publicBaseUrl"),
            ("data_storage", "dataStorageName"),
        )
    }
    return Deployment(group, name, **made)


def from_resources(az: Az, group: str, name: str) -> Deployment:
    """Return what is there of the app: a deployment that failed has no outputs."""
    found = Deployment(group, name)
    for resource in resources(az, group):
        if is_part(resource, name):
            kind = resource["type"].lower()
            if kind == "microsoft.web/sites":
                found.app = resource["name"]
                found.host = az.value(
                    "HOST", "functionapp", "show", *found.in_azure, query="properties.defaultHostName"
                )
                found.base_url = settings(az, found).get("PUBLIC_BASE_URL") or found.address
            elif kind == "microsoft.keyvault/vaults":
                found.vault = resource["name"]
            elif kind == "microsoft.storage/storageaccounts" and resource["name"].endswith("data"):
                found.data_storage = resource["name"]
    return found


def resources(az: Az, group: str) -> list[dict[str, Any]]:
    """Return all resources of a group."""
    return list(az.json("resource", "list", "--resource-group", group) or [])


def is_part(resource: Mapping[str, Any], name: str) -> bool:
    """Whether a deployment of this name made the resource."""
    return (resource["tags"] or {}).get(TAG) == name


def find_live(az: Az, group: str, name: str, patience: Patience) -> Deployment:
    """Return the deployment of an app that runs; raises Failed where there is none."""
    if not az.json("group", "exists", "--name", group):
        raise Failed(
            f"There is no resource group {group} in this subscription.",
            "az group list --output table    shows those that there are",
        )
    deployment = find(az, group, name, patience)
    if deployment is None or not (deployment.app and deployment.vault):
        raise Failed(
            f"No app named {name!r} has been deployed into {group}.",
            f"az deployment group list --resource-group {group} --output table    shows what was",
        )
    return deployment


def settings(az: Az, deployment: Deployment) -> dict[str, str]:
    """Return the app's settings as they are now; secrets are in Key Vault and only referred to."""
    if not deployment.app:
        return {}
    found = az.find("functionapp", "config", "appsettings", "list", *deployment.in_azure)
    return {setting["name"]: setting["value"] or "" for setting in found or []}

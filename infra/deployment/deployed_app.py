"""The app in Azure: what exists of it, and what it answers over HTTPS."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deployment.azure_cli import Az, tries
from deployment.terminal import Failed, Terminal
from deployment.twilio_api import NO_ANSWER, as_object, in_words, send

TAG = "phone-deployment"  # the template puts it on every resource; its value is the app's name
SIGNED_ROUTE = "twiml_hello"  # answers only signed requests, and changes nothing
# Attributes of Deployment, and outputs of infra/main.bicep.
OUTPUTS = {"app": "functionAppName", "host": "functionAppHostName", "vault": "keyVaultName"}
OUTPUTS |= {"base_url": "publicBaseUrl", "data_storage": "dataStorageName"}


@dataclass
class Deployment:
    """An app in Azure. What does not exist is empty."""

    group: str
    name: str
    app: str = ""
    host: str = ""
    vault: str = ""
    base_url: str = ""
    data_storage: str = ""
    location: str = ""
    there: list[dict[str, Any]] = field(default_factory=list)
    """All resources of the group."""

    @property
    def address(self) -> str:
        """The app's own address, also where Twilio calls another one."""
        return f"https://{self.host}"

    @property
    def in_azure(self) -> tuple[str, ...]:
        """The options that name the app in commands of the Azure CLI."""
        return ("--resource-group", self.group, "--name", self.app)

    def path(self, path: str) -> str:
        """Return the path of something of the app in the Resource Manager's API, for `az rest`."""
        group = f"/subscriptions/{{subscriptionId}}/resourceGroups/{self.group}"
        return f"{group}/providers/Microsoft.Web/sites/{self.app}/{path}"


def from_outputs(group: str, name: str, outputs: Mapping[str, str]) -> Deployment:
    """Return the app by the outputs of infra/main.bicep."""
    values: dict[str, Any] = {attribute: outputs[output] for attribute, output in OUTPUTS.items()}
    return Deployment(group, name, **values)


def parts(there: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Return those of a group's resources that belong to the app of this name."""
    return [resource for resource in there if (resource["tags"] or {}).get(TAG) == name]


def find(az: Az, group: str, name: str) -> Deployment:
    """Return what exists of an app, by the tag on its resources: also after a failure, and after `azd provision`."""
    found = Deployment(group, name)
    if az.json("group", "exists", "--name", group):
        found.there = az.json("resource", "list", "--resource-group", group) or []
    for resource in parts(found.there, name):
        kind, called = resource["type"].lower(), resource["name"]
        if resource["location"] != "global":
            found.location = resource["location"].replace(" ", "").lower()
        if kind == "microsoft.web/sites":
            found.app = called
            found.host = az.json("functionapp", "show", *found.in_azure)["properties"]["defaultHostName"]
            found.base_url = settings(az, found).get("PUBLIC_BASE_URL") or found.address
        elif kind == "microsoft.keyvault/vaults":
            found.vault = called
        elif kind == "microsoft.storage/storageaccounts" and called.endswith("data"):
            found.data_storage = called
    return found


def find_live(az: Az, group: str, name: str) -> Deployment:
    """Return an app that was deployed; raises Failed where there is none."""
    found = find(az, group, name)
    if not (found.app and found.vault):
        raise Failed(f"There is no app named {name!r} in the resource group {group} of this subscription.")
    return found


def settings(az: Az, deployment: Deployment) -> dict[str, str]:
    """Return the app's settings as they are now; secrets are references into Key Vault."""
    found = deployment.app and az.find("functionapp", "config", "appsettings", "list", *deployment.in_azure)
    return {setting["name"]: setting["value"] or "" for setting in found or []}


def ask(url: str, headers: dict[str, str], body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any], str]:
    """Return the status of one request, its JSON object, and why there was no answer (then the status is 0)."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {**headers, "Content-Type": "application/json"})
    try:
        status, _, text = send(request, seconds=60)
    except NO_ANSWER as error:
        return 0, {}, in_words(error)
    return status, as_object(text), ""


def wait_until_healthy(app: Deployment, build: str, terminal: Terminal, refresh: Callable[[], None]) -> None:
    """Return once /api/health answers 200 and names this build, if one is given.

    Calls `refresh` now and then while the app's settings are wrong.
    """
    said, url = "", f"{app.address}/api/health"
    for count in tries(every=10, minutes=15):
        status, health, problem = ask(url, {})
        if status == 200 and (not build or health.get("build") == build):
            return
        words = problem or ", ".join([str(status), *(f"{part}: {word}" for part, word in health.items())])
        if words != said:
            terminal.say(f"  Not yet: {words}")
            said = words
        if "certificate" in problem:
            break
        if health.get("settings") == "wrong" and count % 6 == 1:
            refresh()
    raise Failed(
        f"{url} does not report that build {build or 'any'} is ready: {said}",
        "`settings: wrong`: one is missing, or a Key Vault reference does not resolve; the app's log names it.",
        f"az functionapp config appsettings list {' '.join(app.in_azure)} --output table",
    )


def takes_signature(base_url: str, token: str) -> bool | None:
    """Whether the app accepts a request signed with this auth token; None when it does not answer.

    https://www.twilio.com/docs/usage/security#validating-requests
    """
    url = f"{base_url}/api/{SIGNED_ROUTE}"
    signature = base64.b64encode(hmac.new(token.encode(), url.encode(), hashlib.sha1).digest()).decode()
    status, _, _ = ask(url, {"X-Twilio-Signature": signature})
    return {200: True, 403: False}.get(status)

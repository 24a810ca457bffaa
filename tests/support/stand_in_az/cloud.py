"""A stand-in for the Azure behind the CLI: one subscription. Each command has a method of its name."""

from __future__ import annotations

import json
import re
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.bicep_template import Template, deploy, parameters_in, read
from tests.support.stand_in_az.app import App
from tests.support.stand_in_az.cli import Call, Refusal

SUBSCRIPTION = "00000000-0000-0000-0000-00000000beef"
TOO_EARLY = (
    "(Forbidden) Caller is not authorized to perform action on resource.\nCode: Forbidden\nInner error: {\n"
    '    "code": "ForbiddenByRbac"\n}'
)
NO_PACKAGE_YET = "Status Code: 400, Details: {'error': {'code': 'InaccessibleStorageException', 'message': '403'}}"


@dataclass
class Fault:
    """One command fails so many times: instead of being carried out, or `after` it was."""

    command: str
    text: str = "(InternalServerError) Try later."
    code: int = 1
    times: int = 1
    after: bool = False
    containing: str = ""

    def meets(self, call: Call) -> bool:
        """Whether this command is one that fails."""
        return self.times > 0 and call.command == self.command and self.containing in " ".join(call.words)


@dataclass
class Azure:
    """What exists in the subscription, and what was asked of it."""

    app: App
    version_number: str = "2.91.0"
    regions: list[str] = field(default_factory=lambda: ["westeurope", "eastus2"])
    pythons: list[str] = field(default_factory=lambda: ["3.14", "3.13", "3.12", "3.11", "3.10"])
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: list[dict[str, Any]] = field(default_factory=list)
    deployments: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    vaults: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    deleted_vaults: list[dict[str, Any]] = field(default_factory=list)
    deleted_workspaces: list[str] = field(default_factory=list)
    role_lag: int = 0
    faults: list[Fault] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    before: Callable[[Call], None] = lambda call: None

    def __call__(self, call: Call) -> Any:
        """Answer one command, in the shape that azure-cli 2.91.0 prints."""
        self.calls.append(call)
        self.before(call)
        act = getattr(self, re.sub(r"\W", "_", call.command))
        fault = next((fault for fault in self.faults if fault.meets(call)), None)
        if fault:
            fault.times -= 1
            if fault.after:
                act(call)
            raise Refusal(fault.text, fault.code)
        return act(call)

    def ran(self, command: str) -> list[Call]:
        """Return the calls of one command."""
        return [call for call in self.calls if call.command == command]

    def commands(self) -> list[str]:
        """Return the commands so far."""
        return [call.command for call in self.calls]

    def secret(self, name: str) -> str:
        """Return the value of a secret, empty when there is none."""
        versions = [vault[name][-1] for vault in self.vaults.values() if name in vault]
        return str(versions[0]["value"]) if versions else ""

    def wait_for_role(self, text: str) -> None:
        """Refuse as long as the role that it needs is new."""
        if self.role_lag:
            self.role_lag -= 1
            raise Refusal(text)

    def version(self, call: Call) -> Any:
        return {"azure-cli": self.version_number}

    def account_show(self, call: Call) -> Any:
        return {"id": SUBSCRIPTION, "name": "Somebody's subscription", "user": {"name": "ann@example.com"}}

    def group_exists(self, call: Call) -> Any:
        return call["resource-group"] in self.groups

    def group_show(self, call: Call) -> Any:
        if call["resource-group"] not in self.groups:
            raise Refusal(f"(ResourceGroupNotFound) Resource group '{call['resource-group']}' could not be found.", 3)
        return self.groups[call["resource-group"]]

    def group_create(self, call: Call) -> Any:
        tags = dict(tag.split("=", 1) for tag in call["tags"] or [])
        self.groups[call["resource-group"]] = {"location": call["location"], "tags": tags}

    def group_delete(self, call: Call) -> Any:
        assert call["yes"], "the CLI would ask"
        self.remove(self.resource_list(call))
        del self.groups[call["resource-group"]]

    def functionapp_list_flexconsumption_locations(self, call: Call) -> Any:
        return [{"name": name} for name in self.regions]

    def functionapp_list_flexconsumption_runtimes(self, call: Call) -> Any:
        return [{"name": call["runtime"], "version": version} for version in self.pythons]

    def resource_list(self, call: Call) -> Any:
        self.group_show(call)
        return [found for found in self.resources if found["resourceGroup"] == call["resource-group"]]

    def resource_delete(self, call: Call) -> Any:
        self.remove([found for found in self.resources if found["id"] in call["ids"]])

    def remove(self, resources: list[dict[str, Any]]) -> None:
        """Delete resources; a vault and a workspace keep their names for some days."""
        for found in resources:
            self.resources.remove(found)
            if self.vaults.pop(found["name"], None) is not None:
                self.deleted_vaults.append(
                    {"name": found["name"], "properties": {"vaultId": found["id"], "tags": found["tags"]}}
                )
            if found["type"] == "Microsoft.OperationalInsights/workspaces":
                self.deleted_workspaces.append(found["name"])
            if found["type"] == "Microsoft.Web/sites":
                self.app.settings, self.app.functions = {}, []

    def monitor_log_analytics_workspace_delete(self, call: Call) -> Any:
        assert call["yes"], "the CLI would ask"
        self.remove([found for found in self.resources if found["name"] == call["workspace-name"]])
        if call["force"] == "true":
            self.deleted_workspaces.remove(call["workspace-name"])

    def template(self, call: Call) -> tuple[dict[str, Any], Template]:
        """Return the parameters of a deployment, read as the CLI reads them, and what the template makes of them."""
        file, *inline = call["parameters"]
        path = call.folder / file
        assert path.suffix == ".bicepparam"
        found = parameters_in(path.read_text("utf-8"), call.environ)
        types = {name: one.type for name, one in read(path.with_name("main.bicep")).items() if one.kind == "parameter"}
        for name, value in (pair.split("=", 1) for pair in inline):
            if name not in types:
                raise Refusal(f"unrecognized template parameter '{name}'. Allowed parameters: {', '.join(types)}")
            found[name] = value if types[name] == "string" else json.loads(value)
        found.setdefault("location", self.groups[call["resource-group"]]["location"])
        try:
            return found, deploy(**found)
        except ValueError as error:
            raise Refusal(f"(InvalidTemplate) Deployment template validation failed: {error}") from None

    def deployment_group_what_if(self, call: Call) -> Any:
        self.group_show(call)
        parameters, made = self.template(call)
        before = self.deployments.get((call["resource-group"], parameters["name"]), {"parameters": {}})["parameters"]
        changed = {name: value for name, value in parameters.items() if before.get(name) != value}
        print_it = [f"  + {resource.kind} {resource.name}" for resource in made.resources if not before]
        return "\n".join(
            ["Resource and property changes are indicated with these symbols:", *print_it, f"  ~ {changed}"]
        )

    def deployment_group_create(self, call: Call) -> Any:
        parameters, made = self.template(call)
        group = call["resource-group"]
        [vault] = made.of("Microsoft.KeyVault/vaults")
        [workspace] = made.of("Microsoft.OperationalInsights/workspaces")
        if vault.name in [deleted["name"] for deleted in self.deleted_vaults]:
            raise Refusal("(ConflictError) A vault with the same name already exists in deleted state.")
        if workspace.name in self.deleted_workspaces:
            raise Refusal("(Conflict) The workspace was deleted and its name is reserved in another region.")
        there = {found["name"] for found in self.resources if found["resourceGroup"] == group}
        self.resources += [
            {
                "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{found.kind}/{found.name}",
                "name": found.name,
                "type": found.kind,
                "location": found.body["location"],
                "tags": found.body["tags"],
                "resourceGroup": group,
            }
            for found in made.resources
            if "tags" in found.body and found.name not in there
        ]
        self.vaults.setdefault(vault.name, {})
        self.deployments[group, call["name"]] = {"parameters": parameters}
        [site], [settings] = made.of("Microsoft.Web/sites"), made.of("Microsoft.Web/sites/config")
        python = site.body["properties"]["functionAppConfig"]["runtime"]["version"]
        self.app.deploy(self.vaults, python, settings.body["properties"])
        outputs = {name: {"type": "String", "value": self.app.real(value)} for name, value in made.outputs.items()}
        return {"name": call["name"], "properties": {"provisioningState": "Succeeded", "outputs": outputs}}

    def secrets_of(self, call: Call) -> dict[str, list[dict[str, Any]]]:
        """Return the secrets of a vault, as soon as the role works."""
        if call["vault-name"] not in self.vaults:
            raise Refusal(f"Failed to resolve '{call['vault-name']}.vault.azure.net' (Name or service not known)")
        self.wait_for_role(TOO_EARLY)
        return self.vaults[call["vault-name"]]

    def keyvault_secret_show(self, call: Call) -> Any:
        versions = self.secrets_of(call).get(call["name"])
        if not versions:
            raise Refusal(f"(SecretNotFound) A secret with (name/id) {call['name']} was not found.", 3)
        if not versions[-1]["enabled"]:
            raise Refusal("(Forbidden) Operation get is not allowed on a disabled secret.\nCode: Forbidden")
        return versions[-1]

    def keyvault_secret_set(self, call: Call) -> Any:
        path = call.folder / Path(call["file"])
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700), "others may read it"
        assert call["query"] == "id", "the secret would be printed"
        versions = self.secrets_of(call).setdefault(call["name"], [])
        address = f"https://{call['vault-name']}.vault.azure.net/secrets/{call['name']}/{uuid.uuid4().hex}"
        tags = dict(tag.split("=", 1) for tag in call["tags"] or [])
        versions.append({"id": address, "value": path.read_text("ascii"), "tags": tags, "enabled": True})
        return versions[-1]

    def keyvault_secret_set_attributes(self, call: Call) -> Any:
        self.secrets_of(call)[call["name"]][-1]["enabled"] = call["enabled"] == "true"

    def keyvault_list_deleted(self, call: Call) -> Any:
        return self.deleted_vaults

    def keyvault_purge(self, call: Call) -> Any:
        self.deleted_vaults = [vault for vault in self.deleted_vaults if vault["name"] != call["name"]]

    def site(self, call: Call) -> App:
        """Return the function app; raises Refusal when there is none of this name in this group."""
        if call["name"] not in [found["name"] for found in self.resource_list(call)]:
            raise Refusal(f"(ResourceNotFound) The Resource 'Microsoft.Web/sites/{call['name']}' was not found.", 3)
        return self.app

    def functionapp_show(self, call: Call) -> Any:
        return {"name": call["name"], "properties": {"defaultHostName": self.site(call).host}}

    def functionapp_config_appsettings_list(self, call: Call) -> Any:
        return [{"name": name, "value": value} for name, value in self.site(call).settings.items()]

    def functionapp_config_appsettings_set(self, call: Call) -> Any:
        self.site(call).change(dict(pair.split("=", 1) for pair in call["settings"]))

    def functionapp_keys_list(self, call: Call) -> Any:
        return {"masterKey": "marked-master-key", "functionKeys": {"default": self.site(call).key}}

    def functionapp_function_list(self, call: Call) -> Any:
        app = self.site(call)
        return [{"name": f"{call['name']}/{name}"} for name in (["WarmUp"] if app.unlisted else app.functions)]

    def functionapp_deployment_source_config_zip(self, call: Call) -> Any:
        assert call["build-remote"] == "true"
        self.wait_for_role(NO_PACKAGE_YET)
        with zipfile.ZipFile(call.folder / call["src"]) as package:
            self.site(call).publish(package)

    def rest(self, call: Call) -> Any:
        path, _, parameters = call["url"].partition("?")
        assert re.fullmatch(r"api-version=20\d\d-\d\d-\d\d", parameters)
        group, _, _, _, name, *what = path.removeprefix("/subscriptions/{subscriptionId}/resourceGroups/").split("/")
        app = self.site(Call(call.command, {"resource-group": group, "name": name}))
        action = (call["method"], "/".join(what))
        if action == ("post", "config/configreferences/appsettings/refresh"):
            return app.fetch()
        if action == ("post", "host/default/sync"):
            app.unlisted = max(0, app.unlisted - 1)
            return None
        assert action == ("get", "config/configreferences/appsettings/TWILIO_API_SECRET"), action
        return {"properties": app.reference("TWILIO_API_SECRET")}

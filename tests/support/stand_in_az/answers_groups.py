"""What the CLI answers about the login, groups, regions, providers, resources and roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.stand_in_az.cli import Call, Refusal

if TYPE_CHECKING:
    from tests.support.stand_in_az.cloud import Azure

SUBSCRIPTION = "00000000-0000-0000-0000-00000000beef"


def version(azure: Azure, call: Call) -> Any:
    """Answer `az version`."""
    return {"azure-cli": azure.version, "azure-cli-core": azure.version, "extensions": {}}


def account_show(azure: Azure, call: Call) -> Any:
    """Answer `az account show`."""
    return {"id": SUBSCRIPTION, "name": "Somebody's subscription", "state": "Enabled", "user": azure.login}


def ad_signed_in_user_show(azure: Azure, call: Call) -> Any:
    """Answer `az ad signed-in-user show`."""
    return {"id": "11111111-1111-1111-1111-111111111111", "displayName": "Ann", "mail": None}


def ad_sp_show(azure: Azure, call: Call) -> Any:
    """Answer `az ad sp show`."""
    return {"id": "22222222-2222-2222-2222-222222222222", "appId": call["id"]}


def group_exists(azure: Azure, call: Call) -> Any:
    """Answer `az group exists`."""
    return call["resource-group"] in azure.groups


def group_show(azure: Azure, call: Call) -> Any:
    """Answer `az group show`; exit code 3 when there is none."""
    name = call["resource-group"]
    if name not in azure.groups:
        raise Refusal(f"(ResourceGroupNotFound) Resource group '{name}' could not be found.", 3)
    state = {"provisioningState": "Succeeded"}
    return {"id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}", "properties": state} | azure.groups[name]


def group_create(azure: Azure, call: Call) -> Any:
    """Answer `az group create`."""
    found = azure.groups.setdefault(call["resource-group"], {"location": call["location"], "tags": None})
    if found["location"] != call["location"]:
        raise Refusal(
            f"(InvalidResourceGroupLocation) Invalid resource group location '{call['location']}'. The Resource group "
            f"already exists in location '{found['location']}'.\nCode: InvalidResourceGroupLocation"
        )
    found["tags"] = dict(tag.split("=", 1) for tag in call["tags"] or [])
    return group_show(azure, call)


def group_delete(azure: Azure, call: Call) -> Any:
    """Answer `az group delete`."""
    assert call["yes"], "the CLI would ask, and nobody is there"
    group_show(azure, call)
    remove(azure, resource_list(azure, call))
    del azure.groups[call["resource-group"]]
    azure.deployments = {key: made for key, made in azure.deployments.items() if key[0] != call["resource-group"]}


def functionapp_list_flexconsumption_locations(azure: Azure, call: Call) -> Any:
    """Answer `az functionapp list-flexconsumption-locations`."""
    return [{"name": name} for name in azure.regions]


def functionapp_list_flexconsumption_runtimes(azure: Azure, call: Call) -> Any:
    """Answer `az functionapp list-flexconsumption-runtimes`."""
    assert call["runtime"] == "python"
    return [{"name": "python", "version": version, "default": False} for version in azure.pythons]


def provider_list(azure: Azure, call: Call) -> Any:
    """Answer `az provider list`."""
    names = {"Microsoft.Compute", "Microsoft.KeyVault", "Microsoft.Insights", *azure.registered}
    state = {True: "Registered", False: "NotRegistered"}
    return [{"namespace": name, "registrationState": state[name in azure.registered]} for name in sorted(names)]


def provider_register(azure: Azure, call: Call) -> Any:
    """Answer `az provider register`."""
    assert call["wait"]
    azure.registered.add(call["namespace"])


def tag_update(azure: Azure, call: Call) -> Any:
    """Answer `az tag update` for a group."""
    assert call["operation"] == "Merge"
    group = azure.groups[call["resource-id"].rpartition("/")[2]]
    group["tags"] = {**(group["tags"] or {}), **dict(tag.split("=", 1) for tag in call["tags"])}
    return {"properties": {"tags": group["tags"]}}


def resource_list(azure: Azure, call: Call) -> Any:
    """Answer `az resource list` for a group."""
    group_show(azure, call)
    return [found for found in azure.resources if found["resourceGroup"] == call["resource-group"]]


def resource_delete(azure: Azure, call: Call) -> Any:
    """Answer `az resource delete`."""
    wanted = [found for found in azure.resources if found["id"] in call["ids"]]
    assert len(wanted) == len(call["ids"]), "a resource that is not there"
    remove(azure, wanted)


def role_assignment_list(azure: Azure, call: Call) -> Any:
    """Answer `az role assignment list`."""
    return [role for role in azure.roles if role["scope"].startswith(call["scope"])]


def role_assignment_delete(azure: Azure, call: Call) -> Any:
    """Answer `az role assignment delete`."""
    azure.roles = [role for role in azure.roles if role["id"] not in call["ids"]]


def remove(azure: Azure, resources: list[dict[str, Any]]) -> None:
    """Delete resources; a vault stays for some days, where nobody looks."""
    for found in resources:
        azure.resources.remove(found)
        if azure.vaults.pop(found["name"], None) is not None:
            properties = {"vaultId": found["id"], "tags": found["tags"], "location": found["location"]}
            azure.deleted_vaults.append({"name": found["name"], "properties": properties})
        if found["type"] == "Microsoft.Web/sites":
            azure.app.remove()

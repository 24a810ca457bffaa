"""What the CLI answers about the function app."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Any

from tests.support.stand_in_az.app import App
from tests.support.stand_in_az.cli import Call, Refusal

if TYPE_CHECKING:
    from tests.support.stand_in_az.cloud import Azure


def site(azure: Azure, call: Call) -> App:
    """Return the function app; raises Refusal when there is none of this name in this group."""
    there = [found["name"] for found in azure.resources if found["resourceGroup"] == call["resource-group"]]
    if call["name"] not in there:
        raise Refusal(f"(ResourceNotFound) The Resource 'Microsoft.Web/sites/{call['name']}' was not found.", 3)
    return azure.app


def functionapp_show(azure: Azure, call: Call) -> Any:
    """Answer `az functionapp show`, which on Flex Consumption is the Resource Manager's own object."""
    return {"name": call["name"], "properties": {"defaultHostName": site(azure, call).host}}


def functionapp_config_appsettings_list(azure: Azure, call: Call) -> Any:
    """Answer `az functionapp config appsettings list`."""
    settings = site(azure, call).settings
    return [{"name": name, "slotSetting": False, "value": value} for name, value in settings.items()]


def functionapp_config_appsettings_set(azure: Azure, call: Call) -> Any:
    """Answer `az functionapp config appsettings set`, which blanks the values."""
    app = site(azure, call)
    app.settings.update(pair.split("=", 1) for pair in call["settings"])
    app.fetch()
    return [{"name": name, "slotSetting": False, "value": None} for name in app.settings]


def functionapp_keys_list(azure: Azure, call: Call) -> Any:
    """Answer `az functionapp keys list`."""
    return {"masterKey": "marked-master-key", "functionKeys": {"default": site(azure, call).key}, "systemKeys": {}}


def functionapp_function_list(azure: Azure, call: Call) -> Any:
    """Answer `az functionapp function list`."""
    return [{"name": f"{call['name']}/{name}", "isDisabled": False} for name in site(azure, call).listed()]


def functionapp_deployment_source_config_zip(azure: Azure, call: Call) -> Any:
    """Answer `az functionapp deployment source config-zip`."""
    assert call["build-remote"] == "true"
    app = site(azure, call)
    azure.wait_for_role(
        "An error occured during deployment. Status Code: 400, Details: {'error': {'code': "
        "'InaccessibleStorageException', 'message': 'BlobUploadFailedException: Failed to upload blob: 403'}}"
    )
    with zipfile.ZipFile(call.folder / call["src"]) as package:
        app.publish(package)
    return "Deployment was successful."


def rest(azure: Azure, call: Call) -> Any:
    """Answer `az rest` for the app's Key Vault references and its triggers."""
    path, _, parameters = call["url"].partition("?")
    assert path.startswith("/subscriptions/{subscriptionId}/resourceGroups/"), path
    assert re.fullmatch(r"api-version=20\d\d-\d\d-\d\d", parameters)
    group, _, _, _, name, *what = path.split("/")[4:]
    app = site(azure, Call(call.command, {"resource-group": group, "name": name}, [], call.folder))
    action = (call["method"], "/".join(what))
    if action == ("post", "config/configreferences/appsettings/refresh"):
        return app.fetch()
    if action == ("post", "host/default/sync"):
        return app.synchronise()
    assert action == ("get", "config/configreferences/appsettings/TWILIO_API_SECRET"), action
    return {"properties": app.reference("TWILIO_API_SECRET")}

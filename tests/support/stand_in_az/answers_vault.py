"""What the CLI answers about Key Vault and its secrets."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.stand_in_az.cli import Call, Refusal

if TYPE_CHECKING:
    from tests.support.stand_in_az.cloud import Azure

TOO_EARLY = (
    "(Forbidden) Caller is not authorized to perform action on resource.\n"
    "If role assignments, deny assignments or role definitions were changed recently, please observe propagation "
    "time.\n"
    'Code: Forbidden\nInner error: {\n    "code": "ForbiddenByRbac"\n}'
)


def secrets_of(azure: Azure, call: Call) -> dict[str, list[dict[str, Any]]]:
    """Return the secrets of a vault, as soon as the role works."""
    name = call["vault-name"]
    if name not in azure.vaults:
        raise Refusal(f"Failed to resolve '{name}.vault.azure.net' ([Errno -2] Name or service not known)")
    azure.wait_for_role(TOO_EARLY)
    return azure.vaults[name]


def keyvault_secret_list(azure: Azure, call: Call) -> Any:
    """Answer `az keyvault secret list`."""
    found = secrets_of(azure, call)
    return [
        {"name": name, "attributes": {"enabled": versions[-1]["enabled"]}} for name, versions in sorted(found.items())
    ]


def keyvault_secret_show(azure: Azure, call: Call) -> Any:
    """Answer `az keyvault secret show`; exit code 3 when there is none."""
    versions = secrets_of(azure, call).get(call["name"])
    if not versions:
        raise Refusal(f"(SecretNotFound) A secret with (name/id) {call['name']} was not found in this key vault.", 3)
    if not versions[-1]["enabled"]:
        raise Refusal("(Forbidden) Operation get is not allowed on a disabled secret.\nCode: Forbidden")
    return {**versions[-1], "name": call["name"]}


def keyvault_secret_set(azure: Azure, call: Call) -> Any:
    """Answer `az keyvault secret set`, whose own answer holds the secret."""
    path = call.folder / Path(call["file"])
    assert path.stat().st_mode & 0o777 == 0o600, "others may read the secret"
    assert not call["value"], "a secret on the command line"
    assert call["query"] == "id" or call["output"] == "none", "the secret would be printed"
    versions = secrets_of(azure, call).setdefault(call["name"], [])
    tags = dict(tag.split("=", 1) for tag in call["tags"] or [])
    versions.append(
        {
            "id": f"https://{call['vault-name']}.vault.azure.net/secrets/{call['name']}/{uuid.uuid4().hex}",
            "value": path.read_text("ascii"),
            "tags": {**tags, "file-encoding": "utf-8"},
            "enabled": True,
        }
    )
    return versions[-1]


def keyvault_secret_set_attributes(azure: Azure, call: Call) -> Any:
    """Answer `az keyvault secret set-attributes`."""
    version = secrets_of(azure, call)[call["name"]][-1]
    version["enabled"] = call["enabled"] == "true"
    return {"id": version["id"], "attributes": {"enabled": version["enabled"]}, "value": None}


def keyvault_list_deleted(azure: Azure, call: Call) -> Any:
    """Answer `az keyvault list-deleted`."""
    assert call["resource-type"] == "vault"
    return azure.deleted_vaults


def keyvault_purge(azure: Azure, call: Call) -> Any:
    """Answer `az keyvault purge`."""
    azure.deleted_vaults = [vault for vault in azure.deleted_vaults if vault["name"] != call["name"]]

"""Roles on Azure, and what no file in infra/ may contain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.app import ROOT
from tests.support.bicep_language import DEPLOYER, FUNCTIONS, parse, text_of, walk
from tests.support.bicep_template import ALL, FILES, deploy

# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
ROLES = {
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
}
# https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations
REFUSED_BY_FLEX = """
    ENABLE_ORYX_BUILD FUNCTIONS_EXTENSION_VERSION FUNCTIONS_MAX_HTTP_CONCURRENCY
    FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED FUNCTIONS_WORKER_PROCESS_COUNT FUNCTIONS_WORKER_RUNTIME
    FUNCTIONS_WORKER_RUNTIME_VERSION SCM_DO_BUILD_DURING_DEPLOYMENT TZ WEBSITE_CONTENTAZUREFILECONNECTIONSTRING
    WEBSITE_CONTENTOVERVNET WEBSITE_CONTENTSHARE WEBSITE_DNS_SERVER WEBSITE_LOAD_CERTIFICATES
    WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT WEBSITE_MOUNT_ENABLED WEBSITE_NODE_DEFAULT_VERSION
    WEBSITE_RUN_FROM_PACKAGE WEBSITE_SKIP_CONTENTSHARE_VALIDATION WEBSITE_TIME_ZONE WEBSITE_VNET_ROUTE_ALL
    alwaysOn containerSize ftpsState functionAppScaleLimit isXenon linuxFxVersion preWarmedInstanceCount
    use32BitWorkerProcess
"""
# Beside the host's storage by identity, the plain setting stops the host, even when it is empty.
REFUSED_BY_THE_HOST = {"AzureWebJobsStorage"}


def granted(**parameters: Any) -> set[tuple[str, str, str]]:
    """Return who (app or deployer) has which role on what."""
    template = deploy(**parameters)
    [identity] = template.of("Microsoft.ManagedIdentity/userAssignedIdentities")
    who = {f"<{identity.name}.properties.principalId>": "app", DEPLOYER: "deployer"}
    found = set()
    for role in template.of("Microsoft.Authorization/roleAssignments"):
        properties, scope = role.body["properties"], role.body["scope"]
        name = ROLES[properties["roleDefinitionId"].rpartition("/")[2]]
        assert properties["description"] == name
        found.add((who[properties["principalId"]], name, scope.name))
    return found


def test_the_app_has_the_least_roles_and_the_deployer_one_when_it_writes_secrets() -> None:
    """Each on one resource: nothing on the group or the subscription, no role that gives roles."""
    outputs = deploy().outputs
    [component] = deploy().of("Microsoft.Insights/components")

    assert granted() == {
        ("app", "Storage Blob Data Owner", outputs["hostStorageName"]),
        ("app", "Storage Table Data Contributor", outputs["dataStorageName"]),
        ("app", "Key Vault Secrets User", outputs["keyVaultName"]),
        ("app", "Monitoring Metrics Publisher", component.name),
    }
    added = granted(deployerWritesSecrets=True) - granted()
    assert added == {("deployer", "Key Vault Secrets Officer", outputs["keyVaultName"])}


def test_another_principal_gets_assignments_of_other_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure rejects a change of an assignment's principal: another deployer must not stop the deployment."""
    names = []
    for who in ("one", "another"):
        monkeypatch.setitem(FUNCTIONS, "deployer", lambda who=who: {"objectId": who})
        roles = deploy(deployerWritesSecrets=True).of("Microsoft.Authorization/roleAssignments")
        names.append({role.name for role in roles})

    assert len(names[0] - names[1]) == len(names[1] - names[0]) == 1


def words_of(path: Path) -> set[str]:
    """Return every name of a property, function or member in a file, and every whole text."""
    kinds = ("identifier", "property_identifier", "string_content")
    return {text_of(node) for node in walk(parse(path.read_text("utf-8"))) if node.type in kinds}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_that_flex_consumption_refuses_is_set(path: Path) -> None:
    """Each would fail the deployment, or break the app quietly."""
    assert not words_of(path) & (REFUSED_BY_THE_HOST | set(REFUSED_BY_FLEX.split()))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_key_is_read_and_no_secret_is_written(path: Path) -> None:
    """No list… function, no secret resource, no secure parameter: secrets never pass through a template."""
    source = path.read_text("utf-8")

    assert not re.search(r"\blist[A-Z]?\w*\(", source)
    assert not re.search(r"vaults/secrets|@secure|AccountKey|SharedAccess|AccessKey", source)


# What each resource of a type has to have; None for what it must not have.
HARDENED: dict[str, dict[str, Any]] = {
    "Microsoft.Storage/storageAccounts": {
        "allowSharedKeyAccess": False,
        "allowBlobPublicAccess": False,
        "supportsHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_2",
    },
    "Microsoft.Storage/storageAccounts/blobServices/containers": {"publicAccess": "None"},
    # The type's default is access policies; purge protection cannot be switched off again.
    "Microsoft.KeyVault/vaults": {
        "enableRbacAuthorization": True,
        "accessPolicies": [],
        "enableSoftDelete": True,
        "enablePurgeProtection": None,
    },
    "Microsoft.Insights/components": {"DisableLocalAuth": True},
    "Microsoft.OperationalInsights/workspaces": {"workspaceCapping": {"dailyQuotaGb": 1}},
    "Microsoft.Web/sites": {"httpsOnly": True, "autoGeneratedDomainNameLabelScope": "TenantReuse"},
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"allow": False},
}


@pytest.mark.parametrize("kind", HARDENED, ids=lambda kind: kind.partition("/")[2])
def test_resources_are_closed_to_keys_passwords_and_the_public(kind: str) -> None:
    """Roles and function keys are the only ways in."""
    found = [resource.body["properties"] for resource in deploy(**ALL).of(kind)]

    assert found
    for properties in found:
        assert {name: properties.get(name) for name in HARDENED[kind]} == HARDENED[kind]


def test_no_personal_value_is_in_the_files() -> None:
    """The repository is public: no subscription, tenant, account, number, mail address or Azure host."""
    for path in (*FILES, *(ROOT / "infra").glob("*.bicepparam"), *(ROOT / "infra").glob("*.json")):
        source = path.read_text("utf-8")
        ids = set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", source))
        assert ids <= set(ROLES), path
        assert not re.search(r"\b(AC|SK|MG)[0-9a-f]{32}\b|\w@\w+\.\w{2,}|core\.windows\.net", source), path
        assert set(re.findall(r"\+\d{6,}", source)) <= {"+15005550006"}, path

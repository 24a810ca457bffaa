"""Who may do what on Azure, and what no file in infra/ may hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.app import ROOT
from tests.support.bicep_language import parse, text_of, walk
from tests.support.bicep_template import ALL, FILES, Resource, deploy

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
    who = {f"<{identity.name}.properties.principalId>": "app", parameters.get("deployerPrincipalId"): "deployer"}
    found = set()
    for role in template.of("Microsoft.Authorization/roleAssignments"):
        properties, scope = role.body["properties"], role.body["scope"]
        name = ROLES[properties["roleDefinitionId"].rpartition("/")[2]]
        assert properties["description"] == name
        assert properties["principalType"] == ("ServicePrincipal" if "<" in properties["principalId"] else "User")
        found.add((who[properties["principalId"]], name, scope.name))
    return found


def test_the_app_has_the_least_roles_each_on_one_resource() -> None:
    """Nothing on the group or the subscription, no role that can write secrets, none that gives roles."""
    outputs = deploy().outputs
    [component] = deploy().of("Microsoft.Insights/components")

    assert granted() == {
        ("app", "Storage Blob Data Owner", outputs["hostStorageName"]),
        ("app", "Storage Table Data Contributor", outputs["dataStorageName"]),
        ("app", "Key Vault Secrets User", outputs["keyVaultName"]),
        ("app", "Monitoring Metrics Publisher", component.name),
    }


def test_the_deployer_may_write_secrets_and_nothing_else_is_added() -> None:
    """Who owns the vault still cannot put a secret into it."""
    deployer = {"deployerPrincipalId": ALL["deployerPrincipalId"]}
    vault = deploy().outputs["keyVaultName"]

    assert granted(**deployer) - granted() == {("deployer", "Key Vault Secrets Officer", vault)}


def test_another_principal_gets_assignments_of_other_names() -> None:
    """Azure refuses to move an assignment: a deployer who changes must not stop the deployment."""
    names = [
        {role.name for role in deploy(deployerPrincipalId=who).of("Microsoft.Authorization/roleAssignments")}
        for who in ("one", "another")
    ]

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


def properties_of(kind: str) -> list[dict[str, Any]]:
    """Return the properties of the resources of a type."""
    return [resource.body["properties"] for resource in deploy(**ALL).of(kind)]


def test_storage_takes_no_keys_and_shows_nothing_to_the_public() -> None:
    """Both accounts alike."""
    for properties in properties_of("Microsoft.Storage/storageAccounts"):
        assert properties["allowSharedKeyAccess"] is False
        assert properties["allowBlobPublicAccess"] is False
        assert properties["supportsHttpsTrafficOnly"] is True
        assert properties["minimumTlsVersion"] == "TLS1_2"
    for properties in properties_of("Microsoft.Storage/storageAccounts/blobServices/containers"):
        assert properties == {"publicAccess": "None"}


def test_the_vault_is_opened_by_roles_alone() -> None:
    """The type's default is access policies, which roles do not see."""
    [vault] = properties_of("Microsoft.KeyVault/vaults")

    assert vault["enableRbacAuthorization"] is True
    assert vault["accessPolicies"] == []
    assert vault["enableSoftDelete"] is True
    assert "enablePurgeProtection" not in vault  # it cannot be switched off again; `false` is refused


def test_logs_come_in_with_an_identity_only() -> None:
    """So that a connection string is no secret."""
    [component] = properties_of("Microsoft.Insights/components")
    [workspace] = properties_of("Microsoft.OperationalInsights/workspaces")

    assert component["DisableLocalAuth"] is True
    assert workspace["features"]["disableLocalAuth"] is True
    assert workspace["workspaceCapping"]["dailyQuotaGb"] == 1


def test_the_app_is_reached_by_https_and_published_to_without_a_password() -> None:
    """Twilio's signatures are over https addresses."""
    [app] = properties_of("Microsoft.Web/sites")
    [publishing] = properties_of("Microsoft.Web/sites/basicPublishingCredentialsPolicies")

    assert app["httpsOnly"] is True
    assert app["siteConfig"]["minTlsVersion"] == "1.2"
    assert app["autoGeneratedDomainNameLabelScope"] == "TenantReuse"
    assert publishing == {"allow": False}


def test_the_one_plan_is_flex_consumption_and_holds_the_one_app() -> None:
    """A Flex plan cannot hold two."""
    template = deploy()
    plans: list[Resource] = template.of("Microsoft.Web/serverfarms")
    apps = template.of("Microsoft.Web/sites")

    assert [plan.body["sku"] for plan in plans] == [{"name": "FC1", "tier": "FlexConsumption"}]
    assert [app.body["properties"]["serverFarmId"] for app in apps] == [plans[0].id]


def test_no_value_of_a_persons_own_stands_in_the_files() -> None:
    """The repository is public: no subscription, tenant, account, number, address of mail or Azure."""
    for path in (*FILES, *(ROOT / "infra").glob("*.bicepparam"), *(ROOT / "infra").glob("*.json")):
        source = path.read_text("utf-8")
        ids = set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", source))
        assert ids <= set(ROLES), path
        assert not re.search(r"\b(AC|SK|MG)[0-9a-f]{32}\b|\w@\w+\.\w{2,}|core\.windows\.net", source), path
        assert set(re.findall(r"\+\d{6,}", source)) <= {"+15005550006"}, path

"""Settings, tables and secrets: what the code needs is what infra/ makes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared.settings import SETTING_NAMES, UNRESOLVED_REFERENCE, load
from shared.storage import tables
from tests.support.bicep_language import Runtime
from tests.support.bicep_template import ACCOUNT, ALL, Resource, Template, deploy

# For the local emulators of storage and Twilio; on Azure an identity and Twilio's real address take their place.
ON_A_LAPTOP_ONLY = {"TABLES_CONNECTION_STRING", "TWILIO_API_BASE_URL"}
# Read by the host, by Application Insights and by azure-identity, not by the app.
NOT_THE_APPS = {
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "AZURE_CLIENT_ID",
    "AZURE_TOKEN_CREDENTIALS",
}
REFERENCE = re.compile(r"@Microsoft\.KeyVault\(SecretUri=<(kv-\w+)\.properties\.vaultUri>secrets/([a-z-]+)/\)")


def one(template: Template, kind: str) -> Resource:
    """Return the only resource of a type."""
    [resource] = template.of(kind)
    return resource


def settings_of(template: Template) -> dict[str, str]:
    """Return the app settings that a deployment makes."""
    return dict(one(template, "Microsoft.Web/sites/config").body["properties"])


@pytest.mark.parametrize("parameters", [{}, ALL], ids=["least", "all"])
def test_the_app_gets_the_settings_that_the_code_reads_and_no_others(parameters: dict[str, Any]) -> None:
    """A setting that one side forgets is found before it is deployed."""
    assert set(settings_of(deploy(**parameters))) == set(SETTING_NAMES) - ON_A_LAPTOP_ONLY | NOT_THE_APPS


@pytest.mark.parametrize(
    ("parameters", "secrets"),
    [
        ({}, {"TWILIO_AUTH_TOKEN": "twilio-auth-token"}),
        (
            {"twilioApiKey": "SK" + "0" * 32},
            {"TWILIO_AUTH_TOKEN": "twilio-auth-token", "TWILIO_API_SECRET": "twilio-api-secret"},
        ),
        (
            {"rotating": True},
            {"TWILIO_AUTH_TOKEN": "twilio-auth-token", "TWILIO_AUTH_TOKEN_NEXT": "twilio-auth-token-next"},
        ),
    ],
)
def test_secrets_are_references_into_the_vault_and_only_those_that_are_there(
    parameters: dict[str, Any], secrets: dict[str, str]
) -> None:
    """Without a version, so that a new one is taken; a reference to nothing would keep the app from starting."""
    template = deploy(**parameters)
    vault = one(template, "Microsoft.KeyVault/vaults").name
    found = {name: REFERENCE.fullmatch(value) for name, value in settings_of(template).items() if "KeyVault" in value}

    assert {name: (match[1], match[2]) for name, match in found.items() if match} == {
        name: (vault, secret) for name, secret in secrets.items()
    }
    assert set(found) == set(secrets)
    assert all(
        value.startswith(UNRESOLVED_REFERENCE) for value in settings_of(template).values() if "KeyVault" in value
    )


@pytest.mark.parametrize("parameters", [{}, ALL], ids=["least", "all"])
def test_the_code_accepts_the_settings_that_the_app_gets(parameters: dict[str, Any]) -> None:
    """`load` accepts them, once the values that only Azure knows are filled in."""
    known = {
        "primaryEndpoints.table": "https://a.table.core.windows.net/",
        "defaultHostName": "phone.azurewebsites.net",
    }
    values = {}
    for name, value in settings_of(deploy(**parameters)).items():
        for key, real in known.items():
            value = re.sub(rf"<[\w-]+\.properties\.{key}>", real, value)
        values[name] = "a-secret" if "KeyVault" in value else value

    settings = load(values)

    assert settings.twilio_account_sid == ACCOUNT["twilioAccountSid"]
    assert settings.tables_endpoint == "https://a.table.core.windows.net/"
    assert settings.public_base_url == parameters.get("publicBaseUrl", "https://phone.azurewebsites.net")


def test_the_tables_are_those_that_the_code_uses() -> None:
    """Named once in infra/, in the account for data and nowhere else."""
    used = {value for name, value in vars(tables).items() if name.isupper() and str(value).islower()}
    template = deploy()
    made = template.of("Microsoft.Storage/storageAccounts/tableServices/tables")

    assert {"activity", "sids", "idempotency"} <= used
    assert sorted(table.name for table in made) == sorted(used)
    assert {table.id.split("/")[8] for table in made} == {template.outputs["dataStorageName"]}


def test_the_app_acts_as_the_one_identity_everywhere() -> None:
    """For its package, its secrets, its tables, its log and the host's storage."""
    template = deploy(**ALL)
    app, settings = one(template, "Microsoft.Web/sites").body, settings_of(template)
    identity = one(template, "Microsoft.ManagedIdentity/userAssignedIdentities")
    client_id = Runtime(f"<{identity.name}.properties.clientId>")
    package = app["properties"]["functionAppConfig"]["deployment"]["storage"]

    assert app["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {identity.id: {}}}
    assert app["properties"]["keyVaultReferenceIdentity"] == identity.id
    assert package["authentication"] == {
        "type": "UserAssignedIdentity",
        "userAssignedIdentityResourceId": identity.id,
    }
    assert settings["AzureWebJobsStorage__clientId"] == settings["AZURE_CLIENT_ID"] == client_id
    assert settings["AzureWebJobsStorage__credential"] == "managedidentity"
    assert settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"] == f"ClientId={client_id};Authorization=AAD"
    # azure-identity's own name for that credential: https://pypi.org/project/azure-identity
    assert settings["AZURE_TOKEN_CREDENTIALS"] == "ManagedIdentityCredential"


def test_host_and_data_have_storage_of_their_own() -> None:
    """The package goes into a container that exists, in the host's account; the log of calls is not in there."""
    template = deploy()
    host, data = template.outputs["hostStorageName"], template.outputs["dataStorageName"]
    [container] = template.of("Microsoft.Storage/storageAccounts/blobServices/containers")
    package = one(template, "Microsoft.Web/sites").body["properties"]["functionAppConfig"]["deployment"]["storage"]

    assert host != data
    assert package["type"] == "blobContainer"
    assert package["value"] == f"<{host}.properties.primaryEndpoints.blob>{container.name}"
    assert container.id.split("/")[8] == host == settings_of(template)["AzureWebJobsStorage__accountName"]
    assert settings_of(template)["TABLES_ENDPOINT"] == f"<{data}.properties.primaryEndpoints.table>"

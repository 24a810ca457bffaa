"""What Azure's refusals mean, and what to type against them."""

from __future__ import annotations

import re

# (what the CLI prints, what it means and what to type). {0} stands for the first group.
REFUSALS = (
    (
        r"az login|AADSTS|No subscription found|Interactive authentication is needed",
        "The login is missing or has ended: type `az login`.",
    ),
    (
        r"subscription of .* doesn't exist|SubscriptionNotFound",
        "There is no such subscription for this login: `az account list --output table` shows those that there are.",
    ),
    (
        r"Microsoft\.Authorization/roleAssignments/write",
        "You may not assign roles, and the app's identity needs some. Ask an owner of the subscription for the role "
        "'Role Based Access Control Administrator' on the resource group, or let them run this command:\n"
        "az role assignment create --role 'Role Based Access Control Administrator' --assignee YOU --scope GROUP_ID",
    ),
    (
        r"AuthorizationFailed|does not have authorization to perform action",
        "Your role on the resource group does not allow this; 'Contributor' does. Ask an owner for it.",
    ),
    (
        r"(?s)vault.{0,40}?'?([a-z0-9-]{3,24})?'?.{0,60}deleted state|deleted but recoverable|\(?VaultAlreadyExists",
        "A vault of that name was deleted and is kept for some days. If it was this app's, remove it for good:\n"
        "az keyvault list-deleted --resource-type vault --output table\n"
        "az keyvault purge --name VAULT",
    ),
    (
        r"StorageAccountAlreadyTaken|already taken|AlreadyExists|with given name .* already exists|Conflict.*hostname",
        "Somebody has that name already; some names are unique in all of Azure. Choose another with --name.",
    ),
    (
        r"InvalidResourceGroupLocation",
        "The resource group exists in another region: leave --location out, or choose another --resource-group.",
    ),
    (
        r"LocationNotAvailableForResourceType|not available for resource type|FlexConsumption.*not available",
        "That region has not all that the app needs: `az functionapp list-flexconsumption-locations --output table` "
        "shows the regions to choose from with --location.",
    ),
    (
        r"not registered to use namespace '([^']+)'",
        "A resource provider is not registered: az provider register --namespace {0} --wait",
    ),
    (
        r"DeploymentActive",
        "An earlier deployment is still going on; the same command waits for it.",
    ),
    (
        r"QuotaExceeded|OverQuota|quota",
        "The subscription's quota for this region is used up: choose another --location, or ask for more at "
        "https://learn.microsoft.com/azure/quotas/quickstart-increase-quota-portal",
    ),
    (
        r"RequestDisallowedByPolicy",
        "A policy of your organisation forbids a resource; the message names it. Its owner can except this group.",
    ),
    (
        r"ScopeLocked|because there (?:is|are) (?:a )?.*lock",
        "A lock is on it: `az lock list --resource-group GROUP --output table` shows it.",
    ),
    (
        r"ForbiddenByRbac|Caller is not authorized to perform action",
        "You need the role 'Key Vault Secrets Officer' on the vault. This script assigns it to the person who runs it; "
        "a new role can take ten minutes to work.",
    ),
    (
        r"ForbiddenByFirewall|Public network access is disabled",
        "The vault's network rules keep this machine out: run this where the vault can be reached.",
    ),
    (
        r"Could not find the .?bicep|Error while attempting to (?:retrieve|download).*Bicep|BCP\d{3}",
        "The template could not be compiled: `az bicep version` shows the compiler, `az bicep upgrade` gets a new one.",
    ),
    (
        r"Authorization_RequestDenied|Insufficient privileges to complete the operation",
        "This login may not read its own entry in the directory: give its object ID with --deployer-principal-id.",
    ),
    (
        r"Max retries exceeded|NameResolutionError|getaddrinfo|Temporary failure in name resolution|ConnectionError",
        "Azure could not be reached from here: look at the network, the proxy (HTTPS_PROXY) and the VPN.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "Something between here and Azure breaks TLS open: "
        "https://learn.microsoft.com/cli/azure/use-azure-cli-successfully-troubleshooting#work-behind-a-proxy",
    ),
)  # fmt: skip


def explain(text: str) -> list[str]:
    """Return what is known about a failure of the Azure CLI, as lines that say what to do."""
    for pattern, advice in REFUSALS:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            name = next((group for group in found.groups() if group), "NAME")
            return [advice.replace("{0}", name).replace("\n", "\n    ")]
    return []

"""The names of all resources keep Azure's rules, whatever base name is given.

https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

from __future__ import annotations

import re
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.bicep_language import GROUP, unique_string
from tests.support.bicep_template import ALL, INFRA, deploy

RULES = {
    "Microsoft.Authorization/roleAssignments": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "Microsoft.Insights/actionGroups": r"[^:<>+/&%\\?|]{0,259}[^:<>+/&%\\?| .]",
    "Microsoft.Insights/components": r"[^%&\\?/]{0,259}[^%&\\?/ .]",
    "Microsoft.Insights/metricAlerts": r"[^*#&+:<>?@%{}\\/]{0,259}[^*#&+:<>?@%{}\\/ .]",
    "Microsoft.Insights/scheduledQueryRules": r"[^*<>%{}&:\\?/#|]{0,259}[^*<>%{}&:\\?/#| .]",
    "Microsoft.Insights/webtests": r"[^%&\\?/]{0,259}[^%&\\?/ .]",
    "Microsoft.KeyVault/vaults": r"(?!.*--)[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}",
    "Microsoft.OperationalInsights/workspaces": r"[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]",
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.Storage/storageAccounts/blobServices": r"default",
    "Microsoft.Storage/storageAccounts/blobServices/containers": r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    "Microsoft.Storage/storageAccounts/tableServices": r"default",
    "Microsoft.Storage/storageAccounts/tableServices/tables": r"(?!tables$)[A-Za-z][A-Za-z0-9]{2,62}",
    "Microsoft.Web/serverfarms": r"[a-zA-Z0-9-]{1,40}",
    # The first label of the host is the name, a hyphen and a hash of 16 characters, and a label ends at 63.
    "Microsoft.Web/sites": r"[a-zA-Z0-9][a-zA-Z0-9-]{0,44}[a-zA-Z0-9]",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": r"scm",
    "Microsoft.Web/sites/config": r"appsettings",
}
# Nobody else in the world may have one of this name.
GLOBAL = ("Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults", "Microsoft.Web/sites")

names = st.text(string.ascii_lowercase + string.digits + "-", min_size=3, max_size=24)


@settings(deadline=None)
@given(names)
def test_every_name_keeps_its_types_rule(name: str) -> None:
    """Also for a base name of nothing but hyphens, as short or as long as may be."""
    resources = deploy(**ALL, name=name).resources

    for resource in resources:
        assert re.fullmatch(RULES[resource.kind], resource.name), f"{resource.kind} {resource.name}"
    assert len({resource.id.lower() for resource in resources}) == len(resources)


@settings(deadline=None)
@given(names, names)
def test_two_apps_in_one_group_share_nothing(one: str, other: str) -> None:
    """Neither overwrites the other's resources, unless they are the same app."""
    ids = [{resource.id.lower() for resource in deploy(**ALL, name=name).resources} for name in (one, other)]

    assert ids[0] == ids[1] if one == other else ids[0].isdisjoint(ids[1])


@settings(deadline=None)
@given(names)
def test_names_that_the_world_shares_hold_what_is_unique_to_the_group(name: str) -> None:
    """So that the same base name in another group, or at somebody else's, is another name."""
    for resource in deploy(name=name).resources:
        if resource.kind in GLOBAL:
            assert unique_string(GROUP, name)[:8] in resource.name


def test_every_rule_is_for_something_that_is_made() -> None:
    """A rule for a type that is gone is a rule that proves nothing."""
    assert set(RULES) == {resource.kind for resource in deploy(**ALL).resources}


def test_modules_have_names_as_compilers_before_0_34_demand() -> None:
    """Each its own, since a group cannot run two deployments of one name at once."""
    main = (INFRA / "main.bicep").read_text("utf-8")
    found = re.findall(r"^module (\w+) '.+\{\n  name: '(\w+)'$", main, re.MULTILINE)

    assert len(found) == main.count("\nmodule ") == len({name for _, name in found}) > 1

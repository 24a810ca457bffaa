"""The Bicep files: described, without unused parts, with names that Azure accepts, and readable for what-if."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.settings import SETTING_NAMES
from tests.support.bicep_language import GROUP, parse, parts, text_of, unique_string, value_of, walk
from tests.support.bicep_template import ALL, FILES, INFRA, PRIMITIVES, deploy, parameters_in, read

SECRET = re.compile(r"secret|token|password|key(?!vaultname)|connection|list\w*\(", re.IGNORECASE)


PARAMETERS = {name: found for name, found in read(INFRA / "main.bicep").items() if found.kind == "parameter"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_parameter_and_output_is_described(path: Path) -> None:
    """In sentences, since the portal and the linter show them."""
    source = path.read_text(encoding="utf-8")
    described = {name: found for name, found in read(path).items() if found.kind in ("parameter", "output")}

    assert re.search(r"^metadata description = '.+\.'$", source, re.MULTILINE)
    for name, found in described.items():
        assert str(found.decorators.get("description", "")).endswith("."), name
        assert found.type in PRIMITIVES, "every parser reads these; checkov's reads no `?` and no `string[]`"
        if found.kind == "output":  # outputs stay in the group's history, for everybody who may read it
            assert not SECRET.search(name + text_of(found.node)), name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_declared_and_not_used(path: Path) -> None:
    """What the linter says where there is one: parameters, variables and existing resources are all read."""
    root = parse(path.read_text(encoding="utf-8"))
    read_names = [text_of(node) for node in walk(root) if node.type == "identifier"]
    for name, found in read(path).items():
        existing = any(child.type == "existing" for child in found.node.children)
        if found.kind in ("parameter", "variable") or existing:
            property_names = sum(
                1 for node in walk(root) if node.type == "object_property" and text_of(parts(node)[0]) == name
            )
            assert read_names.count(name) - property_names > 1, name


@pytest.mark.parametrize("parameters", [{}, ALL], ids=["least", "all"])
def test_what_if_can_look_into_every_module_but_one(parameters: dict[str, Any]) -> None:
    """It skips a module that is handed what only Azure knows: https://aka.ms/WhatIfEvalStopped."""
    handed = {
        (module, name)
        for module, inner in deploy(**parameters).modules.items()
        for name, value in inner.given.items()
        if "<" in str(value)
    }

    assert handed == {("roles", "appPrincipalId")}


def test_each_type_is_used_at_one_stable_api_version() -> None:
    """Also where a resource is only referred to."""
    declared = [node for path in FILES for node in walk(parse(path.read_text("utf-8")))]
    used = {text_of(parts(node)[1])[1:-1] for node in declared if node.type == "resource_declaration"}

    assert len({name.partition("@")[0] for name in used}) == len(used)
    assert all(re.fullmatch(r"Microsoft\.\w+(/\w+)+@\d{4}-\d\d-\d\d", name) for name in used)


def before(module: str) -> set[str]:
    """Return the modules that are deployed before one: those it names, and those before them."""
    calls = {
        text_of(parts(node)[0]): {text_of(inner) for inner in walk(node) if inner.type == "identifier"}
        for node in walk(parse((INFRA / "main.bicep").read_text(encoding="utf-8")))
        if node.type == "module_declaration"
    }
    found, new = set[str](), {module}
    while new:
        new = {name for each in new for name in calls[each] & set(calls) - {each}} - found
        found |= new
    return found


def test_what_a_module_refers_to_is_made_before_it() -> None:
    """By a module that it depends on; Azure deploys the others at the same time."""
    main = deploy(**ALL)
    made_by = {resource.id: name for name, inner in main.modules.items() for resource in inner.resources}

    assert before("functionApp") >= {"identity", "hostStorage", "dataStorage", "keyVault", "monitoring", "roles"}
    for name, inner in main.modules.items():
        for resource in inner.referred:
            assert made_by[resource.id] in before(name), f"{name}: {resource.id}"


def test_names_and_scopes_are_known_before_anything_is_made() -> None:
    """Azure has to know what a resource is called before it makes the first one."""
    for resource in deploy(**ALL).resources:
        assert "<" not in resource.id or resource.kind == "Microsoft.Authorization/roleAssignments", resource.id
        assert "<" not in resource.name


def test_the_parameter_file_names_parameters_and_settings_that_exist() -> None:
    """Its values come from the environment, under the app's own names."""
    source = (INFRA / "main.bicepparam").read_text(encoding="utf-8")
    from_environment = set(re.findall(r"readEnvironmentVariable\('(\w+)'", source))
    by_commands = {"ALERT_EMAIL", "APP_NAME", "DEPLOYER_WRITES_SECRETS", "ROTATING"}

    assert "using 'main.bicep'" in source
    assert set(parameters_in(source, {"TWILIO_ACCOUNT_SID": "AC"})) <= set(PARAMETERS)
    assert from_environment <= {*SETTING_NAMES} | by_commands


def test_the_pythons_are_those_that_the_app_supports() -> None:
    """The newest but one is the default."""
    found = PARAMETERS["pythonVersion"]

    assert found.decorators["allowed"] == ["3.11", "3.12", "3.13", "3.14"]
    assert deploy()["pythonVersion"] == "3.13"


# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
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
# Names that nobody else in the world may have.
GLOBAL = ("Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults", "Microsoft.Web/sites")
names = st.text(string.ascii_lowercase + string.digits + "-", min_size=3, max_size=24)


@settings(deadline=None, max_examples=30)
@given(names, names)
def test_every_name_follows_azures_rules_and_two_apps_share_none(name: str, other: str) -> None:
    """Also a base name of hyphens; globally unique names contain what is unique to the group and the app."""
    resources, others = (deploy(**ALL, name=one).resources for one in (name, other))
    ids, ids_of_other = ({found.id.lower() for found in some} for some in (resources, others))

    assert {resource.kind for resource in resources} == set(RULES)
    for resource in resources:
        assert re.fullmatch(RULES[resource.kind], resource.name), f"{resource.kind} {resource.name}"
        assert resource.kind not in GLOBAL or unique_string(GROUP, name)[:8] in resource.name
    assert len(ids) == len(resources)
    assert ids == ids_of_other if name == other else ids.isdisjoint(ids_of_other)


def test_modules_have_names_that_contain_the_apps_name() -> None:
    """A group cannot run two deployments of one name at the same time; compilers before 0.34 demand names."""
    main = (INFRA / "main.bicep").read_text("utf-8")
    found = re.findall(r"(?m)^module (\w+) '.+\{\n  name: '\$\{name\}-(\w+)'$", main)

    assert found == [(module, module) for module, _ in found]
    assert len(found) == main.count("\nmodule ") > 1


@pytest.mark.parametrize("source", ["map([1], x => x)", "listKeys('a', 'b')", "x ?? 1", "newGuid()", "null", "'a' b"])
def test_what_the_evaluator_does_not_know_stops_it(source: str) -> None:
    """A guess would make every test that relies on it worthless."""
    with pytest.raises((NotImplementedError, KeyError, SyntaxError)):
        value_of(source, x=1)

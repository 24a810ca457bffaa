"""What holds for the Bicep files as files: all is described, nothing is idle, what-if can look into them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from shared.settings import SETTING_NAMES
from tests.support.bicep_language import parse, parts, text_of, walk
from tests.support.bicep_template import ALL, FILES, INFRA, PRIMITIVES, deploy, read

SECRET = re.compile(r"secret|token|password|key(?!vaultname)|connection|list\w*\(", re.IGNORECASE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_parameter_and_output_is_described(path: Path) -> None:
    """In sentences, since the portal and the linter show them."""
    source = path.read_text(encoding="utf-8")
    described = {name: found for name, found in read(path).items() if found.kind in ("parameter", "output")}

    assert re.search(r"^metadata description = '.+\.'$", source, re.MULTILINE)
    for name, found in described.items():
        assert str(found.decorators.get("description", "")).endswith("."), name


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


def test_every_module_is_used() -> None:
    """A file that nobody refers to is a file that nobody deploys."""
    main = (INFRA / "main.bicep").read_text(encoding="utf-8")

    assert set(re.findall(r"'modules/(\w+)\.bicep'", main)) == {path.stem for path in FILES[1:]}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_types_of_parameters_are_ones_that_every_parser_reads(path: Path) -> None:
    """The Bicep CLI since 0.30 and checkov's parser: no `?`, no `string[]`, no types of our own."""
    for name, found in read(path).items():
        if found.kind in ("parameter", "output"):
            assert found.type in PRIMITIVES, name


def test_the_outputs_are_these() -> None:
    """The scripts beside read them."""
    template = deploy()
    [app] = template.of("Microsoft.Web/sites")
    [vault] = template.of("Microsoft.KeyVault/vaults")
    [identity] = template.of("Microsoft.ManagedIdentity/userAssignedIdentities")
    host, data = template.of("Microsoft.Storage/storageAccounts")

    assert template.outputs == {
        "functionAppName": app.name,
        "functionAppHostName": f"<{app.name}.properties.defaultHostName>",
        "publicBaseUrl": f"https://<{app.name}.properties.defaultHostName>",
        "keyVaultName": vault.name,
        "hostStorageName": host.name,
        "dataStorageName": data.name,
        "identityName": identity.name,
    }


def test_no_output_is_a_secret() -> None:
    """Outputs stay in the group's history for everybody who may read it."""
    for path in FILES:
        for name, found in read(path).items():
            if found.kind == "output":
                assert not re.search(
                    r"(?i)secret|token|password|key(?!vaultname)|connection", name + text_of(found.node)
                ), name


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
    # The grammar knows `using`, but takes `param name = value` for a declaration without a type.
    root = parse(re.sub(r"^param ", "var ", source, flags=re.MULTILINE))
    assigned = {text_of(parts(node)[0]) for node in parts(root) if node.type == "variable_declaration"}
    from_environment = set(re.findall(r"readEnvironmentVariable\('(\w+)'", source))

    assert "using 'main.bicep'" in source
    assert assigned <= {name for name, found in read(INFRA / "main.bicep").items() if found.kind == "parameter"}
    assert "twilioAccountSid" in assigned
    assert from_environment <= {*SETTING_NAMES, "ALERT_EMAIL", "AZURE_PRINCIPAL_ID", "AZURE_PRINCIPAL_TYPE"}


def test_the_linters_rules_are_all_errors() -> None:
    """So that the Azure CLI, which compiles the files too, stops at each of them."""
    config = json.loads((INFRA / "bicepconfig.json").read_text(encoding="utf-8"))
    rules = config["analyzers"]["core"]["rules"]

    assert len(rules) > 10
    assert all(rule == {"level": "error"} for rule in rules.values())

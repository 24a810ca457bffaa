"""Every resource against what its type knows: property names, kinds of values, words, lengths.

tests/infra/bicep_types.json holds the types, each at the API version that infra/ uses, as the Bicep compiler has them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.app import ROOT
from tests.support.bicep_language import parse, parts, text_of, walk
from tests.support.bicep_template import ALL, FILES, deploy

TYPES: dict[str, dict[str, Any]] = json.loads((ROOT / "tests/infra/bicep_types.json").read_text("utf-8"))["types"]

# What Bicep itself takes beside a resource's own properties.
BICEPS_OWN = {"parent", "scope", "dependsOn"}
CHECKS = {"minLength": lambda value, n: len(value) >= n, "maxLength": lambda value, n: len(value) <= n}
CHECKS |= {"minValue": lambda value, n: value >= n, "maxValue": lambda value, n: value <= n}
KINDS = {"string": str, "int": int, "bool": bool}


def faults(spec: Any, value: Any, path: str) -> Iterator[str]:
    """Yield what is wrong with a value, as the compiler would, each fault with its place."""
    if isinstance(spec, str) and spec.startswith("["):
        spec = [spec[1:-1]]
    if isinstance(spec, dict):
        yield from object_faults(spec, value, path) if isinstance(value, dict) else [f"{path}: expected an object"]
    elif isinstance(spec, list):
        if not isinstance(value, list):
            yield f"{path}: expected a list"
        else:
            for index, item in enumerate(value):
                yield from faults(spec[0], item, f"{path}[{index}]")
    elif not fits(spec, value):
        yield f"{path}: {value!r} is not {spec}"


def object_faults(spec: dict[str, Any], value: dict[str, Any], path: str) -> Iterator[str]:
    """Yield what is wrong with an object: properties that are not known, that are missing, that are wrong."""
    known = dict(spec)
    for when in [key for key in spec if key.startswith("when ")]:
        variant = known.pop(when).get(value.get(when.removeprefix("when ")))
        if variant is None:
            yield f"{path}: no such {when.removeprefix('when ')}"
            return
        known |= variant
    required = {key[:-1] for key in known if key.endswith("*")}
    known = {key.removesuffix("*"): inner for key, inner in known.items()}
    yield from (f"{path}.{key}: is missing" for key in sorted(required - set(value)))
    for key, item in value.items():
        if key in known or "<any name>" in known:
            yield from faults(known.get(key, known.get("<any name>")), item, f"{path}.{key}")
        else:
            yield f"{path}.{key}: is not known"


def fits(spec: str, value: Any) -> bool:
    """Tell whether a plain value is of a kind like `string(maxLength=12)`, `int`, `Hot|Cool` or `'default'`."""
    if spec == "any":
        return True
    kind, _, limits = spec.partition("(")
    if kind not in KINDS:
        words = spec.strip("'").split("|")
        return isinstance(value, str) and (value in words or "…" in words)
    if not isinstance(value, KINDS[kind]) or (kind == "int" and isinstance(value, bool)):
        return False
    if "<" in str(value):  # partly known to Azure alone
        return True
    pattern = re.search(r"pattern=(.*)\)$", limits)
    if pattern and not re.search(pattern[1], str(value)):
        return False
    return all(CHECKS[name](value, int(n)) for name, n in re.findall(r"(m\w+)=(\d+)", limits.partition("pattern=")[0]))


@pytest.mark.parametrize("parameters", [{}, ALL], ids=["least", "all"])
def test_every_resource_is_what_its_type_takes(parameters: dict[str, Any]) -> None:
    """Read property by property, as the compiler does: BCP035, BCP036, BCP037 and BCP088."""
    for resource in deploy(**parameters).resources:
        spec = TYPES[f"{resource.kind}@{resource.version}"]
        body = {key: value for key, value in resource.body.items() if key not in BICEPS_OWN}
        assert list(faults(spec, body, f"{resource.kind} {resource.name}")) == []


def test_each_type_is_used_at_one_stable_api_version_the_recorded_one() -> None:
    """Also where a resource is only referred to; the record holds nothing that is not used."""
    used = {
        text_of(parts(node)[1])[1:-1]
        for path in FILES
        for node in walk(parse(path.read_text("utf-8")))
        if node.type == "resource_declaration"
    }

    assert used == set(TYPES)
    assert len({name.partition("@")[0] for name in used}) == len(used)
    assert all(re.fullmatch(r"Microsoft\.\w+(/\w+)+@\d{4}-\d\d-\d\d", name) for name in used)


def test_everything_that_has_a_place_and_tags_gets_them() -> None:
    """The region that was asked for, or `global` where Azure knows no other, and the tags that were given."""
    for resource in deploy(location="swedencentral", **ALL).resources:
        properties = {key.removesuffix("*") for key in TYPES[f"{resource.kind}@{resource.version}"]}
        assert ("tags" in properties) == ("tags" in resource.body), resource.id
        assert ("location" in properties) == ("location" in resource.body), resource.id
        if "tags" in properties:
            assert resource.body["tags"].items() >= ALL["tags"].items()
            everywhere = resource.kind in ("Microsoft.Insights/metricAlerts", "Microsoft.Insights/actionGroups")
            assert resource.body["location"] == ("global" if everywhere else "swedencentral")


SPEC: dict[str, Any] = {
    "name*": "string(maxLength=12,pattern=^[a-z]+$)",
    "properties": {"tier": "Hot|Cool", "size": "int(minValue=1)", "open": "Small|…", "on": "bool", "list": "[string]"},
    "rules": [{"id*": "string"}],
    "tags": {"<any name>": "string"},
    "when kind": {"web": {"kind*": "'web'", "port": "int"}},
}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"properties": {"open": "Medium", "list": ["a"]}, "tags": {"a": "b"}, "port": 1}, None),
        ({"name": "UPPER"}, "x.name"),
        ({"name": "abcdefghijklmn"}, "x.name"),
        ({"name": 1}, "x.name"),
        ({"nme": "a"}, "x.nme: is not known"),
        ({"properties": []}, "x.properties: expected an object"),
        ({"properties": {"tier": "Warm"}}, "x.properties.tier"),
        ({"properties": {"size": 0}}, "x.properties.size"),
        ({"properties": {"size": True}}, "x.properties.size"),
        ({"properties": {"on": "true"}}, "x.properties.on"),
        ({"properties": {"list": "a"}}, "x.properties.list: expected a list"),
        ({"properties": {"list": [1]}}, "x.properties.list[0]"),
        ({"rules": [{}]}, "x.rules[0].id: is missing"),
        ({"kind": "app"}, "x: no such kind"),
        ({"tags": {"a": 1}}, "x.tags.a"),
    ],
)
def test_the_comparison_finds_each_kind_of_fault(change: dict[str, Any], fault: str | None) -> None:
    """Otherwise finding none would mean nothing."""
    found = list(faults(SPEC, {"name": "abc", "kind": "web", **change}, "x"))

    assert found == [] if fault is None else len(found) == 1 and found[0].startswith(fault), found

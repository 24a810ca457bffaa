"""What infra/main.bicep deploys: `deploy` works it out for given parameters, module by module.

The tests in the other files beside this one look at what it returns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tree_sitter import Node

from tests.support.app import ROOT
from tests.support.bicep_language import GROUP, Runtime, evaluate, parse, parts, text_of

INFRA = ROOT / "infra"
FILES = [INFRA / "main.bicep", *sorted((INFRA / "modules").glob("*.bicep"))]
ACCOUNT = {"twilioAccountSid": "AC" + "0" * 32}
PRIMITIVES = {"string": str, "int": int, "bool": bool, "object": dict, "array": list}


@dataclass
class Resource:
    """One resource as Azure is asked for it, or one that is there already and referred to."""

    kind: str
    version: str
    body: dict[str, Any]

    @property
    def name(self) -> str:
        """The resource's own name, without its parent's."""
        return str(self.body["name"])

    @property
    def id(self) -> str:
        """The resource's ID."""
        parent, scope, last = self.body.get("parent"), self.body.get("scope"), self.kind.rpartition("/")[2]
        if parent:
            return f"{parent.id}/{last}/{self.name}"
        return f"{scope.id if scope else GROUP}/providers/{self.kind}/{self.name}"

    def member(self, name: str) -> Any:
        """Return what Bicep's `resource.name` is."""
        if name in ("id", "name"):
            return getattr(self, name)
        return Properties(self) if name == "properties" else self.body[name]


@dataclass
class Properties:
    """A resource's properties: those of the file, and those that Azure will add."""

    resource: Resource

    def member(self, name: str) -> Any:
        """Return one of them."""
        return self.resource.body.get("properties", {}).get(name, Runtime(f"<{self.resource.name}.properties.{name}>"))


@dataclass
class Template(Mapping[str, Any]):
    """A Bicep file with its parameters; each name in it is worked out when it is first asked for."""

    path: Path
    given: dict[str, Any]
    known: dict[str, Any] = field(default_factory=dict)
    resources: list[Resource] = field(default_factory=list)
    referred: list[Resource] = field(default_factory=list)
    modules: dict[str, Template] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse parameters that the file does not have, as the compiler does."""
        self.declarations = read(self.path)
        stray = set(self.given) - {name for name, found in self.declarations.items() if found.kind == "parameter"}
        assert not stray, f"{self.path.name} has no parameters {stray}"

    def __getitem__(self, name: str) -> Any:
        """Return the value of a parameter, variable, resource, module or output."""
        if name not in self.known:
            declaration = self.declarations[name]
            self.known[name] = getattr(self, declaration.kind)(name, declaration)
        return self.known[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names in the file's order."""
        return iter(self.declarations)

    def __len__(self) -> int:
        """Return how many names there are."""
        return len(self.declarations)

    def parameter(self, name: str, found: Declaration) -> Any:
        """Return a parameter's value, held against its decorators."""
        if name not in self.given:
            assert found.value is not None, f"{self.path.name} needs {name}"
        value = self.given[name] if name in self.given else evaluate_value(found, self)
        if not isinstance(value, Runtime):
            found.check(name, value)
        return value

    def variable(self, name: str, found: Declaration) -> Any:
        """Return a variable's value."""
        return evaluate_value(found, self)

    def output(self, name: str, found: Declaration) -> Any:
        """Return an output's value; outputs may have the name of a variable."""
        return evaluate_value(found, self)

    def resource(self, name: str, found: Declaration) -> Any:
        """Return a resource, a list of them for a loop, or None where its condition does not hold."""
        kind, _, version = text_of(parts(found.node)[1])[1:-1].partition("@")
        value = evaluate_value(found, self)
        bodies = value if isinstance(value, list) else [value] if value else []
        made = [Resource(kind, version, body) for body in bodies]
        (self.referred if found.is_existing else self.resources).extend(made)
        return made if isinstance(value, list) else made[0] if made else None

    def module(self, name: str, found: Declaration) -> Any:
        """Return a module, worked out with its own parameters, or None where its condition does not hold."""
        body = evaluate_value(found, self)
        if body is None:
            return None
        path = self.path.parent / text_of(parts(found.node)[1])[1:-1]
        inner = self.modules[name] = Template(path, body["params"]).complete()
        self.resources += inner.resources
        return {"outputs": inner.outputs}

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs by name."""
        return {name.removeprefix("output "): self[name] for name in self if name.startswith("output ")}

    def complete(self) -> Template:
        """Work everything out."""
        for name in self:
            self[name]
        return self

    def of(self, kind: str) -> list[Resource]:
        """Return the resources of a type."""
        return [resource for resource in self.resources if resource.kind == kind]


@dataclass(frozen=True)
class Declaration:
    """One parameter, variable, resource, module or output, with its decorators."""

    kind: str
    node: Node
    decorators: dict[str, Any]

    @property
    def type(self) -> str:
        """What a parameter or output is declared to be."""
        return next(text_of(child) for child in parts(self.node) if child.type == "type")

    @property
    def is_existing(self) -> bool:
        """Whether a resource is only referred to."""
        return any(child.type == "existing" for child in self.node.children)

    @property
    def value(self) -> Node | None:
        """The expression on the right; None for a parameter that has to be given."""
        last = parts(self.node)[-1]
        return None if last.type == "type" else last

    def check(self, name: str, value: Any) -> None:
        """Raise ValueError where a parameter's value is not what its type and decorators allow."""
        limits = self.decorators
        fits = isinstance(value, PRIMITIVES[self.type]) and value in limits.get("allowed", [value])
        if fits and self.type == "string":
            fits = limits.get("minLength", 0) <= len(value) <= limits.get("maxLength", len(value))
        if fits and self.type == "int":
            fits = limits.get("minValue", value) <= value <= limits.get("maxValue", value)
        if not fits:
            raise ValueError(f"{name} may not be {value!r}")


def evaluate_value(found: Declaration, names: Mapping[str, Any]) -> Any:
    """Return what stands on a declaration's right side; None where its condition does not hold."""
    value = found.value
    assert value is not None
    if value.type != "if_statement":
        return evaluate(value, names)
    condition, body = parts(value)
    return evaluate(body, names) if evaluate(condition, names) else None


@cache
def read(path: Path) -> dict[str, Declaration]:
    """Return what a file declares, by name; outputs as `output name`, since they may share a name with a variable."""
    declarations: dict[str, Declaration] = {}
    decorators: dict[str, Any] = {}
    for node in parts(parse(path.read_text(encoding="utf-8"))):
        if node.type == "decorators":
            for call in (parts(decorator)[0] for decorator in parts(node)):
                decorators[text_of(parts(call)[0])] = evaluate(parts(parts(call)[1])[0], {})
            continue
        kind = node.type.removesuffix("_declaration")
        if kind in ("parameter", "variable", "resource", "module", "output"):
            name = text_of(parts(node)[0])
            declarations[f"output {name}" if kind == "output" else name] = Declaration(kind, node, decorators)
        else:
            assert kind in ("metadata", "target_scope_assignment"), f"{path.name}: {node.type}"
        decorators = {}
    return declarations


def parameters_in(source: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what a .bicepparam file assigns, with these environment variables."""

    def variable(found: re.Match[str]) -> str:
        value = environ.get(found[1])
        return (found[2] if value is None else f"'{value}'") or f"<{found[1]} is not set>"

    source = re.sub(r"readEnvironmentVariable\('(\w+)'(?:, ('[^']*'))?\)", variable, source)
    # The grammar knows `using`, but takes `param name = value` for a declaration without a type.
    root = parse(re.sub(r"^param ", "var ", source, flags=re.MULTILINE))
    found = [parts(node) for node in parts(root) if node.type == "variable_declaration"]
    return {text_of(name): evaluate(value, {}) for name, value in found}


def deploy(**parameters: Any) -> Template:
    """Work main.bicep out with these parameters, and an account."""
    return Template(INFRA / "main.bicep", {**ACCOUNT, **parameters}).complete()


# Everything that the parameters can switch on.
ALL: dict[str, Any] = {
    "alertEmail": "someone@example.com",
    "deployerWritesSecrets": True,
    "alwaysReady": 2,
    "rotating": True,
    "twilioApiKey": "SK" + "0" * 32,
    "twilioTwimlAppSid": "AP" + "0" * 32,
    "publicBaseUrl": "https://phone.example",
    "tags": {"team": "telephony"},
}

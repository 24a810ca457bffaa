"""The imports between the project's own modules, read from the source; nothing is executed.

An import counts wherever it is: inside a function and under `TYPE_CHECKING` too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from tests.support.app import ROOT

# The folders in which Python finds modules of the project.
SEARCH_PATH = (ROOT, ROOT / "infra")

Graph = dict[str, set[str]]
# From top to bottom. What is on one line must not import each other.
Layers = list[list[str]]


def import_graph(*names: str) -> Graph:
    """Return the modules with these names and those below them, each with the project's modules that it imports."""
    return {module: imports_of(path) for name in names for module, path in modules_below(name)}


def modules_below(name: str) -> Iterator[tuple[str, Path]]:
    """Yield the name and the file of a module, or of each module in a package."""
    file = find_module(name)
    assert file, f"there is no module {name}"
    if file.name != "__init__.py":
        yield name, file
        return
    for path in sorted(file.parent.rglob("*.py")):
        if "node_modules" not in path.parts:
            parts = path.relative_to(file.parent).with_suffix("").parts
            yield ".".join([name, *(part for part in parts if part != "__init__")]), path


@cache
def find_module(name: str) -> Path | None:
    """Return the file of one of the project's modules, or None."""
    for folder in SEARCH_PATH:
        base = folder.joinpath(*name.split("."))
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                return path
        if base.is_dir() and any(base.glob("*.py")):
            return base / "__init__.py"  # a package without this file
    return None


def imports_of(path: Path) -> set[str]:
    """Return the project's modules that a file imports; `from package import module` imports the module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{path} has a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                names.add(inner if find_module(inner) else node.module)
    return {name for name in names if find_module(name)}


def violations(graph: Graph, layers: Layers) -> list[str]:
    """Return the imports that do not point from a layer to a lower one, and the modules that are in no layer."""
    level = {name: number for number, line in enumerate(layers) for name in line}
    found = []
    for module, imported in sorted(graph.items()):
        own = place_of(module, level)
        if own is None:
            found.append(f"{module} is in no layer")
            continue
        for other in sorted(imported):
            place = place_of(other, level)
            if place is None or (place != own and level[place] <= level[own]):
                found.append(f"{module} imports {other}")
    return found


def place_of(module: str, names: Iterable[str]) -> str | None:
    """Return the longest of the names that is the module's own or that of a package around it."""
    around = [name for name in names if module == name or module.startswith(f"{name}.")]
    return max(around, key=len, default=None)


def cycles(graph: Graph) -> list[list[str]]:
    """Return import cycles, each as a list of modules that ends where it starts; no list if there is no cycle."""
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(module: str, way: list[str]) -> None:
        if module in way:
            found.append([*way[way.index(module) :], module])
        elif module not in done:
            for other in sorted(graph.get(module, ())):
                visit(other, [*way, module])
            done.add(module)

    for module in sorted(graph):
        visit(module, [])
    return found

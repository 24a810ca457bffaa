"""Which module may import which."""

from __future__ import annotations

import pytest

from tests.support.app import FUNCTIONS, ROOT
from tests.support.imports import Graph, Layers, cycles, import_graph, imports_of, violations

DEPLOYED: Layers = [["function_app"], FUNCTIONS, ["shared"]]

SHARED: Layers = [
    ["shared.twimlets", "shared.browser_calls"],
    ["shared.scripts", "shared.sending"],
    ["shared.activity"],
    ["shared.contract"],
    ["shared.scripts.verbs", "shared.twilio", "shared.storage"],
    ["shared.phone_numbers"],
    ["shared.settings", "shared.request_body", "shared.responses", "shared.contract.operation"],
    [
        *("shared.twiml_builder", "shared.errors", "shared.validation_messages", "shared.web_addresses"),
        *("shared.masking", "shared.patterns", "shared.clock"),
        *("shared.static_page", "shared.http_session", "shared.ttl_cache", "shared.time_limit"),
    ],
    ["shared"],  # shared/__init__.py
]


def test_function_app_imports_the_functions_and_the_functions_import_shared() -> None:
    """Functions do not import each other. Nothing deployed imports what is not deployed."""
    assert violations(import_graph("function_app", *FUNCTIONS, "shared"), DEPLOYED) == []


def test_the_modules_of_shared_import_only_lower_ones() -> None:
    """A new module needs a place in the list."""
    assert violations(import_graph("shared"), SHARED) == []


def test_bench_measures_the_app_and_dev_runs_it() -> None:
    """What runs on a laptop only uses the emulator and the deployment commands as programs."""
    assert violations(import_graph("bench", "dev"), [["bench"], ["dev", "shared"], ["function_app"]]) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports for type checking count too."""
    assert cycles(import_graph("function_app", *FUNCTIONS, "shared", "dev", "bench", "fake_twilio", "deployment")) == []


def test_no_test_module_imports_another() -> None:
    """What tests share is in tests/support."""
    imports = {path.name: imports_of(path) for path in (ROOT / "tests").rglob("*.py")}

    assert [name for name, imported in imports.items() if any(".test_" in other for other in imported)] == []


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        ({"low": {"top"}, "top": set()}, ["low imports top"]),
        ({"left.a": {"right"}, "right": set()}, ["left.a imports right"]),
        ({"top": {"elsewhere"}}, ["top imports elsewhere"]),
        ({"new": {"low"}}, ["new is in no layer"]),
        ({"left.inner": {"left"}}, ["left.inner imports left"]),
        ({"top": {"low", "left.a"}, "left.a": {"left.b", "low.x", "left.inner"}, "left.b": set()}, []),
    ],
)
def test_a_broken_import_rule_is_found(graph: Graph, found: list[str]) -> None:
    """An import upwards, sideways, out of the list, or by a module that is not in the list."""
    assert violations(graph, [["top"], ["left", "right"], ["low", "left.inner"]]) == found


def test_an_import_circle_is_found() -> None:
    """With all its members, and without the modules that only lead to it."""
    assert cycles({"a": {"b"}, "b": {"c", "d"}, "c": {"b"}, "d": set()}) == [["b", "c", "b"]]

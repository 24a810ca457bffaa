"""Which module of infra/ may import which."""

from __future__ import annotations

from tests.support.imports import Layers, import_graph, violations

COMMANDS = ["deploy", "destroy", "rotate", "connect_number"]
# From top to bottom; what is on one line must not import each other.
LAYERS: Layers = [
    ["azd_hook"],
    COMMANDS,
    ["deployment.drift"],
    ["deployment.connection"],
    ["deployment.rotation"],
    ["deployment.publish"],
    ["deployment.app_package", "deployment.key_vault"],
    ["deployment.template"],
    ["deployment.number"],
    ["deployment.deployed_app", "deployment.twilio_settings", "deployment.steps"],
    ["deployment.azure_cli"],
    ["deployment.twilio_api"],
    ["deployment.terminal", "deployment.options"],
    ["deployment"],
]


def test_commands_import_their_parts_and_parts_import_only_lower_ones() -> None:
    """No command imports another one, but the hook of azd uses steps of deploy.py."""
    assert violations(import_graph("azd_hook", "deployment", *COMMANDS), LAYERS) == []

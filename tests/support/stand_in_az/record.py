"""Records what the real Azure CLI takes, for the stand-in to check: which options a command has, and which it needs.

Run it with a Python that has azure-cli (not the project's .venv: the CLI brings a hundred packages), and no login:
    python -m venv /tmp/azure-cli && /tmp/azure-cli/bin/pip install azure-cli
    /tmp/azure-cli/bin/python tests/support/stand_in_az/record.py
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any

RECORD = Path(__file__).with_name("commands.json")
COMMANDS = """
    account list, account show, bicep build, bicep build-params, bicep install, bicep lint, bicep upgrade, bicep
    version, deployment group cancel, deployment group create, deployment group delete, deployment group list,
    deployment group show, deployment group what-if, functionapp config appsettings list, functionapp config
    appsettings set, functionapp deployment source config-zip, functionapp function keys list, functionapp
    function list, functionapp keys list,
    functionapp list-flexconsumption-locations, functionapp list-flexconsumption-runtimes, functionapp show, group
    create, group delete, group exists, group list, group show, keyvault list-deleted, keyvault purge, keyvault
    secret set, keyvault secret set-attributes, keyvault secret show, lock list, login, monitor log-analytics
    workspace delete, provider register, resource delete, resource list, rest, role assignment create, upgrade,
    version
"""
# Every command has these, or none shows them; nobody here uses them.
UNUSED = {"--acquire-policy-token", "--change-reference", "--cmd", "--debug", "--only-show-errors", "--verbose"} | {
    "--___SUBSCRIPTION"
}


def main() -> None:
    """Write the record."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(AZURE_CONFIG_DIR=folder, AZURE_CORE_COLLECT_TELEMETRY="0")
        version = importlib.import_module("azure.cli.core").__version__
        commands = {name: options_of(name) for name in (" ".join(name.split()) for name in COMMANDS.split(","))}
    lines = [f'{{\n"azure-cli": "{version}",\n"commands": {{']
    for number, (command, options) in enumerate(commands.items()):
        lines.append(f'"{command}": {{')
        lines.append(",\n".join(f'  "{names}": {json.dumps(option)}' for names, option in options.items()))
        lines.append("}" if number == len(commands) - 1 else "},")
    RECORD.write_text("\n".join([*lines, "}}"]) + "\n", "utf-8")


def options_of(command: str) -> dict[str, dict[str, Any]]:
    """Return the options in the parser that the CLI itself makes for a command."""
    core, parsers = importlib.import_module("azure.cli.core"), importlib.import_module("azure.cli.core.parser")
    kind, made = parsers.AzCliCommandParser, []
    original = kind.load_command_table

    def load(self: Any, loader: Any) -> None:
        original(self, loader)
        made.append(self)

    kind.load_command_table = load
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
            core.get_default_cli().invoke([*command.split(), "--help"])
    finally:
        kind.load_command_table = original
    *groups, last = command.split()
    parser = made[-1].subparsers[tuple(groups)].choices[last]
    described = (describe(action) for action in parser._actions)
    return {names: option for names, option in described if names}


def describe(action: Any) -> tuple[str, dict[str, Any]]:
    """Return an option's names, and what it takes."""
    names = [name for name in action.option_strings if name.startswith("-") and name not in UNUSED]
    if isinstance(action, argparse._HelpAction):
        names = []
    option: dict[str, Any] = {"takes": {None: "one", 0: "none"}.get(action.nargs, action.nargs)}
    if action.required:
        option["required"] = True
    if action.choices:
        option["choices"] = sorted(map(str, action.choices))
    return " ".join(names), option


if __name__ == "__main__":
    main()

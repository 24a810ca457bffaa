"""`--plan`: the same steps, with an Azure CLI that only prints what it would run.

The output is a shell script for the first deployment into a group that does not exist yet. It needs neither the CLI nor
a login; what only Azure knows becomes a shell variable.
"""

from __future__ import annotations

import json
from typing import Any

from deployment.azure_cli import Az
from deployment.terminal import Terminal, command_line

BEFORE = """The commands of a first deployment. They are a shell script: read it, and paste it line by line or whole.
It takes Twilio's names and secrets from the environment, so that none is on a command line:
    export TWILIO_ACCOUNT_SID=AC... TWILIO_API_KEY=SK... TWILIO_FROM_NUMBER=+1...
    read -rs TWILIO_AUTH_TOKEN && export TWILIO_AUTH_TOKEN
    read -rs TWILIO_API_SECRET && export TWILIO_API_SECRET"""


class Plan(Az):
    """Prints commands and answers as a subscription would in which there is nothing yet."""

    plan = True

    def __init__(self, terminal: Terminal, location: str, subscription: str = "") -> None:
        """Answer as a subscription that knows this region."""
        super().__init__(terminal, subscription)
        self.answers: dict[tuple[str, ...], Any] = {
            ("version",): {"azure-cli": "2.91.0"},
            ("account", "show"): {"user": {"type": "user"}},
            ("group", "exists"): False,
            ("functionapp", "list-flexconsumption-locations"): [{"name": location}],
            ("functionapp", "list-flexconsumption-runtimes"): [],
            ("provider", "list"): [],
            ("keyvault", "list-deleted"): [],
        }

    def execute(self, words: list[str]) -> str:
        """Print one command."""
        self.terminal.command(["az", *self.in_subscription(words)])
        for command, answer in self.answers.items():
            if tuple(words[: len(command)]) == command:
                return json.dumps(answer)
        return ""

    def value(self, variable: str, *words: str, query: str) -> str:
        """Print how a shell keeps the answer in a variable, and return the variable."""
        command = command_line(["az", *self.in_subscription([*words, "--query", query, "--output", "tsv"])])
        self.terminal.command(f"{variable}=$({command})")
        return f"${variable}"

"""A stand-in for the Azure behind the CLI: one subscription, and what was asked of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.stand_in_az import answers_app, answers_deployments, answers_groups, answers_vault
from tests.support.stand_in_az.app import App
from tests.support.stand_in_az.cli import Call, Refusal


@dataclass
class Fault:
    """One command fails so many times: instead of being carried out, or `after` it was."""

    command: str
    text: str
    code: int = 1
    times: int = 1
    after: bool = False
    containing: str = ""

    def meets(self, call: Call) -> bool:
        """Whether this command is one that fails."""
        return self.times > 0 and call.command == self.command and self.containing in " ".join(call.words)


@dataclass
class Azure:
    """What there is in the subscription."""

    app: App
    login: dict[str, Any] | None = field(default_factory=lambda: {"name": "ann@example.com", "type": "user"})
    version: str = "2.91.0"
    regions: list[str] = field(default_factory=lambda: ["westeurope", "eastus2"])
    pythons: list[str] = field(default_factory=lambda: ["3.13", "3.12", "3.11"])
    registered: set[str] = field(default_factory=lambda: {"Microsoft.Web", "Microsoft.Storage"})
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: list[dict[str, Any]] = field(default_factory=list)
    deployments: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    vaults: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    deleted_vaults: list[dict[str, Any]] = field(default_factory=list)
    roles: list[dict[str, Any]] = field(default_factory=list)
    role_lag: int = 0
    faults: list[Fault] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    before: Callable[[Call], None] = lambda call: None

    def __call__(self, call: Call) -> Any:
        """Answer one command, in the shape that azure-cli 2.91.0 prints."""
        self.calls.append(call)
        self.before(call)
        fault = next((fault for fault in self.faults if fault.meets(call)), None)
        if fault:
            fault.times -= 1
            if fault.after:
                self.carry_out(call)
            raise Refusal(fault.text, fault.code)
        return self.carry_out(call)

    def carry_out(self, call: Call) -> Any:
        """Do what a command says: the function of that name does, with underscores in it."""
        if self.login is None and call.command != "version":
            raise Refusal("Please run 'az login' to setup account.")
        name = re.sub(r"\W", "_", call.command)
        places = (answers_groups, answers_deployments, answers_vault, answers_app)
        return next(getattr(place, name) for place in places if hasattr(place, name))(self, call)

    def ran(self, command: str) -> int:
        """Return how often a command was asked for."""
        return sum(call.command == command for call in self.calls)

    def wait_for_role(self, text: str) -> None:
        """Refuse as long as the role that it takes is new."""
        if self.role_lag:
            self.role_lag -= 1
            raise Refusal(text)

    def secret(self, name: str) -> str:
        """Return the value of a secret, in whichever vault it is."""
        [vault] = self.vaults.values()
        return str(vault[name][-1]["value"]) if name in vault else ""

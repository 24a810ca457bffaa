"""Connects the number and the service by infra/connect_number.py, with Twilio's secrets in its environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deployment import key_vault
from deployment.azure_cli import Az, AzFailed
from deployment.deployed_app import Deployment
from deployment.patience import Patience
from deployment.secret_names import SECRET_NAMES
from deployment.steps import Failed, Steps
from deployment.terminal import Terminal, command_line
from deployment.twilio_settings import NAMES

SERVICE = "TWILIO_MESSAGING_SERVICE_SID"
SCRIPT = Path(__file__).resolve().parents[1] / "connect_number.py"


def credentials(
    az: Az, app: Deployment, live: Mapping[str, str], given: Mapping[str, str], patience: Patience | None = None
) -> dict[str, str]:
    """Return what opens Twilio's REST API: as given now, else out of Key Vault, with patience for a new role."""

    def read(name: str) -> str:
        if patience is None:
            return key_vault.read(az, app.vault, name)
        return key_vault.read_when_allowed(az, app.vault, name, patience)

    names = {name: given.get(name) or live.get(name, "") for name in ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY")}
    wanted = ["TWILIO_AUTH_TOKEN", *(["TWILIO_API_SECRET"] if names["TWILIO_API_KEY"] else [])]
    try:
        secrets = {name: given.get(name) or read(name) for name in wanted}
    except AzFailed as error:
        raise Failed(
            f"Twilio's secrets are needed and cannot be read from the vault:\n{error.text}",
            f"Set {' and '.join(wanted)} in the environment, or get the role 'Key Vault Secrets User' on {app.vault}.",
        ) from None
    return {name: value for name, value in {**names, **secrets}.items() if value}


def connect_app(
    az: Az,
    steps: Steps,
    app: Deployment,
    names: Mapping[str, str],
    given: Mapping[str, str],
    patience: Patience,
    *options: str,
) -> None:
    """Take the step of connecting what these settings name, if they do: Twilio's secrets are as given, or the vault's.

    Addresses that are, or were, the app's own are told by `options`, so that nobody else is thought to have them.
    """
    connected = something_to_connect(names)
    if not connected:
        return
    steps.begin("Connect the number")
    secrets = {} if az.plan else credentials(az, app, names, given, patience)
    connect(az.terminal, names, app.base_url, secrets, "--yes", *options)
    steps.leaves(f"{connected}, connected to {app.base_url}")


def former_addresses(app: Deployment, *before: str) -> list[str]:
    """Return the options that name where Twilio may still find the app: a domain of one's own comes later, or goes."""
    known = dict.fromkeys([*before, app.address])
    return [word for url in known if url not in ("", app.base_url) for word in ("--formerly", url)]


def connect(
    terminal: Terminal, names: Mapping[str, str], base_url: str, secrets: Mapping[str, str], *options: str
) -> None:
    """Run connect_number.py for the number and the Messaging Service of these settings; raises Failed when it fails."""
    given = {"--number": names.get("TWILIO_FROM_NUMBER"), "--messaging-service": names.get(SERVICE)}
    words = [word for name, value in given.items() if value for word in (name, value)]
    words += ["--base-url", base_url, *options]
    shown = command_line(["python3", "infra/connect_number.py", *words])
    terminal.command(shown)
    if terminal.comments:
        return
    clean = {name: value for name, value in os.environ.items() if name not in (*NAMES, *SECRET_NAMES)}
    command = [sys.executable, str(SCRIPT), *words]
    done = subprocess.run(command, env={**clean, **secrets}, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise Failed(
            f"connect_number.py ended with exit code {done.returncode}; its words are above.",
            "With TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN in the environment, it can be run by itself:",
            shown,
        )


def something_to_connect(names: Mapping[str, str]) -> str:
    """Return what there is to connect, in words; empty when there is nothing."""
    return " and ".join(filter(None, (names.get("TWILIO_FROM_NUMBER"), names.get(SERVICE))))

"""Secrets in Key Vault: they travel in files that only this user can read, never in a command."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from deployment.azure_cli import Az, AzFailed
from deployment.deployed_app import Deployment
from deployment.patience import NEW_NAME, Patience
from deployment.secret_names import SECRET_NAMES


def stored(az: Az, vault: str) -> set[str] | None:
    """Return the names of the secrets that can be used; None when this login may not look."""
    if not vault:
        return set()
    try:
        found = az.find("keyvault", "secret", "list", "--vault-name", vault)
    except AzFailed as error:
        if "Forbidden" in error.text:
            return None
        if re.search(NEW_NAME, error.text):
            return set()  # there is no such vault any more
        raise
    return {secret["name"] for secret in found or [] if secret["attributes"]["enabled"]}


def read(az: Az, vault: str, setting: str) -> str:
    """Return a secret, empty when there is none."""
    command = ("keyvault", "secret", "show", "--vault-name", vault, "--name", SECRET_NAMES[setting])
    try:
        value = az.find(*command, "--query", "value")
    except AzFailed as error:
        if "disabled secret" in error.text:
            return ""
        raise
    return az.terminal.hide(str(value or ""))


def read_when_allowed(az: Az, vault: str, setting: str, patience: Patience) -> str:
    """Return a secret, as soon as a role that was given a moment ago works."""
    return patience.until_allowed(lambda: read(az, vault, setting), "reading secrets")


def write(az: Az, vault: str, setting: str, value: str, patience: Patience, *options: str) -> str:
    """Put a secret into the vault; return the address of its new version."""
    az.terminal.hide(value)
    name = SECRET_NAMES[setting]
    with tempfile.TemporaryDirectory(prefix="phone-") as folder:  # 0700, and removed whatever happens
        path = Path(folder) / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(value)
        command = ("keyvault", "secret", "set", "--vault-name", vault, "--name", name, "--file", str(path), *options)
        # What this command prints holds the secret, but for the query.
        return patience.until_allowed(
            lambda: az.execute([*command, "--query", "id", "--output", "tsv"]).strip(), "writing secrets"
        )


def plan_write(az: Az, vault: str, setting: str) -> None:
    """Print how a secret gets from the environment into the vault."""
    name = SECRET_NAMES[setting]
    az.terminal.command(f'(umask 077; printf %s "${setting}" > {name})')
    command = ("keyvault", "secret", "set", "--vault-name", vault, "--name", name, "--file", name)
    az.execute([*command, "--query", "id", "--output", "tsv"])
    az.terminal.command(f"rm {name}")


def fetch_again(az: Az, deployment: Deployment) -> None:
    """Make the app fetch its Key Vault references now; by itself it does so once a day, and not at a restart.

    https://learn.microsoft.com/azure/app-service/app-service-key-vault-references#understand-rotation
    """
    path = deployment.resource("config/configreferences/appsettings/refresh?api-version=2022-03-01")
    az.do("rest", "--method", "post", "--uri", path)

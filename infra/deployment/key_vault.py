"""Secrets in Key Vault: they travel in files that only this user can read, never in a command."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from deployment.azure_cli import NEW_NAME, Az, AzFailed
from deployment.deployed_app import Deployment
from deployment.options import SECRET_NAMES


def read(az: Az, vault: str, setting: str) -> str:
    """Return a secret, empty when there is none or it is disabled."""
    command = ("keyvault", "secret", "show", "--vault-name", vault, "--name", SECRET_NAMES[setting])
    try:
        return az.terminal.hide(str(az.find(*command, "--query", "value") or ""))
    except AzFailed as error:
        if "disabled secret" in error.text:
            return ""
        raise


def read_all(az: Az, vault: str) -> dict[str, str]:
    """Return the app's secrets by setting."""
    return {setting: read(az, vault, setting) for setting in SECRET_NAMES if vault}


def stored(az: Az, vault: str) -> dict[str, str] | None:
    """Return the app's secrets by setting; None when this login may not read them."""
    try:
        return read_all(az, vault)
    except AzFailed as error:
        if "Forbidden" in error.text:
            return None
        if re.search(NEW_NAME, error.text):
            return {}  # the vault no longer exists
        raise


def write(az: Az, vault: str, setting: str, value: str, *options: str) -> str:
    """Put a secret into the vault; return the address of its new version."""
    name = SECRET_NAMES[setting]
    az.terminal.hide(value)

    def attempt() -> str:
        with tempfile.TemporaryDirectory(prefix="phone-") as folder:  # 0700, and removed at the end of the attempt
            path = Path(folder) / name
            path.touch(0o600)
            path.write_text(value, "ascii")
            command = ["keyvault", "secret", "set", "--vault-name", vault, "--name", name, "--file", str(path)]
            # Without the query, this command prints the secret.
            return az.execute([*command, *options, "--query", "id", "--output", "tsv"]).strip()

    return az.until_allowed(attempt, "writing secrets")


def fetch_again(az: Az, app: Deployment) -> None:
    """Make the app read its Key Vault references now; by itself it does so once a day.

    https://learn.microsoft.com/azure/app-service/app-service-key-vault-references#understand-rotation
    """
    path = app.path("config/configreferences/appsettings/refresh?api-version=2022-03-01")
    az.do("rest", "--method", "post", "--uri", path)

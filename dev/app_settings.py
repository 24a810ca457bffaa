"""The app's settings on a laptop: those of local.settings.json.example with this run's ports, or one's own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from dev.azurite import connection_string
from dev.environment import venv_environ
from dev.setup import ROOT, SetupError

# A developer's shell may hold settings of a real account; `python3 -m dev run` never uses them.
FOREIGN = ("TWILIO_", "TABLES_", "AZURE_", "WEBSITE_", "AzureWebJobs", "FUNCTIONS_", "APPLICATIONINSIGHTS_")

# What is somebody's own at Twilio.
OWN = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_KEY", "TWILIO_API_SECRET", "TWILIO_FROM_NUMBER")


def settings(port: int, phones_port: int, tables_port: int) -> dict[str, str]:
    """Return every setting of the example file, pointed at the services on these ports."""
    return {
        **read_values("local.settings.json.example"),
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "TWILIO_API_BASE_URL": f"http://127.0.0.1:{phones_port}",
        "TABLES_CONNECTION_STRING": connection_string(tables_port),
    }


def own_settings(file: Path) -> dict[str, str]:
    """Return the settings in somebody's own file; raises SetupError where they still are the example's."""
    example, own = read_values("local.settings.json.example"), read_values(file)
    values = {**dict.fromkeys(example, ""), **own}
    values["PUBLIC_BASE_URL"] = values["PUBLIC_BASE_URL"].rstrip("/")
    wrong = [f"{name}: still the example's" for name in OWN if values[name] == example[name]]
    if values["TWILIO_API_BASE_URL"] == example["TWILIO_API_BASE_URL"]:
        wrong.append("TWILIO_API_BASE_URL: leads to the fake Twilio; empty it")
    if not re.fullmatch(r"https://[\w.:-]+(/.*)?", values["PUBLIC_BASE_URL"]):
        wrong.append("PUBLIC_BASE_URL: expected the tunnel's address, which begins with https://")
    elif values["PUBLIC_BASE_URL"].endswith("/api"):
        wrong.append("PUBLIC_BASE_URL: expected the tunnel's address without /api, which the app adds")
    if wrong:
        raise SetupError(f"{file} is not ready for a real account:\n  " + "\n  ".join(wrong))
    return values


def service_environ(values: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a service: this shell's, without foreign settings, and these settings."""
    env = {name: value for name, value in venv_environ().items() if not name.startswith(FOREIGN)}
    # What runs here talks to this machine only, also where a proxy leads to the rest of the world.
    no_proxy = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1,localhost"]))
    return {**env, "NO_PROXY": no_proxy, "no_proxy": no_proxy, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", **values}


def read_values(name: str | Path) -> dict[str, str]:
    """Return the settings in a file of the form that Core Tools read."""
    try:
        values = dict(json.loads((ROOT / name).read_text("utf-8-sig"))["Values"])
    except OSError as error:
        raise SetupError(f"{name} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise SetupError(f"{name} is not JSON with an object `Values`: repair it, or move it away.") from None
    if others := [setting for setting, value in values.items() if not isinstance(value, str)]:
        raise SetupError(f"{name}: every value is a text in quotes; {', '.join(others)} is not.")
    return values


def check_for_core_tools() -> None:
    """Raise SetupError where `func` would mix settings of local.settings.json with ours.

    It lets an environment variable win only when that has a value:
    https://github.com/Azure/azure-functions-core-tools, StartHostAction.UpdateEnvironmentVariables
    """
    if not (ROOT / "local.settings.json").exists():
        return
    ours = read_values("local.settings.json.example")
    own = read_values("local.settings.json")
    mixed = sorted(name for name, value in own.items() if value and name.startswith(FOREIGN) and not ours.get(name))
    if mixed:
        raise SetupError(
            f"local.settings.json sets {', '.join(mixed)}, which `func` would use here too: move that file away, "
            "or leave --host out and use the built-in host."
        )

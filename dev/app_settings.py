"""The app's settings on a laptop: the example's with this run's ports and the user's choices, or the user's own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from dev.azurite import connection_string
from dev.environment import venv_environ
from dev.setup import ROOT, SetupError

EXAMPLE = "local.settings.json.example"
LOCAL = "local.settings.json"

# Settings of an account or of Azure. A shell or local.settings.json may have those of a real account, which
# `python3 -m dev run` never uses without --settings.
FOREIGN = ("TWILIO_", "TABLES_", "AZURE_", "WEBSITE_", "AzureWebJobs", "FUNCTIONS_", "APPLICATIONINSIGHTS_")
ADDRESS = "PUBLIC_BASE_URL"

# What belongs to a Twilio account.
OWN = (
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_API_KEY",
    "TWILIO_API_SECRET",
    "TWILIO_FROM_NUMBER",
    "TWILIO_TWIML_APP_SID",
)


@dataclass(frozen=True)
class Chosen:
    """Settings that the user chose: from a file, and by --set."""

    values: dict[str, str]
    words: str
    """Where each one is from, by name and without values; empty when none was chosen."""


def settings(port: int, phones_port: int, tables_port: int) -> dict[str, str]:
    """Return every setting of the example file, pointed at the services on these ports."""
    return {
        **read_values(EXAMPLE),
        ADDRESS: f"http://127.0.0.1:{port}",
        "TWILIO_API_BASE_URL": f"http://127.0.0.1:{phones_port}",
        "TABLES_CONNECTION_STRING": connection_string(tables_port),
    }


def chosen_settings(given: Mapping[str, str]) -> Chosen:
    """Return the settings of local.settings.json that are not of an account, overridden by those given with --set."""
    example = read_values(EXAMPLE)
    file = read_values(LOCAL) if (ROOT / LOCAL).exists() else {}
    # A copy of the example is no choice.
    taken = {name: value for name, value in file.items() if not is_of_account(name) and value != example.get(name)}
    unused = sorted(name for name, value in file.items() if is_of_account(name) and value != example.get(name, ""))
    words = where_from({LOCAL: taken.keys() - given.keys(), "--set": given.keys()})
    if unused:
        words = f"{words} Not used without --settings {LOCAL}: {', '.join(unused)}.".lstrip()
    return Chosen({**taken, **given}, words)


def where_from(names: Mapping[str | Path, Collection[str]]) -> str:
    """Return a sentence that names the settings from each source; empty when there are none."""
    parts = [f"{', '.join(sorted(found))} from {source}" for source, found in names.items() if found]
    return f"Settings: {'; '.join(parts)}." if parts else ""


def is_of_account(name: str) -> bool:
    """Whether a setting is of a Twilio or Azure account, or the app's address; Windows ignores the case of names."""
    return name.upper().startswith(tuple(prefix.upper() for prefix in FOREIGN)) or name.upper() == ADDRESS


def given_setting(text: str) -> tuple[str, str]:
    """Read a NAME=VALUE of --set; raise SetupError when that is no setting that a run can take."""
    name, equals, value = text.partition("=")
    known = [known for known in read_values(EXAMPLE) if not is_of_account(known)]
    if not equals:
        raise SetupError("expected NAME=VALUE")
    if is_of_account(name):
        raise SetupError(f"{name} is a setting of an account: put it into a file and give that with --settings")
    if name not in known:
        raise SetupError(f"the app has no setting {name[:60]!r}; expected one of {', '.join(known)}")
    return name, value


def own_settings(file: Path) -> dict[str, str]:
    """Return the settings of the user's own file; raise SetupError when some are still the example's."""
    example, own = read_values(EXAMPLE), read_values(file)
    values = {**dict.fromkeys(example, ""), **own}
    values["PUBLIC_BASE_URL"] = values["PUBLIC_BASE_URL"].rstrip("/")
    wrong = [f"{name}: still the example's" for name in OWN if values[name] == example[name]]
    if values["TWILIO_API_BASE_URL"] == example["TWILIO_API_BASE_URL"]:
        wrong.append("TWILIO_API_BASE_URL: leads to the Twilio emulator; empty it")
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
    # The parts connect to this machine only, so a proxy for other addresses must not be used.
    no_proxy = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1,localhost"]))
    return {**env, "NO_PROXY": no_proxy, "no_proxy": no_proxy, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", **values}


def read_values(name: str | Path) -> dict[str, str]:
    """Return the settings in a file of the form that Core Tools read."""
    try:
        document = json.loads((ROOT / name).read_text("utf-8-sig"))
        values = dict(document["Values"])
    except OSError as error:
        raise SetupError(f"{name} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise SetupError(f"{name} is not JSON with an object `Values`: fix it, or move it away.") from None
    if document.get("IsEncrypted"):
        raise SetupError(f"{name} is encrypted: run `func settings decrypt` first.")
    if others := [setting for setting, value in values.items() if not isinstance(value, str)]:
        raise SetupError(f"{name}: every value must be a string in quotes; {', '.join(others)} is not.")
    return values


def check_for_core_tools() -> None:
    """Raise SetupError when `func` would mix settings of local.settings.json with ours.

    It lets an environment variable win only when that has a value:
    https://github.com/Azure/azure-functions-core-tools, StartHostAction.UpdateEnvironmentVariables
    """
    if not (ROOT / LOCAL).exists():
        return
    ours, own = read_values(EXAMPLE), read_values(LOCAL)
    mixed = sorted(name for name, value in own.items() if value and name.startswith(FOREIGN) and not ours.get(name))
    if mixed:
        raise SetupError(
            f"{LOCAL} sets {', '.join(mixed)}, which `func` would use here too: move that file away, "
            "or leave --host out and use the built-in host."
        )

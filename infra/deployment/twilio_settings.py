"""The app's settings of Twilio: read from the environment or a file, or asked; never shown; checked at Twilio."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deployment.options import E164, SECRET_NAMES
from deployment.terminal import Failed, Terminal
from deployment.twilio_api import TwilioAccount

# The setting, its form, the words for it. All but the first may be empty.
NAMES = {
    "TWILIO_ACCOUNT_SID": (r"AC[0-9a-fA-F]{32}", "the account's SID, AC and 32 hexadecimal digits"),
    "TWILIO_API_KEY": (r"SK[0-9a-fA-F]{32}", "an API key's SID, SK and 32 hexadecimal digits"),
    "TWILIO_FROM_NUMBER": (E164.pattern, "the number that calls and messages come from, like +15005550006"),
    "TWILIO_MESSAGING_SERVICE_SID": (r"MG[0-9a-fA-F]{32}", "a Messaging Service's SID, MG and 32 hexadecimal digits"),
    "TWILIO_TWIML_APP_SID": (r"AP[0-9a-fA-F]{32}", "a TwiML App's SID, AP and 32 hexadecimal digits"),
}
ASKED = ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_FROM_NUMBER")
KNOWN = (*NAMES, *SECRET_NAMES)
CONSOLE = "Copy the values again from https://console.twilio.com"


@dataclass
class TwilioNames:
    """Names for the app's settings, secrets of this run for Key Vault, and the secrets that Key Vault has."""

    names: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    stored: Mapping[str, str] = field(default_factory=dict, repr=False)


def gather(
    given: Mapping[str, str], live: Mapping[str, str], stored: Mapping[str, str] | None, terminal: Terminal
) -> TwilioNames:
    """Return what is given now, else what the app has, else what the user types; checked at Twilio if any of it is new.

    `live` are the app's settings; `stored` its secrets in Key Vault, None where this login may not read them.
    """
    found = TwilioNames(stored=stored or {})
    for name, (_, words) in NAMES.items():
        found.names[name] = given.get(name) or live.get(name, "")
        needed, asked = name == "TWILIO_ACCOUNT_SID", name in ASKED and terminal.has_person()
        if not (found.names[name] or live) and (needed or asked):
            found.names[name] = terminal.ask(f"{name}, {words}" + ("" if needed else "; Enter for none"))
    new_account = found.names["TWILIO_ACCOUNT_SID"] != live.get("TWILIO_ACCOUNT_SID")
    new_key = found.names["TWILIO_API_KEY"] != live.get("TWILIO_API_KEY", "")
    wanted = {"TWILIO_AUTH_TOKEN": new_account}
    if found.names["TWILIO_API_KEY"]:
        wanted["TWILIO_API_SECRET"] = new_account or new_key
    for name, needed in wanted.items():
        value = given.get(name, "")
        if not value and (needed or (stored is not None and not stored.get(name))):
            value = terminal.ask(name, secret=True)
        if value:
            found.secrets[name] = terminal.hide(value)
    check_forms(found)
    if found.secrets:  # a new account or key needs one, too
        check_at_twilio(found)
    return found


def check_forms(found: TwilioNames) -> None:
    """Raise Failed with every malformed value, by name and without a secret's value."""
    wrong = {
        name: words
        for name, (form, words) in NAMES.items()
        if not re.fullmatch(form if name == "TWILIO_ACCOUNT_SID" else f"({form})?", found.names[name])
    }
    for name, value in found.secrets.items():
        if not re.fullmatch(r"[!-~]+", value):
            wrong[name] = "one line of ASCII characters without spaces"
    if wrong:
        raise Failed("\n".join(f"{name}: expected {words}" for name, words in wrong.items()), CONSOLE)


def check_at_twilio(found: TwilioNames) -> None:
    """Raise Failed unless Twilio accepts account, token and key together."""
    account, key = found.names["TWILIO_ACCOUNT_SID"], found.names["TWILIO_API_KEY"]
    token, secret = found.secrets.get("TWILIO_AUTH_TOKEN"), found.secrets.get("TWILIO_API_SECRET")
    wrong = []
    if token and not TwilioAccount(account, account, token).lets_in():
        wrong.append("TWILIO_AUTH_TOKEN is not an auth token of the account TWILIO_ACCOUNT_SID.")
    if key and secret and not TwilioAccount(account, key, secret).lets_key_in():
        wrong.append("TWILIO_API_KEY and TWILIO_API_SECRET are not a key of TWILIO_ACCOUNT_SID and its secret.")
    if wrong:
        raise Failed("\n".join(["Twilio rejects these values:", *wrong]), CONSOLE)


def read_given(path: str, number: str, terminal: Terminal) -> dict[str, str]:
    """Return what the environment and a file of settings contain; the option for the number wins over both."""
    given = {name: os.environ.get(name, "").strip() for name in KNOWN}
    if path:
        if os.name == "posix" and Path(path).exists() and Path(path).stat().st_mode & 0o077:
            terminal.say(f"  Others on this machine may read {path}: chmod 600 {path}")
        given |= {name: value for name, value in values_of(path).items() if name in KNOWN and value}
    given["TWILIO_FROM_NUMBER"] = number or given["TWILIO_FROM_NUMBER"]
    for name in SECRET_NAMES:
        terminal.hide(given[name])
    return given


def values_of(path: str) -> dict[str, str]:
    """Return the settings in a file of `NAME=VALUE` lines, or in one like local.settings.json."""
    try:
        text = Path(path).read_text("utf-8")
        if text.lstrip().startswith("{"):
            return {name: str(value).strip() for name, value in json.loads(text)["Values"].items()}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        why = getattr(error, "strerror", None) or "expected lines of NAME=VALUE, or JSON with an object `Values`"
        raise Failed(f"{path} cannot be read: {why}") from None
    found = {}
    for line in filter(None, (line.strip().removeprefix("export ") for line in text.splitlines())):
        name, _, value = (part.strip() for part in line.partition("="))
        if name in KNOWN:
            found[name] = value.strip("'\"")
        elif not line.startswith("#"):
            raise Failed(f"{path}: a line does not begin with one of {', '.join(KNOWN)} and =")
    return found

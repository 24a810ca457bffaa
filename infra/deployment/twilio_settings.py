"""What the app has to know of Twilio: asked once, or read from the environment or a file, and never shown."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deployment.options import E164
from deployment.secret_names import SECRET_NAMES
from deployment.steps import Failed
from deployment.terminal import Terminal
from deployment.twilio_api import TwilioAccount, TwilioSaidNo, TwilioUnreachable, as_object

# The setting, its form, the words for it. All but the first may be empty.
NAMES = {
    "TWILIO_ACCOUNT_SID": (r"AC[0-9a-fA-F]{32}", "the account's SID, AC and 32 hexadecimal digits"),
    "TWILIO_API_KEY": (r"SK[0-9a-fA-F]{32}", "an API key's SID, SK and 32 hexadecimal digits"),
    "TWILIO_FROM_NUMBER": (E164.pattern, "the number that calls and texts come from, like +15005550006"),
    "TWILIO_MESSAGING_SERVICE_SID": (r"MG[0-9a-fA-F]{32}", "a Messaging Service's SID, MG and 32 hexadecimal digits"),
}
ASKED = ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_FROM_NUMBER")
SECRET_FORM = re.compile(r"[!-~]+")  # visible ASCII: a space or a line break comes from copying, and is never right


@dataclass
class TwilioNames:
    """The names go into the app's settings; the secrets, those of this run only, into Key Vault."""

    names: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)


def gather(
    given: Mapping[str, str], live: Mapping[str, str], stored: set[str] | None, terminal: Terminal
) -> TwilioNames:
    """Return what the app needs: given now, else as the app has it already, else asked.

    `stored` are the secrets that Key Vault has; None stands for a vault that this login may not look into.
    """
    found = TwilioNames()
    first = not live.get("TWILIO_ACCOUNT_SID")
    for name, (_, words) in NAMES.items():
        value = given.get(name, "") or live.get(name, "")
        needed = name == "TWILIO_ACCOUNT_SID"
        if not value and first and name in ASKED and (needed or terminal.has_person()):
            value = terminal.ask(f"{name}, {words}" + ("" if needed else "; Enter for none"))
        found.names[name] = value

    has_key = bool(found.names["TWILIO_API_KEY"])
    new_key = has_key and found.names["TWILIO_API_KEY"] != live.get("TWILIO_API_KEY")
    for name, wanted, again in (("TWILIO_AUTH_TOKEN", True, False), ("TWILIO_API_SECRET", has_key, new_key)):
        value = given.get(name, "")
        known = stored is None or SECRET_NAMES[name] in stored
        if wanted and not value and (again or not known):
            value = terminal.ask_secret(name)
        if value and wanted:
            found.secrets[name] = terminal.hide(value)
    check_forms(found)
    return found


def check_forms(found: TwilioNames) -> None:
    """Raise Failed with every value that cannot be right, by name and without a secret's value."""
    problems = [
        f"{name}: expected {words}"
        for name, (form, words) in NAMES.items()
        if (found.names[name] or name == "TWILIO_ACCOUNT_SID") and not re.fullmatch(form, found.names[name])
    ]
    problems += [
        f"{name}: expected one line of letters, digits and signs; there is a space, a line break or the like in it"
        for name, value in found.secrets.items()
        if not SECRET_FORM.fullmatch(value)
    ]
    if problems:
        raise Failed("\n".join(problems), "Copy them again from https://console.twilio.com")


def check_at_twilio(found: TwilioNames, terminal: Terminal) -> None:
    """Raise Failed when Twilio does not take the secrets: better now than after all has been built."""
    account = found.names["TWILIO_ACCOUNT_SID"]
    token, secret = found.secrets.get("TWILIO_AUTH_TOKEN"), found.secrets.get("TWILIO_API_SECRET")
    refused = []
    try:
        if token and not TwilioAccount(account, account, token).lets_in():
            refused.append("TWILIO_AUTH_TOKEN is not an auth token of the account TWILIO_ACCOUNT_SID")
        if secret and not TwilioAccount(account, found.names["TWILIO_API_KEY"], secret).lets_key_in():
            refused.append("TWILIO_API_KEY and TWILIO_API_SECRET are not a key of the account and its secret")
    except (TwilioSaidNo, TwilioUnreachable) as error:
        terminal.say(f"  Twilio could not be asked whether they are right: {error}")
    if refused:
        raise Failed("Twilio says no:\n" + "\n".join(refused), "Copy them again from https://console.twilio.com")


def read_given(path: str, number: str, terminal: Terminal) -> dict[str, str]:
    """Return what the environment and the file of `NAME=VALUE` lines hold; an option is stronger than both."""
    given = {name: os.environ.get(name, "").strip() for name in (*NAMES, *SECRET_NAMES)}
    if path:
        values = values_of(path)
        if os.name == "posix" and Path(path).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            terminal.say(f"  Others on this machine may read {path}: chmod 600 {path}")
        given.update({name: values[name] for name in (*NAMES, *SECRET_NAMES) if values.get(name)})
    if number:
        given["TWILIO_FROM_NUMBER"] = number
    for name in SECRET_NAMES:
        terminal.hide(given.get(name, ""))
    return given


def values_of(path: str) -> dict[str, str]:
    """Return the settings in a file of `NAME=VALUE` lines, or in one like local.settings.json."""
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}") from None
    if text.lstrip().startswith("{"):
        values = as_object(text.encode()).get("Values")
        if not isinstance(values, dict):
            raise Failed(f"{path} is not JSON with an object `Values`.")
        return {str(name): str(value).strip() for name, value in values.items()}
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            name, _, value = line.strip().removeprefix("export ").partition("=")
            if name.strip() not in (*NAMES, *SECRET_NAMES):
                raise Failed(f"{path}: a line does not begin with one of {', '.join((*NAMES, *SECRET_NAMES))} and =")
            found[name.strip()] = value.strip().strip("'\"")
    return found

"""Command-line options that the commands share, checked as they are read, and the names of the app's secrets."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

E164 = re.compile(r"\+[1-9]\d{1,14}")
# The app's setting, and the name in Key Vault that infra/main.bicep refers to.
SECRET_NAMES = {
    "TWILIO_AUTH_TOKEN": "twilio-auth-token",
    "TWILIO_AUTH_TOKEN_NEXT": "twilio-auth-token-next",
    "TWILIO_API_SECRET": "twilio-api-secret",
}


def option_parser(script: str, description: str, group_needed: bool = True) -> argparse.ArgumentParser:
    """Return a parser with the options of every command."""
    parser = argparse.ArgumentParser(prog=f"python3 infra/{script}", description=description, allow_abbrev=False)
    add = parser.add_argument
    group = matching(r"[\w().-]{0,89}[\w()-]", "1 to 90 letters, digits, and any of ._-()")
    add("--resource-group", "-g", required=group_needed, default="", metavar="GROUP", type=group, help="of the app")
    name = matching(r"[a-z][a-z0-9-]{1,22}[a-z0-9]", "3 to 24 lower-case letters, digits and hyphens")
    add(
        "--name", default="phone", type=name, help="the app's name, to have several in one group (default: %(default)s)"
    )
    subscription = matching(r"[^\"%&|<>^]+", "the name or ID of a subscription")
    add("--subscription", default="", metavar="NAME_OR_ID", type=subscription, help="default: the Azure CLI's default")
    return parser


def matching(pattern: str, words: str) -> Callable[[str], str]:
    """Return a check for an option: the whole value matches the pattern, or is empty, as if it were not given."""

    def check(text: str) -> str:
        if text and not re.fullmatch(pattern, text):
            raise argparse.ArgumentTypeError(f"{text!r}: expected {words}")
        return text

    return check


def region(text: str) -> str:
    """Return a region's name as Azure writes it: `West Europe` is westeurope."""
    return matching(r"[a-z0-9]+", "a region like westeurope")(text.replace(" ", "").lower())


def phone_number(text: str) -> str:
    """Return a number in the form that Twilio takes."""
    return matching(E164.pattern, "a number like +15005550006")(re.sub(r"[\s().-]", "", text))


def base_url(text: str) -> str:
    """Return an address that paths can be added to."""
    return matching(r"https://[\w.:-]+(/[\w./~-]*)?", "https:// and a host")(text.rstrip("/"))


def base_url_or_local(text: str) -> str:
    """Return an address that paths can be added to, which may be on this machine for the local Twilio emulator."""
    local = r"http://(localhost|127\.0\.0\.1)(:\d+)?(/[\w./~-]*)?"
    return text.rstrip("/") if re.fullmatch(local, text.rstrip("/")) else base_url(text)


def countries(text: str) -> tuple[str, ...]:
    """Return the two-letter codes of countries."""
    found = tuple(code for code in re.split(r"[\s,]+", text.upper()) if code)
    if not all(re.fullmatch(r"[A-Z]{2}", code) for code in found):
        raise argparse.ArgumentTypeError(f"{text!r}: expected countries like US,CA")
    return found


def parameter(text: str) -> tuple[str, str]:
    """Return the name and the value of NAME=VALUE."""
    name, _, value = matching(r"(?s)[\w.-]+=.*", "NAME=VALUE")(text).partition("=")
    return name, value

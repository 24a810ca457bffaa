"""The command-line options that the scripts have in common, checked as they are read."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

E164 = re.compile(r"\+[1-9]\d{1,14}")


def option_parser(script: str, description: str, group_needed: bool = True) -> argparse.ArgumentParser:
    """Return a parser with the options that every script has."""
    parser = argparse.ArgumentParser(prog=f"python3 infra/{script}", description=description, allow_abbrev=False)
    parser.add_argument(
        "--resource-group",
        "-g",
        required=group_needed,
        default="",
        metavar="GROUP",
        type=matching(r"[\w().-]{0,89}[\w()-]", "1 to 90 letters, digits, and any of ._-()"),
        help="the resource group of the app",
    )
    parser.add_argument(
        "--name",
        default="phone",
        type=matching(r"[a-z][a-z0-9-]{1,22}[a-z0-9]", "3 to 24 lower-case letters, digits and hyphens"),
        help="begins the names of what is created; tells two apps in one group apart (default: %(default)s)",
    )
    parser.add_argument(
        "--subscription",
        default="",
        metavar="NAME_OR_ID",
        type=matching(r"[^\"%&|<>^]+", "the name or ID of a subscription"),
        help="the subscription, where it is not the Azure CLI's default",
    )
    parser.add_argument("--pace", type=float, default=1, help=argparse.SUPPRESS)  # 0: tests do not wait
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
    """Return an address that paths can be added to, which may be on this machine: the fake Twilio calls such."""
    local = r"http://(localhost|127\.0\.0\.1)(:\d+)?(/[\w./~-]*)?"
    return text.rstrip("/") if re.fullmatch(local, text.rstrip("/")) else base_url(text)


def countries(text: str) -> tuple[str, ...]:
    """Return the codes of countries, of two letters each."""
    found = tuple(code for code in re.split(r"[\s,]+", text.upper()) if code)
    if not all(re.fullmatch(r"[A-Z]{2}", code) for code in found):
        raise argparse.ArgumentTypeError(f"{text!r}: expected countries like US,CA")
    return found


def parameter(text: str) -> tuple[str, str]:
    """Return the name and the value of a Bicep parameter."""
    name, _, value = matching(r"(?s)\w+=.*", "NAME=VALUE")(text).partition("=")
    return name, value

"""The parameters of infra/main.bicep: what the command line says, what the app has already, what the file says."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from deployment.deployed_app import TAG
from deployment.options import base_url, matching, parameter
from deployment.secret_names import SECRET_NAMES
from deployment.terminal import Refused, as_typed
from deployment.twilio_settings import NAMES, TwilioNames

INFRA = Path(__file__).resolve().parents[1]
TEMPLATE = INFRA / "main.bicep"
# Settings of the app that stay as they are, unless the command line, a file or the environment says otherwise.
KEPT = {
    "publicBaseUrl": "PUBLIC_BASE_URL",
    "allowedCountries": "ALLOWED_COUNTRIES",
    "defaultCountry": "DEFAULT_COUNTRY",
}
# Made by the script itself, out of options of their own.
OWN = ("name", "location", "tags", "deployerPrincipalId", "deployerPrincipalType", "rotating")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that become parameters."""
    add = parser.add_argument
    add(
        "--public-base-url",
        type=base_url,
        default="",
        metavar="URL",
        help="the app's address, where it is not its own host",
    )
    email = matching(r"[^@\s\"%&|<>^]+@[\w.-]+", "an e-mail address")
    add("--alert-email", type=email, default="", metavar="ADDRESS", help="where alerts go; without it there are none")
    add("--tag", type=parameter, action="append", default=[], metavar="NAME=VALUE", help="a tag for every resource")
    add(
        "--set",
        type=parameter,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other parameter of infra/main.bicep",
    )
    add("--parameters", type=existing, default="", metavar="FILE", help="a .bicepparam or JSON file with parameters")


def existing(text: str) -> str:
    """Return the path of a file that is there."""
    if text and not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"{text!r}: there is no such file")
    return text


def arguments(
    options: argparse.Namespace, names: Mapping[str, str], live: Mapping[str, str], host: str, who: tuple[str, str]
) -> list[str]:
    """Return the arguments with which `az deployment group` deploys the template for this app."""
    file = Path(options.parameters).read_text("utf-8") if options.parameters else ""
    values = {"name": options.name, "tags": json.dumps({**dict(options.tag), TAG: options.name})}
    values |= {parameter_of(setting): value for setting, value in names.items()}
    for name, setting in KEPT.items():
        value = os.environ.get(setting, "").strip() or live.get(setting, "")
        # What the template fills in by itself need not be said.
        if not re.search(rf"\b{name}\b", file) and value not in (default(name), f"https://{host}"):
            values[name] = value
    values |= {"location": options.location, "alertEmail": options.alert_email or os.environ.get("ALERT_EMAIL", "")}
    values |= {"publicBaseUrl": options.public_base_url or values.get("publicBaseUrl", "")}
    values |= {"deployerPrincipalId": who[0], "deployerPrincipalType": who[1] if who[0] else ""}
    if live.get("TWILIO_AUTH_TOKEN_NEXT"):
        values["rotating"] = "true"  # rotate.py is under way, and takes it back at its end
    chosen = {name: value for name, value in values.items() if value} | explicit(options)
    return [
        *("--resource-group", options.resource_group, "--name", options.name, "--template-file", as_typed(TEMPLATE)),
        *("--parameters", *filter(None, [options.parameters]), *(f"{name}={value}" for name, value in chosen.items())),
    ]


def explicit(options: argparse.Namespace) -> dict[str, str]:
    """Return what --set gives, all of it parameters of the template."""
    given = dict(options.set)
    for name in given:
        if name in OWN:
            raise Refused(f"--set {name}: this parameter has an option of its own, see --help.")
        if name not in parameters():
            raise Refused(
                f"--set {name}: the template has no such parameter. It has: {', '.join(sorted(parameters()))}."
            )
    return given


def chosen(options: argparse.Namespace, name: str) -> str:
    """Return the value that a text parameter will have: from --set, else the template's default."""
    return str(dict(options.set).get(name) or default(name))


def default(name: str) -> str:
    """Return the default of a text parameter, as the template has it."""
    found = re.search(rf"(?m)^param {name} string = '(.*)'$", TEMPLATE.read_text("utf-8"))
    return found[1] if found else ""


def parameters() -> list[str]:
    """Return the names of the template's parameters."""
    return re.findall(r"(?m)^param (\w+) ", TEMPLATE.read_text("utf-8"))


def providers() -> list[str]:
    """Return the resource providers whose types stand in the template and its modules."""
    types = "".join(path.read_text("utf-8") for path in sorted(INFRA.rglob("*.bicep")))
    return sorted(set(re.findall(r"'(Microsoft\.\w+)/[\w/]+@", types)))


def parameter_of(setting: str) -> str:
    """Return the parameter of a setting: TWILIO_API_KEY is twilioApiKey."""
    first, *rest = setting.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


def placeholders(options: argparse.Namespace) -> TwilioNames:
    """Return what the plan writes in place of names and secrets: shell variables."""
    optional = "TWILIO_MESSAGING_SERVICE_SID"
    names = {name: f"${name}" for name in NAMES if name != optional or os.environ.get(optional)}
    if options.number:
        names["TWILIO_FROM_NUMBER"] = options.number
    return TwilioNames(names, {name: "" for name in SECRET_NAMES if name != "TWILIO_AUTH_TOKEN_NEXT"})

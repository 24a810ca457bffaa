"""The deployment of infra/main.bicep, whose parameters are in infra/main.bicepparam: for deploy.py, azd and workflows.

The file reads the app's own values from the environment. What is chosen by an option is written into the file, so it
stays until it is changed. An app with another name than `phone` gets a file of its own, main.NAME.bicepparam.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from deployment.azure_cli import Az
from deployment.deployed_app import Deployment, from_outputs
from deployment.options import base_url, matching, parameter
from deployment.terminal import Refused, as_typed

INFRA = Path(__file__).resolve().parents[1]
TEMPLATE = (INFRA / "main.bicep").read_text("utf-8")
TYPES = dict(re.findall(r"(?m)^param (\w+) (\w+)", TEMPLATE))
# Parameters that deploy.py sets by itself, or by an option of their own.
OWN = ("name", "location", "tags", "deployerWritesSecrets", "rotating")
# Settings that the app keeps where neither the file nor the environment has another value.
KEPT = ("PUBLIC_BASE_URL", "ALLOWED_COUNTRIES", "ALLOWED_SIP_HOSTS", "ALLOW_PREMIUM_NUMBERS", "DEFAULT_COUNTRY")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that become parameters."""
    add, email = parser.add_argument, matching(r"[^@\s\"%&|<>^]+@[\w.-]+", "an e-mail address")
    add("--public-base-url", type=base_url, default="", metavar="URL", help="Twilio calls it (default: the app's host)")
    add("--alert-email", type=email, default="", metavar="ADDRESS", help="where alerts go; without it there are none")
    for name, words in (("--tag", "a tag for every resource"), ("--set", "any other parameter of infra/main.bicep")):
        add(name, type=parameter, action="append", default=[], metavar="NAME=VALUE", help=words)


def file_of(name: str, other: bool = False) -> Path:
    """Return the parameter file of an app; with `other`, also where it does not exist yet."""
    own = INFRA / f"main.{name}.bicepparam"
    return own if name != "phone" and (other or own.exists()) else INFRA / "main.bicepparam"


def chosen(options: argparse.Namespace) -> dict[str, str]:
    """Return the parameters that the command line gives, by name, as `az` reads them."""
    for name, _ in options.set:
        if name in OWN or name not in TYPES:
            raise Refused(f"--set {name}: expected one of {', '.join(sorted(set(TYPES) - set(OWN)))}.")
    named = {"publicBaseUrl": options.public_base_url, "alertEmail": options.alert_email}
    found = {name: value for name, value in named.items() if value} | dict(options.set)
    if options.tag:
        before = re.search(assignment("tags"), file_of(options.name).read_text("utf-8"))
        tags = re.findall(r"'?([\w.-]+)'?: '((?:[^'\\]|\\.)*)'", before[0] if before else "")
        kept = {tag: re.sub(r"\\(.)", r"\1", value) for tag, value in tags}
        found["tags"] = json.dumps({**kept, **dict(options.tag)})
    return found


def value_of(options: argparse.Namespace, name: str) -> str:
    """Return the value that a text parameter will have: by the command line, the file, or the template's default."""
    text = f"{file_of(options.name).read_text('utf-8')}\n{TEMPLATE}"
    found = re.search(rf"(?m)^param {name} (?:string )?= '(.*)'$", text)
    return chosen(options).get(name) or (found[1] if found else "")


def allowed(name: str) -> list[str]:
    """Return the values that a text parameter may have."""
    found = re.search(rf"@allowed\(\[([^\]]*)\]\)\nparam {name} ", TEMPLATE)
    return re.findall(r"'(.+)'", found[1]) if found else []


def check_region(az: Az, location: str, python: str) -> None:
    """Raise Refused unless the region offers Flex Consumption, and both region and template this Python."""
    regions = sorted(str(found["name"]) for found in az.json("functionapp", "list-flexconsumption-locations"))
    if location not in regions:
        raise Refused(f"{location} does not offer Flex Consumption. Regions that do: {', '.join(regions)}")
    command = ("functionapp", "list-flexconsumption-runtimes", "--location", location, "--runtime", "python")
    offered = {str(found["version"]) for found in az.json(*command)}
    usable = [version for version in allowed("pythonVersion") if version in offered]
    if python not in usable:
        choice = " or ".join(f"--set pythonVersion={version}" for version in usable) or "another --location"
        raise Refused(f"Python {python} cannot be used in {location}.", f"Choose {choice}")


def variables(
    options: argparse.Namespace, names: Mapping[str, str], live: Mapping[str, str], before: Deployment, writes: bool
) -> dict[str, str]:
    """Return the environment variables that the parameter file reads; `writes` gives this login a role on the vault."""
    kept = {name: os.environ.get(name, "").strip() or live.get(name, "") for name in KEPT}
    if kept["PUBLIC_BASE_URL"] == before.address:
        kept["PUBLIC_BASE_URL"] = ""  # the template fills it in
    values = {**names, **kept, "APP_NAME": options.name}
    values["ROTATING"] = "true" if live.get("TWILIO_AUTH_TOKEN_NEXT") else ""  # rotate.py is not done yet
    values["DEPLOYER_WRITES_SECRETS"] = str(writes).lower()
    return {name: value for name, value in values.items() if value}


def arguments(options: argparse.Namespace, location: str) -> list[str]:
    """Return the arguments of `az deployment group create` and `what-if`."""
    inline = [f"{name}={value}" for name, value in {"location": location, **chosen(options)}.items()]
    where = ["--resource-group", options.resource_group, "--name", options.name]
    return [*where, "--parameters", as_typed(file_of(options.name)), *inline]


def show_changes(options: argparse.Namespace, az: Az, location: str, environment: Mapping[str, str]) -> None:
    """Print what a deployment would change, in the Azure CLI's words."""
    quiet = ("--exclude-change-types", "NoChange", "Ignore")
    az.terminal.say(az.execute(["deployment", "group", "what-if", *arguments(options, location), *quiet], environment))


def create(options: argparse.Namespace, az: Az, location: str, environment: Mapping[str, str]) -> Deployment:
    """Deploy the template, once no earlier deployment runs; write what was chosen into the file; return the app."""
    command = ("deployment", "group", "create", *arguments(options, location), "--query", "properties.outputs")
    outputs = az.until_allowed(
        lambda: az.json(*command, variables=environment), "another deployment", minutes=60, waitable="DeploymentActive"
    )
    remember(options, az)
    return from_outputs(options.resource_group, options.name, {name: found["value"] for name, found in outputs.items()})


def remember(options: argparse.Namespace, az: Az) -> None:
    """Write the chosen parameters into the app's parameter file."""
    text, path, values = file_of(options.name).read_text("utf-8"), file_of(options.name, other=True), chosen(options)
    for name, value in values.items():
        line = f"param {name} = {literal(TYPES[name], value)}"
        text = re.sub(assignment(name), "", text).rstrip("\n") + f"\n{line}\n"
    if values:
        path.write_text(text, "utf-8")
        az.terminal.say(f"  Written into {as_typed(path)}, for the next time: {', '.join(values)}. Commit it.")


def assignment(name: str) -> str:
    """Return a pattern for the assignment of a parameter in a .bicepparam file."""
    return rf"(?ms)^param {name} = (?:\{{\n.*?^\}}|[^\n]*)\n"


def literal(kind: str, value: str) -> str:
    """Return a value as Bicep writes it."""
    if kind == "object":
        pairs = [f"{literal('string', name)}: {literal('string', text)}" for name, text in json.loads(value).items()]
        return "{ " + ", ".join(pairs) + " }"
    quoted = value.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${")
    return f"'{quoted}'" if kind == "string" else value

"""Deploys the app to Azure and connects the number: `python3 infra/deploy.py --resource-group ... --location ...`.

Needs the Azure CLI with `az login` done, and Python's standard library. Each step finds what an earlier run has made,
so the same command can be typed again at any time.
"""

from __future__ import annotations

import argparse
import os
import sys

from deployment import connection, deployed_app, key_vault, publish, template, twilio_settings
from deployment.azure_cli import Az
from deployment.connection import TWIML_APP
from deployment.deployed_app import TAG, Deployment
from deployment.options import option_parser, phone_number, region
from deployment.steps import Steps, run
from deployment.terminal import Refused, Terminal
from deployment.twilio_settings import TwilioNames


def deploy(options: argparse.Namespace, az: Az, steps: Steps) -> None:
    """Take every step from an empty subscription to a phone that answers."""
    group, terminal = options.resource_group, az.terminal
    if not (options.yes or options.what_if):
        terminal.need_person("Go on?")
    steps.begin("Check the tools, the login, and what exists")
    az.check()
    before = deployed_app.find(az, group, options.name)
    live = deployed_app.settings(az, before)
    found = az.find("group", "show", "--name", group)
    location = options.location or before.location or (found or {}).get("location")
    if not location:
        raise Refused(f"The resource group {group} does not exist yet: give a region with --location.")
    if options.what_if and not found:
        terminal.say(f"The resource group {group} does not exist, so everything would be created.")
        return
    if not live or options.set:
        template.check_region(az, location, template.value_of(options, "pythonVersion"))

    steps.begin("Check the settings of Twilio")
    given = twilio_settings.read_given(options.secrets, options.number, terminal)
    twilio = twilio_settings.gather(given, live, key_vault.stored(az, before.vault), terminal)
    if os.environ.get("CI"):  # many people can read this log
        for value in twilio.names.values():
            terminal.hide(value)
    environment = template.variables(options, twilio.names, live, before, writes=bool(twilio.secrets))

    steps.begin("Show what will change")
    if not found:
        terminal.agree(f"Create the resource group {group} in {location}?", options.yes)
        az.do("group", "create", "--name", group, "--location", location, "--tags", f"{TAG}={options.name}")
        steps.leaves(f"the resource group {group}; az group delete --name {group} removes it")
    template.show_changes(options, az, location, environment)
    if options.what_if:
        return
    terminal.agree("Go on?", options.yes)

    if twilio.names["TWILIO_API_KEY"] and not (twilio.names[TWIML_APP] or options.no_connect):
        given = {**twilio.names, **twilio.secrets}
        environment[TWIML_APP] = twilio.names[TWIML_APP] = connection.create_twiml_app(az, steps, before, live, given)
    steps.begin("Create the resources")
    steps.leaves(f"what the deployment {options.name!r} has created so far; it may still be running", "deployment")
    app = template.create(options, az, location, environment)
    steps.leaves(f"the resources of the app {options.name!r} in {group}", "deployment")
    put_secrets(az, steps, app, twilio)
    steps.begin("Upload the code")
    build = publish.publish(az, app)
    steps.leaves(f"the code in the function app {app.app}")
    steps.begin("Wait until the app runs it")
    publish.wait_until_ready(az, app, build)
    if not options.no_connect:
        connection.connect_app(az, steps, app, twilio.names, twilio.secrets, before.base_url, options.take_over)
    if options.call:
        steps.begin("Place a test call")
        publish.place_call(az, app, options.call)
    tell(az, app)


def put_secrets(az: Az, steps: Steps, app: Deployment, twilio: TwilioNames) -> None:
    """Put the secrets of this run into Key Vault, where it has others, and let the app read them."""
    steps.begin("Put the secrets into Key Vault")
    changed = {name: value for name, value in twilio.secrets.items() if twilio.stored.get(name) != value}
    for setting, value in changed.items():
        key_vault.write(az, app.vault, setting, value)
        steps.leaves(f"{setting} in the Key Vault {app.vault}")
    if changed:
        key_vault.fetch_again(az, app)


def tell(az: Az, app: Deployment) -> None:
    """Print how to use the app."""
    keys = f"az functionapp function keys list {' '.join(app.in_azure)} --function-name make_call"
    az.terminal.say(f"""
Done. The app is {app.address}, and Twilio calls it at {app.base_url}.
    KEY=$({keys} --query default --output tsv)
    curl "{app.base_url}/api/make_call" --header "x-functions-key: $KEY" --data-urlencode "to=+1..."
This key opens make_call only; each function has one of its own.
Pages: {app.base_url}/api/console and {app.base_url}/api/softphone""")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = option_parser("deploy.py", "Deploys the app to Azure, and connects the phone number.")
    add = parser.add_argument
    add("--location", "-l", type=region, default="", help="the region, needed for a group that does not exist yet")
    add("--number", type=phone_number, default="", help="the Twilio number to call from and to connect")
    add("--secrets", metavar="FILE", default="", help="a file of lines like TWILIO_AUTH_TOKEN=...")
    template.add_options(parser)
    add("--yes", "-y", action="store_true", help="do not ask before changes; for pipelines")
    add("--take-over", action="store_true", help="connect the number even if it is connected elsewhere")
    add("--no-connect", action="store_true", help="leave the phone number alone")
    add("--call", type=phone_number, default="", metavar="NUMBER", help="place a test call to this number at the end")
    add("--what-if", action="store_true", help="show what would change, change nothing, and stop")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Deploy; return the exit code."""
    options, terminal = parser().parse_args(arguments), Terminal()
    return run(terminal, lambda steps: deploy(options, Az(terminal, options.subscription), steps))


if __name__ == "__main__":
    sys.exit(main())

"""Puts the app on Azure and connects the phone number: `python3 infra/deploy.py --resource-group ... --location ...`.

Needs the Azure CLI with `az login` done, and nothing but Python's standard library. Every command is printed before it
runs. Each step finds what an earlier run has done, so the same command may be typed again at any time.
"""

from __future__ import annotations

import argparse
import sys

import destroy
from deployment import (
    connection,
    deployed_app,
    key_vault,
    live_app,
    preflight,
    publish,
    resources,
    template,
    twilio_settings,
)
from deployment.azure_cli import Az
from deployment.deployed_app import Deployment
from deployment.options import option_parser, phone_number, region
from deployment.patience import Patience
from deployment.plan import BEFORE, Plan
from deployment.steps import Steps, run
from deployment.terminal import Refused, Terminal
from deployment.twilio_settings import TwilioNames


def deploy(options: argparse.Namespace, az: Az, steps: Steps) -> None:
    """Take every step from an empty subscription to a phone that answers."""
    patience = Patience(az.terminal, options.pace)
    steps.begin("Check the tools and the login")
    preflight.check_tools(az)
    login = preflight.account(az)

    steps.begin("Look at what is there")
    exists = bool(az.json("group", "exists", "--name", options.resource_group))
    group = az.json("group", "show", "--name", options.resource_group) if exists else {}
    before = deployed_app.find(az, options.resource_group, options.name, patience) if exists else None
    live = deployed_app.settings(az, before) if before else {}
    stored = key_vault.stored(az, before.vault) if before else set()

    steps.begin("Check the region and the resource providers")
    location = options.location or group.get("location", "")
    if not location:
        raise Refused(f"The resource group {options.resource_group} does not exist yet: say where with --location.")
    if not live:
        preflight.check_region(az, location, template.chosen(options, "pythonVersion"))
        preflight.check_vault(az, options.resource_group, options.name)
        for name in preflight.missing_providers(az):
            preflight.register(az, name)
            steps.leaves(f"the resource provider {name}, registered (it costs nothing)")

    steps.begin("Gather what the app has to know of Twilio")
    given = twilio_settings.read_given(options.secrets, options.number, az.terminal)
    twilio = template.placeholders(options) if az.plan else twilio_settings.gather(given, live, stored, az.terminal)
    if not (az.plan or options.what_if):
        twilio_settings.check_at_twilio(twilio, az.terminal)
    who = (options.deployer_principal_id, options.deployer_principal_type)
    if not who[0]:
        who = preflight.principal(az, login, wanted=bool(twilio.secrets) and not options.what_if)
    arguments = template.arguments(options, twilio.names, live, before.host if before else "", who)

    steps.begin("Show what will change")
    if not exists and not resources.make_group(options, az, steps, location):
        return
    if not resources.agreed(options, az, arguments, twilio):
        return
    steps.begin("Create the resources")
    app = resources.create(options, az, steps, arguments, patience)
    steps.begin("Put the secrets into Key Vault")
    put_secrets(az, steps, app, twilio, patience)
    steps.begin("Upload the code")
    publish.publish(az, app, options.again, patience, steps)
    steps.begin("Wait until the app is ready")
    publish.wait_until_ready(az, app, patience)

    if not (options.no_connect or az.plan):
        former = before.base_url if before else ""
        connection.connect_app(az, steps, app, twilio.names, twilio.secrets, patience, former, options.take_over)
    if options.call:
        steps.begin("Place a test call")
        place_call(options.call, az, app, patience)
    if not az.plan:
        tell(az, app)


def put_secrets(az: Az, steps: Steps, app: Deployment, twilio: TwilioNames, patience: Patience) -> None:
    """Put the secrets of this run into Key Vault, and let the app fetch them."""
    changed = False
    for setting, value in twilio.secrets.items():
        if az.plan:
            key_vault.plan_write(az, app.vault, setting)
        elif key_vault.read_when_allowed(az, app.vault, setting, patience) == value:
            continue
        else:
            key_vault.write(az, app.vault, setting, value, patience)
        changed = True
        steps.leaves(f"{setting} in the Key Vault {app.vault}")
    if changed:
        key_vault.fetch_again(az, app)
    else:
        az.terminal.say("  Key Vault has them already.")


def place_call(number: str, az: Az, app: Deployment, patience: Patience) -> None:
    """Place a test call with the app's own function key."""
    key = az.value("KEY", "functionapp", "keys", "list", *app.in_azure, query="functionKeys.default")
    if az.plan:
        az.terminal.command(call_line(app.address, number))
    else:
        live_app.place_call(app.address, az.terminal.hide(key), number, patience)


def tell(az: Az, app: Deployment) -> None:
    """Tell how to go on."""
    az.terminal.say(f"""
Done. The app is {app.address}, and Twilio knows it as {app.base_url}.
A function key opens it; the key stays in Azure, and this line fetches it:
    KEY=$(az functionapp keys list {" ".join(app.in_azure)} --query functionKeys.default --output tsv)
Place a call:
    {call_line(app.base_url, "+1...")}
See what became of it:
    curl "{app.base_url}/api/activity" --header "x-functions-key: $KEY\"""")


def call_line(base_url: str, to: str) -> str:
    """Return the command that places a call."""
    return f'curl "{base_url}/api/make_call" --header "x-functions-key: $KEY" --data-urlencode "to={to}"'


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = option_parser("deploy.py", "Puts the app on Azure, and connects the phone number.")
    add = parser.add_argument
    add("--location", "-l", type=region, default="", help="the region, needed for a group that does not exist yet")
    add("--number", type=phone_number, default="", help="the Twilio number to call from and to connect")
    add("--secrets", metavar="FILE", default="", help="a file of lines like TWILIO_AUTH_TOKEN=...")
    template.add_options(parser)
    add("--deployer-principal-id", metavar="ID", default="", help="who may write secrets, where it is not you")
    add("--deployer-principal-type", choices=("User", "Group", "ServicePrincipal"), default="User")
    add("--yes", "-y", action="store_true", help="do not ask before changes; for pipelines")
    add("--again", action="store_true", help="upload the code also when the app has it already")
    add(
        "--take-over", action="store_true", help="connect the number also where it is set for somebody else's addresses"
    )
    add("--no-connect", action="store_true", help="leave the phone number alone")
    add("--call", type=phone_number, default="", metavar="NUMBER", help="place a test call to this number at the end")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--plan", action="store_true", help="print all commands as a script and change nothing")
    how.add_argument("--what-if", action="store_true", help="show what would change, and stop")
    parser.add_argument("--destroy", action="store_true", help="remove it all: infra/destroy.py, see its --help")
    return parser


def main() -> int:
    """Deploy; return the exit code."""
    if "--destroy" in sys.argv:
        sys.argv.remove("--destroy")
        return destroy.main()
    options = parser().parse_args()
    terminal = Terminal(comments=options.plan)
    if options.plan:
        terminal.say(BEFORE)
    az = Plan(terminal, options.location, options.subscription) if options.plan else Az(terminal, options.subscription)
    return run(terminal, lambda steps: deploy(options, az, steps))


if __name__ == "__main__":
    sys.exit(main())

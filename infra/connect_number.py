"""Connects a Twilio number to the app, gives it back what it had, or looks for drift.

    python3 infra/connect_number.py --number +15005550006 --base-url https://phone.example.com
    python3 infra/connect_number.py --resource-group rg-phone --check

Twilio's names and secrets come from the environment, from --secrets FILE, or from the app in Azure. What is right
already is not touched, and what is changed is kept before. Needs nothing but Python's standard library.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from decimal import Decimal, InvalidOperation

from deployment import target
from deployment.connecting import Connecting
from deployment.drift import Check
from deployment.options import base_url_or_local, countries, matching, option_parser, phone_number
from deployment.steps import Steps, run
from deployment.terminal import Terminal, this_command


def work(options: argparse.Namespace, steps: Steps) -> bool:
    """Do what is asked; whether all is well."""
    found = target.find(options, steps.terminal)
    resources = found.resources()
    check = Check(steps.terminal, found, options.least_balance, command_to_connect)
    if options.check:
        return check.run(resources)
    connecting = Connecting(
        steps, found.account, resources, found.base_url, options.yes, options.take_over, found.also_known_as
    )
    if options.restore:
        connecting.restore()
    else:
        connecting.connect()
        check.texts(resources)
    return True


def command_to_connect(*more: str) -> str:
    """Return the command that was typed, without --check and with these options."""
    return this_command(without="--check", more=more)


def amount(text: str) -> Decimal:
    """Return an amount of money."""
    with contextlib.suppress(InvalidOperation):
        if Decimal(text).is_finite():
            return Decimal(text)
    raise argparse.ArgumentTypeError(f"{text!r}: expected an amount like 5 or 12.50")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = option_parser(
        "connect_number.py",
        "Connects a Twilio number to the app. TWILIO_ACCOUNT_SID, and TWILIO_AUTH_TOKEN or TWILIO_API_KEY and "
        "TWILIO_API_SECRET, are read from the environment, from a file, or from the app in Azure.",
        group_needed=False,
    )
    add = parser.add_argument
    add("--number", type=phone_number, default="", help="the number (default: TWILIO_FROM_NUMBER)")
    sid = "{}[0-9a-fA-F]{{32}}"
    add(
        "--messaging-service",
        metavar="MG...",
        default="",
        type=matching(sid.format("MG"), "a Messaging Service's SID, MG and 32 hexadecimal digits"),
        help="a Messaging Service to connect too (default: TWILIO_MESSAGING_SERVICE_SID)",
    )
    add(
        "--twiml-app",
        metavar="AP...",
        default="",
        type=matching(sid.format("AP"), "a TwiML App's SID, AP and 32 hexadecimal digits"),
        help="a TwiML App to connect too",
    )
    add("--base-url", type=base_url_or_local, default="", help="where Twilio finds the app (default: PUBLIC_BASE_URL)")
    add(
        "--formerly",
        type=base_url_or_local,
        action="append",
        default=[],
        metavar="URL",
        help="where the app was before: a number that calls it there is the app's; may be given more than once",
    )
    add(
        "--secrets",
        metavar="FILE",
        default="",
        help="a file of lines like TWILIO_AUTH_TOKEN=..., or one like local.settings.json",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="look for drift, change nothing; the exit code is 1 for any")
    how.add_argument("--restore", action="store_true", help="put back what stood there before")
    add("--take-over", action="store_true", help="connect also what somebody else's addresses are set for")
    add("--yes", "-y", action="store_true", help="do not ask before changes; for pipelines")
    add("--countries", type=countries, default=(), help="with --check: countries to call and text, like US,CA")
    add("--least-balance", type=amount, default=Decimal(1), help="with --check: what must be left (default: 1)")
    return parser


def main() -> int:
    """Connect; return the exit code."""
    options = parser().parse_args()
    terminal = Terminal()
    well = []
    code = run(terminal, lambda steps: well.append(work(options, steps)))
    return code or (0 if all(well) else 1)


if __name__ == "__main__":
    sys.exit(main())

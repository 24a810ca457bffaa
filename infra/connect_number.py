"""Connects a Twilio number to the app, restores the addresses that it had before, or checks for drift.

A Messaging Service, and a TwiML App for calls from browsers, are connected and restored too.

    python3 infra/connect_number.py --number +15005550006 --base-url https://phone.example.com
    python3 infra/connect_number.py --resource-group rg-phone --check

Credentials come from the environment, from --secrets FILE, or from the app in Azure. Needs only Python's standard
library. What is right already is not changed; what is changed is kept at Twilio first.
"""

from __future__ import annotations

import argparse
import sys

from deployment import connection
from deployment.drift import Check
from deployment.options import base_url_or_local, countries, matching, option_parser, phone_number
from deployment.steps import Steps, run
from deployment.terminal import Terminal
from deployment.twilio_settings import NAMES


def work(options: argparse.Namespace, steps: Steps) -> bool:
    """Connect, restore or check; return whether nothing is wrong."""
    target = connection.find(options, steps.terminal)
    if options.check:
        return Check(steps.terminal, target).run()
    if options.restore:
        target.restore(steps, options.yes)
    else:
        target.connect(steps, options.yes, options.take_over)
    return True


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = option_parser("connect_number.py", "Connects a Twilio number to the app.", group_needed=False)
    add = parser.add_argument
    add("--number", type=phone_number, default="", help="the number (default: TWILIO_FROM_NUMBER)")
    sid, service = NAMES["TWILIO_MESSAGING_SERVICE_SID"], "to connect too (default: TWILIO_MESSAGING_SERVICE_SID)"
    add("--messaging-service", metavar="MG...", default="", type=matching(*sid), help=f"a Messaging Service {service}")
    add("--base-url", type=base_url_or_local, default="", help="the app's public address (default: PUBLIC_BASE_URL)")
    sid, app = NAMES["TWILIO_TWIML_APP_SID"], "for calls from browsers (default: TWILIO_TWIML_APP_SID)"
    add("--twiml-app", metavar="AP...", default="", type=matching(*sid), help=f"a TwiML App to connect too, {app}")
    former = "a former address of the app: a number that calls it there needs no --take-over; may be repeated"
    add("--formerly", type=base_url_or_local, action="append", default=[], metavar="URL", help=former)
    add("--secrets", metavar="FILE", default="", help="lines like TWILIO_AUTH_TOKEN=..., or local.settings.json")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="only check; the exit code is 1 if something is wrong")
    how.add_argument("--restore", action="store_true", help="restore the addresses from before")
    add("--take-over", action="store_true", help="connect a number even if it is connected elsewhere")
    add("--yes", "-y", action="store_true", help="do not ask before changes; for pipelines")
    add("--countries", type=countries, default=(), help="with --check: the countries to call, like US,CA")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return the exit code."""
    options = parser().parse_args(arguments)
    results: list[bool] = []
    code = run(Terminal(), lambda steps: results.append(work(options, steps)))
    return code or (0 if all(results) else 1)


if __name__ == "__main__":
    sys.exit(main())

"""Replaces Twilio's API key and auth token: `python3 infra/rotate.py --resource-group ...`.

A run that was interrupted is continued by the next one.
"""

from __future__ import annotations

import argparse
import sys

from deployment import deployed_app, key_vault
from deployment.azure_cli import Az
from deployment.options import option_parser
from deployment.rotation import Rotation
from deployment.steps import Steps, run
from deployment.terminal import Failed, Terminal

WARNING = """  The app's settings change once for the API key, twice for the auth token; each change restarts the app.
  Twilio may get an error during these seconds: a call can fail, and Twilio sends status callbacks again.
  No webhook is rejected for its signature."""
QUESTION = "Replace them? Everything else that uses the old API key or auth token stops working."


def rotate(options: argparse.Namespace, az: Az, steps: Steps) -> None:
    """Rotate what is wanted. The key comes first: with one, calls and messages go out while the token changes."""
    if not options.yes:
        az.terminal.need_person(QUESTION)
    steps.begin("Check the tools and the app")
    az.check()
    app = deployed_app.find_live(az, options.resource_group, options.name)
    live = deployed_app.settings(az, app)
    token = key_vault.read(az, app.vault, "TWILIO_AUTH_TOKEN")
    if not (token and live.get("TWILIO_ACCOUNT_SID")):
        raise Failed(f"The app has no account, or its vault {app.vault} no auth token.", "python3 infra/deploy.py")
    rotation = Rotation(options, az, steps, app, live, token)
    az.terminal.say(WARNING)
    az.terminal.agree(QUESTION, options.yes)
    under_way = rotation.is_under_way()
    if under_way:
        az.terminal.say("  A rotation of the auth token is under way; it is finished first.")
        rotation.rotate_token()
    if options.only != "auth-token":
        rotation.rotate_key()
    if options.only != "api-key" and not under_way:
        rotation.rotate_token()
    az.terminal.say("\nDone.")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = option_parser("rotate.py", "Replaces Twilio's API key and auth token.")
    add = parser.add_argument
    add("--only", choices=("api-key", "auth-token"), help="replace one of them (default: both)")
    add("--keep-old-key", action="store_true", help="do not delete the old API key at Twilio")
    add("--discard-secondary", action="store_true", help="delete a second auth token that exists for another reason")
    add("--yes", "-y", action="store_true", help="do not ask")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Rotate; return the exit code."""
    options, terminal = parser().parse_args(arguments), Terminal()
    return run(terminal, lambda steps: rotate(options, Az(terminal, options.subscription), steps))


if __name__ == "__main__":
    sys.exit(main())

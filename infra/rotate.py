"""Replaces Twilio's API key and auth token without losing a call: `python3 infra/rotate.py --resource-group ...`.

Each step begins by looking how far an earlier run came, so the same command may be typed again at any time.
"""

from __future__ import annotations

import argparse
import sys

from deployment import deployed_app, key_vault, preflight
from deployment.azure_cli import Az
from deployment.options import option_parser
from deployment.patience import Patience
from deployment.rotating_key import rotate_key
from deployment.rotating_token import is_under_way, rotate_token
from deployment.rotation import Rotation
from deployment.secret_names import SECRET_NAMES
from deployment.steps import Failed, Steps, run
from deployment.terminal import Terminal


def rotate(options: argparse.Namespace, az: Az, steps: Steps) -> None:
    """Rotate what is wanted. The key comes first: with one, calls and texts go out while the token changes."""
    steps.begin("Check the tools and the login")
    preflight.check_tools(az)
    preflight.account(az)

    steps.begin("Look at what is there")
    patience = Patience(az.terminal, options.pace)
    app = deployed_app.find_live(az, options.resource_group, options.name, patience)
    live = deployed_app.settings(az, app)
    token = key_vault.read(az, app.vault, "TWILIO_AUTH_TOKEN")
    if not (token and live.get("TWILIO_ACCOUNT_SID")):
        name = SECRET_NAMES["TWILIO_AUTH_TOKEN"]
        raise Failed(f"The app has no account, or its vault {app.vault} no {name}: run infra/deploy.py first.")
    rotation = Rotation(options, az, steps, patience, app, live, token)

    under_way = is_under_way(rotation)
    if under_way:
        az.terminal.say("  A rotation of the auth token is under way; it is finished first.")
        rotate_token(rotation)
    if options.only != "auth-token":
        rotate_key(rotation)
    if options.only != "api-key" and not under_way:
        rotate_token(rotation)
    az.terminal.say("\nDone.")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = option_parser("rotate.py", "Replaces Twilio's API key and auth token, without losing a webhook.")
    add = parser.add_argument
    add("--only", choices=("api-key", "auth-token"), help="replace one of them (default: both)")
    add("--keep-old-key", action="store_true", help="do not delete the old API key at Twilio")
    add("--discard-secondary", action="store_true", help="delete a second auth token that is there for another reason")
    add("--yes", "-y", action="store_true", help="do not ask before the old key and the old token are made void")
    return parser


def main() -> int:
    """Rotate; return the exit code."""
    options = parser().parse_args()
    terminal = Terminal()
    az = Az(terminal, options.subscription)
    return run(terminal, lambda steps: rotate(options, az, steps))


if __name__ == "__main__":
    sys.exit(main())

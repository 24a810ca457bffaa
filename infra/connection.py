"""The phone number's connection to the app, by infra/connect_number.py with Twilio's secrets in its environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import vault
from az import Az, AzFailed
from deployment import Deployment
from patience import Patience
from secret_names import SECRET_NAMES
from steps import Failed
from terminal import Terminal, command_line

BY_HAND = """Set these for {number} in Twilio's console (Phone Numbers > Manage > Active numbers), each as HTTP POST:
  A call comes in             {base_url}/api/answer_call
    primary handler fails     {base_url}/api/fallback
    call status changes       {base_url}/api/status_callback
  A message comes in          {base_url}/api/receive_sms
    primary handler fails     {base_url}/api/fallback
After a removal, set back what stood there before."""

SCRIPT = Path(__file__).resolve().parent / "connect_number.py"


def credentials(
    az: Az, app: Deployment, live: Mapping[str, str], given: Mapping[str, str], patience: Patience | None = None
) -> dict[str, str]:
    """Return what opens Twilio's REST API: as given now, else out of Key Vault, with patience for a new role."""

    def read(name: str) -> str:
        if patience is None:
            return vault.read(az, app.vault, name)
        return vault.read_when_allowed(az, app.vault, name, patience)

    names = {name: given.get(name) or live.get(name, "") for name in ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY")}
    wanted = ["TWILIO_AUTH_TOKEN", *(["TWILIO_API_SECRET"] if names["TWILIO_API_KEY"] else [])]
    try:
        secrets = {name: given.get(name) or read(name) for name in wanted}
    except AzFailed as error:
        raise Failed(
            f"Twilio's secrets are needed and cannot be read from the vault:\n{error.text}",
            f"Set {' and '.join(wanted)} in the environment, or get the role 'Key Vault Secrets User' on {app.vault}.",
        ) from None
    return {name: value for name, value in {**names, **secrets}.items() if value}


def connect(terminal: Terminal, number: str, base_url: str, secrets: Mapping[str, str], *options: str) -> None:
    """Run connect_number.py for this number; raises Failed when it does not succeed.

    Without that script the addresses are shown, to be set in Twilio's console by hand.
    """
    if not SCRIPT.exists():
        terminal.say(BY_HAND.format(number=number, base_url=base_url))
        return
    shown = command_line(["python3", "infra/connect_number.py", "--number", number, "--base-url", base_url, *options])
    terminal.command(shown)
    if terminal.comments:
        return
    clean = {name: value for name, value in os.environ.items() if name not in ("TWILIO_API_KEY", *SECRET_NAMES)}
    command = [sys.executable, str(SCRIPT), "--number", number, "--base-url", base_url, *options]
    done = subprocess.run(command, env={**clean, **secrets}, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise Failed(
            f"connect_number.py ended with exit code {done.returncode}; its words are above.",
            "With TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN in the environment, it can be run by itself:",
            shown,
        )

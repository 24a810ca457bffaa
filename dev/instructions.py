"""What `python3 -m dev run` and `services` print once everything answers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dev.ports import LOOPBACK

PHONE = "+15551234567"

# PowerShell 5 has an alias `curl` that is another program.
CURL = "curl.exe" if os.name == "nt" else "curl"
PYTHON = "py" if os.name == "nt" else "python3"


def how_to_use_the_app(port: int, phones_port: int, tables_port: int, key: str | None) -> str:
    """Return the URLs, and commands to paste; double quotes mean the same in sh, cmd and PowerShell."""
    api = f"http://127.0.0.1:{port}/api"
    header = f' -H "x-functions-key: {key}"' if key else ""
    return f"""
  App        {api}
  Phones     http://127.0.0.1:{phones_port}
  Softphone  {api}/softphone
  Console    {api}/console
  Tables     http://127.0.0.1:{tables_port}

Place a call, and answer it on the phones page:

  {CURL} {api}/make_call{header} --data-urlencode "to={PHONE}" --data-urlencode "say=Hello from your laptop"

Send a text message:

  {CURL} {api}/send_sms{header} --data-urlencode "to={PHONE}" --data-urlencode "body=Hello from your laptop"

List both, with their outcome:

  {CURL} {api}/activity{header}

Ctrl-C stops everything.
"""


def how_to_use_your_account(url: str, tables_port: int, key: str, base_url: str, number: str, file: Path) -> str:
    """Return what is left to do by hand when the app runs with the user's own Twilio account."""
    api, header = f"{url}/api", f'-H "x-functions-key: {key}"'
    connect = connect_line(file, base_url, number)
    return f"""
  App     {api}
  Twilio  {base_url}/api    a tunnel has to lead from there to {url}
  Tables  http://127.0.0.1:{tables_port}

Connect your number to the app; check it; restore its old settings before you stop:

  {connect}
  {connect} --check
  {connect} --restore

Place a real call, which costs money, and list it with its outcome:

  {CURL} {api}/make_call {header} --data-urlencode "to=+1..." --data-urlencode "say=Hello from your laptop"
  {CURL} {api}/activity {header}

Ctrl-C stops everything.
"""


def connect_line(file: Path, base_url: str, number: str) -> str:
    """Return the command that connects the user's number to the app behind the tunnel."""
    option = "" if number else " --number +1..."
    return f'{PYTHON} infra/connect_number.py --secrets "{file}" --base-url {base_url}{option}'


def how_to_run_the_app(port: int, phones_port: int, tables_port: int, values: Mapping[str, str]) -> str:
    """Return the URLs, and the settings with which `func start` uses them."""
    copy = "copy" if os.name == "nt" else "cp"
    moved = ""
    if (port, phones_port, tables_port) != (7071, 7072, 10002):
        names = ("PUBLIC_BASE_URL", "TWILIO_API_BASE_URL", "TABLES_CONNECTION_STRING")
        lines = "\n".join(f'  "{name}": "{values[name]}",' for name in names)
        moved = f"\nand, as they are not on their usual ports, with these values in local.settings.json:\n\n{lines}\n"
    return f"""
  Phones  http://127.0.0.1:{phones_port}
  Tables  http://127.0.0.1:{tables_port}

Start the app in another terminal, inside .venv:

  {copy} local.settings.json.example local.settings.json
  func start --port {port}
{moved}
Ctrl-C stops everything.
"""


def who_can_connect(bind: str, what: str) -> str:
    """Return a warning when other machines can reach what listens on this address; empty when none can."""
    if bind == LOOPBACK:
        return ""
    return f"\n--bind {bind}: all machines that can reach this one can use {what}. Other websites stay blocked.\n"

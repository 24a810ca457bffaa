"""connect_number.py as a process, and what it changed at the fake Twilio."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from deployment.twilio_api import TwilioAccount

from fake_twilio.testing import FakeTwilio
from tests.support.app import ROOT


def run(fake: FakeTwilio, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the script, with nothing but the standard library and nobody at the terminal."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "PUBLIC_BASE"))}
    account = fake.account
    secrets = {"TWILIO_ACCOUNT_SID": account.sid, "TWILIO_API_KEY": account.api_key}
    secrets |= {"TWILIO_API_SECRET": account.api_secret, "TWILIO_API_BASE_URL": fake.url}
    return subprocess.run(
        [sys.executable, "-S", "infra/connect_number.py", *options],
        cwd=ROOT,
        env={**clean, **secrets, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def changes(fake: FakeTwilio) -> list[dict[str, str]]:
    """Return what was changed at Twilio, oldest first."""
    return [dict(request.form) for request in fake.requests if request.method != "GET"]


def account_of(fake: FakeTwilio, kind: type[TwilioAccount] = TwilioAccount) -> Any:
    """Return the account as the scripts see it, inside this process."""
    account = kind(fake.account.sid, fake.account.api_key, fake.account.api_secret)
    account.api = account.accounts = account.messaging = account.voice = fake.url
    return account

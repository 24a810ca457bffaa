"""connect_number.py inside the process of a test, and what it has changed at the Twilio emulator."""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import dataclass
from unittest.mock import patch

import connect_number
from deployment.twilio_api import TwilioAccount

from fake_twilio.testing import FakeTwilio


@dataclass
class Run:
    """The exit code of a run, and what it has printed."""

    code: int
    out: str
    err: str


def environ(fake: FakeTwilio, **differences: str) -> dict[str, str]:
    """Return an environment with an API key of the emulator's account."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "PUBLIC_BASE"))}
    account = fake.account
    secrets = {"TWILIO_ACCOUNT_SID": account.sid, "TWILIO_API_KEY": account.api_key}
    secrets |= {"TWILIO_API_SECRET": account.api_secret, "TWILIO_API_BASE_URL": fake.url}
    return {**clean, **secrets, **differences}


def run(fake: FakeTwilio, *options: str, **differences: str) -> Run:
    """Run the command without a terminal to ask at."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with (
        patch.dict(os.environ, environ(fake, **differences), clear=True),
        patch("sys.argv", ["infra/connect_number.py", *options]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            code = connect_number.main()
        except SystemExit as error:  # argparse
            code = int(error.code or 0)
    texts = []
    for stream in (out, err):
        stream.seek(0)
        texts.append(stream.read())
    return Run(code, *texts)


def changes(fake: FakeTwilio) -> list[dict[str, str]]:
    """Return what was changed at Twilio, oldest first."""
    return [dict(request.form) for request in fake.requests if request.method != "GET"]


def account_of(fake: FakeTwilio) -> TwilioAccount:
    """Return the emulator's account."""
    account = TwilioAccount(fake.account.sid, fake.account.api_key, fake.account.api_secret)
    account.api = account.accounts = account.messaging = account.voice = fake.url
    return account

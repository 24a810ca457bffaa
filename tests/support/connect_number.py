"""connect_number.py inside the process of a test, and what it has changed at the Twilio emulator."""

from __future__ import annotations

import contextlib
import io
import os
from typing import Any, NamedTuple
from unittest.mock import patch

import connect_number
from deployment.twilio_api import TwilioAccount

from fake_twilio.testing import FakeTwilio


class Run(NamedTuple):
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
    with (
        patch.dict(os.environ, environ(fake, **differences), clear=True),
        patch("sys.argv", ["infra/connect_number.py", *options]),
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        try:
            code = connect_number.main()
        except SystemExit as error:  # argparse
            code = int(error.code or 0)
    return Run(code, out.getvalue(), err.getvalue())


def changes(fake: FakeTwilio) -> list[dict[str, str]]:
    """Return what was changed at Twilio, oldest first."""
    return [dict(request.form) for request in fake.requests if request.method != "GET"]


def account_of(fake: FakeTwilio, kind: type[TwilioAccount] = TwilioAccount) -> Any:
    """Return the emulator's account."""
    with patch.dict(os.environ, {"TWILIO_API_BASE_URL": fake.url}):
        return kind(fake.account.sid, fake.account.api_key, fake.account.api_secret)

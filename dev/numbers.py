"""Connects the emulator's number to the app, with the command that connects a real one."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from dev import environment
from dev.app_settings import service_environ
from dev.processes import ServiceError
from dev.setup import ROOT


def connect_number(values: Mapping[str, str]) -> None:
    """Connect the number in the app's settings; raises ServiceError with the output of the command."""
    options = ["--number", values["TWILIO_FROM_NUMBER"], "--base-url", values["PUBLIC_BASE_URL"], "--yes"]
    done = subprocess.run(
        [str(environment.PYTHON), str(ROOT / "infra" / "connect_number.py"), *options],
        env=service_environ(values),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServiceError(f"the number was not connected:\n{done.stdout}{done.stderr}")

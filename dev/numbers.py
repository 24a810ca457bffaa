"""Connects the fake Twilio's number to the app, by the same code that connects a real one."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from dev import environment
from dev.app_settings import service_environ
from dev.processes import ServiceError
from dev.setup import ROOT


def connect_number(values: Mapping[str, str]) -> None:
    """Set the number's addresses to the app's, as its settings have them; raises ServiceError."""
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
        raise ServiceError(f"the number could not be connected:\n{done.stdout}{done.stderr}")

"""Uploads the code, and waits until this upload runs."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

from deployment import app_package, key_vault
from deployment.azure_cli import NEW_ROLE, Az, AzFailed, tries
from deployment.deployed_app import Deployment, ask, wait_until_healthy
from deployment.terminal import Failed

# The zip has arrived; /api/health tells whether it runs.
ARRIVED = ("Deployment was successful", "still on-going")
FINAL = ("completed", "busy", "no-answer", "failed", "canceled")
WAITABLE = f"{NEW_ROLE}|ongoing deployment|another deployment is in progress"


def publish(az: Az, app: Deployment) -> str:
    """Upload the code, which Azure builds; return the build ID of this upload."""
    build = secrets.token_hex(6)
    with tempfile.TemporaryDirectory(prefix="phone-") as folder:
        path = Path(folder) / "app.zip"
        path.write_bytes(app_package.build(build_id=build))
        az.terminal.say(f"  Build {build}; this takes some minutes.")
        if missing := app_package.missing_libraries():
            az.terminal.say(
                f"  Pages that need {', '.join(missing)} do not work: `python3 -m dev pages`, and deploy again."
            )
        az.until_allowed(lambda: upload(az, app, str(path)), "uploading code", waitable=WAITABLE)
    return build


def upload(az: Az, app: Deployment, path: str) -> None:
    """Send the zip; a CLI that gives up waiting is no failure."""
    command = ("functionapp", "deployment", "source", "config-zip", *app.in_azure)
    try:
        az.do(*command, "--src", path, "--build-remote", "true", "--timeout", "900")
    except AzFailed as error:
        if not any(words in " ".join(error.text.split()) for words in ARRIVED):
            raise
        az.terminal.say("  The CLI saw the code arrive and not the app start; the next step waits for it.")


def wait_until_ready(az: Az, app: Deployment, build: str = "") -> None:
    """Return once the app runs this build, and Azure lists all of its functions.

    A function that is not listed answers only while an instance happens to run.
    """
    wait_until_healthy(app, build, az.terminal, lambda: key_vault.fetch_again(az, app))
    missing = app_package.functions()
    for count in tries(every=15, minutes=5):
        if count:
            az.do("rest", "--method", "post", "--uri", app.path("host/default/sync?api-version=2024-11-01"))
        listed = az.json("functionapp", "function", "list", *app.in_azure)
        missing = app_package.functions() - {str(found["name"]).rpartition("/")[2] for found in listed}
        if not missing:
            return
    raise Failed(f"Azure does not list these functions: {', '.join(sorted(missing))}.")


def place_call(az: Az, app: Deployment, number: str) -> None:
    """Place a call by the app's make_call, and print its status until it ends."""
    keys = az.json("functionapp", "keys", "list", *app.in_azure)
    headers = {"x-functions-key": az.terminal.hide(keys["functionKeys"]["default"])}
    status, call, problem = ask(f"{app.address}/api/make_call", headers, {"to": number})
    if status != 201:
        raise Failed(f"The call was not placed: {problem or status} {call.get('detail', '')}")
    sid, state = call["sid"], call["status"]
    az.terminal.say(f"  {sid} is {state}; the phone should ring now.")
    for _ in tries(every=2, minutes=1.5):
        if state in FINAL:
            az.terminal.say(f"  {sid} is {state}.")
            return
        state = ask(f"{app.address}/api/activity/{sid}", headers)[1].get("status")

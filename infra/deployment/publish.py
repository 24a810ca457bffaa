"""The code's way into the app: the zip, the remote build, and what tells that it has arrived."""

from __future__ import annotations

import tempfile
from pathlib import Path

from deployment import app_package, key_vault, live_app
from deployment.azure_cli import Az, AzFailed
from deployment.deployed_app import Deployment
from deployment.patience import Patience
from deployment.steps import Failed, Steps

# The zip did arrive; what the CLI misses is seen by looking at the app itself.
ARRIVED = ("Deployment was successful", "deployment operation")
STILL_BUSY = "ongoing deployment|another deployment is in progress"


def publish(az: Az, app: Deployment, again: bool, patience: Patience, steps: Steps) -> None:
    """Upload the code, unless the app has it already."""
    zipped = app_package.build()
    mark = {f"{app.name}-package": app_package.fingerprint(zipped)}
    show = ("group", "show", "--name", app.group)
    if az.plan:
        az.terminal.command("python3 infra/deployment/app_package.py app.zip")
        upload(az, app, "app.zip")
        note(az, az.value("GROUP_ID", *show, query="id"), mark)
        return
    group = az.json(*show)
    if not again and (group["tags"] or {}).items() >= mark.items() and live_app.is_healthy(app.address):
        az.terminal.say("  The app has this code already; --again uploads it all the same.")
        return
    with tempfile.TemporaryDirectory(prefix="phone-") as folder:
        path = Path(folder) / "app.zip"
        path.write_bytes(zipped)
        az.terminal.say(f"  {len(app_package.contents())} files, {len(zipped):,} bytes; the build takes some minutes.")
        patience.until_allowed(lambda: upload(az, app, str(path)), "uploading code", also=STILL_BUSY)
    steps.leaves(f"the code in the function app {app.app}")
    note(az, str(group["id"]), mark)


def upload(az: Az, app: Deployment, path: str) -> None:
    """Send the zip to be built and started."""
    command = ("functionapp", "deployment", "source", "config-zip", *app.in_azure)
    try:
        az.do(*command, "--src", path, "--build-remote", "true", "--timeout", "900")
    except AzFailed as error:
        if not any(words in error.text for words in ARRIVED):
            raise
        az.terminal.say("  The CLI saw the code arrive and not the app start; the next step looks at that.")


def note(az: Az, group_id: str, mark: dict[str, str]) -> None:
    """Write on the group which code the app has, so that the next run need not send it again."""
    try:
        tags = [f"{name}={value}" for name, value in mark.items()]
        az.do("tag", "update", "--resource-id", group_id, "--operation", "Merge", "--tags", *tags)
    except AzFailed:
        az.terminal.say("  The group could not be tagged, so the next run will upload the code again.")


def wait_until_ready(az: Az, app: Deployment, patience: Patience) -> None:
    """Return once the app is healthy and Azure knows all of its functions."""
    if az.plan:
        wait = "curl --fail --silent --show-error --retry 90 --retry-delay 10 --retry-all-errors"
        az.terminal.command(f'{wait} "{app.address}/api/health"')
        az.do("functionapp", "function", "list", *app.in_azure)
        return
    try:
        live_app.wait_until_healthy(app.address, patience, lambda: key_vault.fetch_again(az, app))
    except Failed as error:
        raise Failed(
            str(error),
            "`settings: wrong`: one is missing, or a Key Vault reference does not resolve; the app's log names it.",
            f"az functionapp config appsettings list {' '.join(app.in_azure)} --output table",
            *error.advice,
        ) from None
    wait_until_known(az, app, patience)


def wait_until_known(az: Az, app: Deployment, patience: Patience) -> None:
    """Return once every function is listed: an unlisted one answers only while an instance happens to run."""
    wanted = app_package.imports(app_package.ROOT / app_package.ENTRY) & app_package.folders(app_package.ROOT)
    missing = wanted
    for count in patience.tries(every=15, minutes=5):
        if count:
            az.do("rest", "--method", "post", "--uri", app.resource("host/default/sync?api-version=2024-11-01"))
        listed = {
            str(found["name"]).rpartition("/")[2] for found in az.json("functionapp", "function", "list", *app.in_azure)
        }
        missing = wanted - listed
        if not missing:
            az.terminal.say(f"  Azure knows its {len(wanted)} functions.")
            return
    raise Failed(
        f"Azure does not list these functions: {', '.join(sorted(missing))}.", "Upload the code again with --again."
    )

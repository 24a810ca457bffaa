"""The API key's rotation: a new key at Twilio, its secret in Key Vault, both in the app, the old key deleted."""

from __future__ import annotations

from typing import Any

from deployment import key_vault, live_app
from deployment.rotation import Rotation
from deployment.secret_names import SECRET_NAMES
from deployment.steps import Failed
from deployment.terminal import Refused
from deployment.twilio_api import TwilioAccount

SECRET = "TWILIO_API_SECRET"
# Tags on the secret: the SID of the key that it belongs to, and that of the key before it.
KEY, KEY_BEFORE = "api-key", "api-key-before"


def rotate_key(rotation: Rotation) -> None:
    """Replace the app's API key by a new one; an app that had none gets one."""
    old = rotation.live.get("TWILIO_API_KEY", "")
    secret = show(rotation)
    tags = secret.get("tags") or {}
    if old and tags.get(KEY) == old and left_over(rotation, tags.get(KEY_BEFORE, "")):
        rotation.steps.begin("Delete the old API key, as the last run did not")
        wait_until_fetched(rotation, version_of(str(secret["id"])))
        if delete(rotation, tags[KEY_BEFORE]):
            return
    rotation.steps.begin("Create the new API key")
    new, version = unfinished(rotation, secret) or create(rotation, old)
    rotation.steps.begin("Give it to the app")
    rotation.set(TWILIO_API_KEY=new, TWILIO_API_SECRET=rotation.reference(SECRET))
    rotation.steps.leaves(f"the app's setting TWILIO_API_KEY={new}")
    wait_until_fetched(rotation, version)
    if left_over(rotation, old):
        rotation.steps.begin("Delete the old API key")
        delete(rotation, old)


def show(rotation: Rotation) -> dict[str, Any]:
    """Return the address and the tags of the secret, empty when there is none."""
    command = ("keyvault", "secret", "show", "--vault-name", rotation.app.vault, "--name", SECRET_NAMES[SECRET])
    return dict(rotation.az.find(*command, "--query", "{id: id, tags: tags}") or {})


def left_over(rotation: Rotation, key: str) -> bool:
    """Whether an old key is there that should not be."""
    return bool(key) and not rotation.options.keep_old_key and rotation.account(rotation.token).has_key(key)


def delete(rotation: Rotation, key: str) -> bool:
    """Delete an old key at Twilio, if that is agreed to; whether it is gone."""
    try:
        rotation.agree(f"Delete {key} at Twilio? Whatever else uses it stops working.")
    except Refused:
        rotation.az.terminal.say(f"  {key} is kept. It can be deleted at https://console.twilio.com")
        return False
    rotation.account(rotation.token).delete_key(key)
    rotation.steps.leaves(f"the old API key {key}, deleted")
    return True


def unfinished(rotation: Rotation, secret: dict[str, Any]) -> tuple[str, str] | None:
    """Return the key, and the version of its secret, that an earlier run has made and not yet given to the app."""
    key = (secret.get("tags") or {}).get(KEY, "")
    if not key or key == rotation.live.get("TWILIO_API_KEY"):
        return None
    value = key_vault.read(rotation.az, rotation.app.vault, SECRET)
    if not TwilioAccount(rotation.account_sid, key, value).lets_key_in():
        return None
    rotation.az.terminal.say(f"  {key} was created by an earlier run.")
    return key, version_of(str(secret["id"]))


def create(rotation: Rotation, before: str) -> tuple[str, str]:
    """Create a key and put its secret into the vault; without a place for the secret there is no key."""
    account = rotation.account(rotation.token)
    key, secret = account.create_key(f"{rotation.options.name} ({rotation.app.group})")
    try:
        rotation.steps.leaves(f"a new API key at Twilio, {key}, which nothing uses yet")
        tags = [f"{KEY}={key}", f"{KEY_BEFORE}={before}"]
        address = key_vault.write(rotation.az, rotation.app.vault, SECRET, secret, rotation.patience, "--tags", *tags)
    except BaseException:
        account.delete_key(key)
        rotation.steps.left.clear()
        raise
    return key, version_of(address)


def wait_until_fetched(rotation: Rotation, version: str) -> None:
    """Return once Azure has given this version of the secret to the app, and the app is well with it."""
    path = rotation.app.resource(f"config/configreferences/appsettings/{SECRET}?api-version=2022-03-01")
    state = ""
    for count in rotation.patience.tries(every=10, minutes=10):
        found = rotation.az.json("rest", "--method", "get", "--uri", path)["properties"]
        state = str(found["status"])
        has = found.get("activeVersion") or found.get("secretVersion")
        if state == "Resolved" and has in (version, None, ""):
            live_app.wait_until_healthy(rotation.app.address, rotation.patience, rotation.fetch_again)
            return
        if count % 6 == 0:
            rotation.fetch_again()
    raise Failed(
        f"The app did not get the new key's secret; Azure says {state!r} of its Key Vault reference.",
        "Both keys work at Twilio, so nothing is lost but time.",
    )


def version_of(address: str) -> str:
    """Return the version at the end of a secret's address."""
    return address.rpartition("/")[2]

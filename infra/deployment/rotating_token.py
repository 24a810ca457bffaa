"""The auth token's rotation, a dance of two tokens, so that every webhook is signed with one that the app takes.

A second token is created at Twilio, the app learns it beside the first, it is promoted (Twilio signs with it from that
moment, and the first is void), the app takes it as its first and forgets the old one. Signed requests to the app prove
each step before the next. https://www.twilio.com/docs/iam/api/authtoken
"""

from __future__ import annotations

from deployment import key_vault, live_app
from deployment.rotation import Rotation
from deployment.secret_names import SECRET_NAMES
from deployment.steps import Failed
from deployment.twilio_api import TwilioSaidNo

CURRENT, NEXT = "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_NEXT"


def is_under_way(rotation: Rotation) -> bool:
    """Whether an earlier run has begun and not ended."""
    return bool(rotation.live.get(NEXT) or next_token(rotation))


def next_token(rotation: Rotation) -> str:
    """Return the second token as far as the vault has it."""
    return key_vault.read(rotation.az, rotation.app.vault, NEXT)


def rotate_token(rotation: Rotation) -> None:
    """Replace the auth token, from wherever an earlier run came to."""
    old, new = rotation.token, next_token(rotation)
    old_works = rotation.account(old).lets_in()
    new_works = bool(new) and rotation.account(new).lets_in()
    if not (old_works or new_works):
        raise Failed(
            "Twilio takes neither of the tokens in the vault, so somebody has changed the token by hand.",
            "Give the right one to the app: TWILIO_AUTH_TOKEN in the environment, and infra/deploy.py.",
        )
    if old_works and not new_works and new != old:
        new = ""  # left from an attempt that Twilio has forgotten
    if not new:
        rotation.steps.begin("Create the second auth token")
        new = create(rotation, old)
    if old_works and new != old:
        rotation.steps.begin("Let the app take both tokens")
        teach(rotation, old, new)
        rotation.steps.begin("Promote the second token")
        promote(rotation, old)
    if new != old:
        rotation.steps.begin("Make it the app's first token")
        adopt(rotation, old, new)
    rotation.steps.begin("Let the app forget the old token")
    forget(rotation, new)


def create(rotation: Rotation, token: str) -> str:
    """Create the second token and put it into the vault; without a place for it there is none."""
    account = rotation.account(token)
    if rotation.options.discard_secondary:
        account.delete_secondary_token()
    try:
        new = rotation.az.terminal.hide(account.create_secondary_token())
    except TwilioSaidNo as error:
        raise Failed(
            f"Twilio creates no second token: {error}",
            "If there is one already, from an earlier attempt, and nothing uses it: --discard-secondary",
        ) from None
    try:
        key_vault.write(rotation.az, rotation.app.vault, NEXT, new, rotation.patience)
    except BaseException:
        account.delete_secondary_token()
        raise
    rotation.steps.leaves(
        f"a second auth token, at Twilio and in the vault as {SECRET_NAMES[NEXT]}; the first still signs"
    )
    return new


def teach(rotation: Rotation, old: str, new: str) -> None:
    """Return once the app takes the signatures of both tokens."""
    if rotation.live.get(NEXT) != rotation.reference(NEXT):
        rotation.set(TWILIO_AUTH_TOKEN_NEXT=rotation.reference(NEXT))
    rotation.fetch_again()
    rotation.steps.leaves("the app, which takes both tokens or is about to")
    for token, which in ((new, "second"), (old, "first")):
        if not wait(rotation, token, taken=True):
            raise Failed(
                f"The app at {rotation.base_url} does not take what is signed with the {which} token.",
                f"az functionapp config appsettings list {' '.join(rotation.app.in_azure)} --output table",
                "Nothing is lost: Twilio signs with the first token until the second is promoted.",
            )
    rotation.az.terminal.say("  Requests signed with either token are taken.")


def promote(rotation: Rotation, old: str) -> None:
    """Make Twilio sign with the second token."""
    if not rotation.live.get("TWILIO_API_KEY"):
        rotation.az.terminal.say("  The app has no API key, so for a minute its own calls and texts will be refused.")
    rotation.agree("Promote it? Whatever else uses the old auth token stops working.")
    rotation.account(old).promote_secondary_token()
    rotation.steps.leaves("the second token, promoted: Twilio signs with it, and the app takes it")


def adopt(rotation: Rotation, old: str, new: str) -> None:
    """Return once the app has the new token as its first: then it does not take the old one any more."""
    key_vault.write(rotation.az, rotation.app.vault, CURRENT, new, rotation.patience)
    rotation.token = new
    rotation.fetch_again()
    rotation.steps.leaves(f"the new token in the vault as {SECRET_NAMES[CURRENT]}")
    if not (wait(rotation, old, taken=False) and wait(rotation, new, taken=True)):
        raise Failed(
            "The app still takes the old token, and not the new one alone.", "It takes both, so nothing is lost."
        )
    rotation.az.terminal.say("  Requests signed with the old token are refused.")


def forget(rotation: Rotation, new: str) -> None:
    """Return once the app has one token again."""
    rotation.set(TWILIO_AUTH_TOKEN_NEXT="")
    rotation.fetch_again()
    if not wait(rotation, new, taken=True):
        rotation.set(TWILIO_AUTH_TOKEN_NEXT=rotation.reference(NEXT))
        raise Failed("Without the second token the app does not take the new one, so the second was put back.")
    # Not deleted: a deleted secret blocks its name until it is purged, and this one is needed again.
    command = ("keyvault", "secret", "set-attributes", "--vault-name", rotation.app.vault, "--name", SECRET_NAMES[NEXT])
    rotation.az.do(*command, "--enabled", "false")
    rotation.steps.left.clear()
    rotation.steps.leaves("the new auth token, at Twilio, in the vault and in the app")


def wait(rotation: Rotation, token: str, taken: bool) -> bool:
    """Wait until the app takes a token, or does not."""
    return live_app.wait_until_signature(rotation.base_url, token, taken, rotation.patience, rotation.fetch_again)

"""Replaces the API key and the auth token, each time from wherever an earlier run stopped.

The auth token signs the webhooks, so two tokens are valid for a while. A second token is created at Twilio, the app
accepts both, the second is promoted (from then on Twilio signs with it, and the first is void), and the app drops the
first. Signed requests to the app prove each step before the next. https://www.twilio.com/docs/iam/api/authtoken
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field

from deployment import key_vault
from deployment.azure_cli import Az, tries
from deployment.deployed_app import Deployment, takes_signature, wait_until_healthy
from deployment.options import SECRET_NAMES
from deployment.steps import Steps
from deployment.terminal import Failed
from deployment.twilio_api import TwilioAccount, TwilioSaidNo

TOKEN, NEXT, SECRET = "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_NEXT", "TWILIO_API_SECRET"
# Tags on the API key's secret: the SID of its key, and of the key before.
KEY, KEY_BEFORE = "api-key", "api-key-before"


@dataclass
class Rotation:
    """One app, its settings, its auth token, and what changes them."""

    options: argparse.Namespace
    az: Az
    steps: Steps
    app: Deployment
    live: dict[str, str]
    token: str = field(repr=False)

    def twilio(self, token: str) -> TwilioAccount:
        """Return Twilio's REST API for an auth token; an API key may create neither keys nor tokens."""
        sid = self.live["TWILIO_ACCOUNT_SID"]
        return TwilioAccount(sid, sid, token)

    def is_under_way(self) -> bool:
        """Whether a rotation of the token has begun and not ended."""
        return bool(self.live.get(NEXT) or self.stored_next())

    def stored_next(self) -> str:
        """Return the second token, if the vault has it."""
        return key_vault.read(self.az, self.app.vault, NEXT)

    def reference(self, setting: str) -> str:
        """Return the Key Vault reference for a secret, in the form that the template gives the auth token."""
        return self.live[TOKEN].replace(f"/{SECRET_NAMES[TOKEN]}/", f"/{SECRET_NAMES[setting]}/")

    def set(self, **settings: str) -> None:
        """Change settings of the app, which restarts its instances; they read their secrets again."""
        words = [f"{name}={value}" for name, value in settings.items()]
        self.az.do("functionapp", "config", "appsettings", "set", *self.app.in_azure, "--settings", *words)
        self.live.update(settings)

    def fetch_again(self) -> None:
        """Make the app read its secrets again."""
        key_vault.fetch_again(self.az, self.app)

    def accepts(self, token: str, wanted: bool = True) -> bool:
        """Wait until the app accepts a token's signature, or until it rejects it; whether it came to that.

        Five answers in a row count: several instances may run, and each reads its settings when it starts. A
        restarting app answers neither way, which counts as nothing.
        """
        url = self.live.get("PUBLIC_BASE_URL") or self.app.base_url
        in_a_row = 0
        for count in tries(every=3, minutes=10):
            in_a_row = in_a_row + 1 if takes_signature(url, token) is wanted else 0
            if in_a_row == 5:
                return True
            if not in_a_row and count % 20 == 19:
                self.fetch_again()
        return False

    def rotate_key(self) -> None:
        """Replace the API key; an app that had none gets one."""
        twilio, old = self.twilio(self.token), self.live.get("TWILIO_API_KEY", "")
        command = ("keyvault", "secret", "show", "--vault-name", self.app.vault, "--name", SECRET_NAMES[SECRET])
        secret = self.az.find(*command, "--query", "{id: id, tags: tags}") or {"id": "", "tags": {}}
        new, before = ((secret["tags"] or {}).get(tag, "") for tag in (KEY, KEY_BEFORE))
        keep, address = self.options.keep_old_key, secret["id"]
        unfinished = new and (new != old or (before and not keep and twilio.has_key(before)))
        value = key_vault.read(self.az, self.app.vault, SECRET) if unfinished else ""
        self.steps.begin("Create the new API key")
        if value and TwilioAccount(self.live["TWILIO_ACCOUNT_SID"], new, value).lets_key_in():
            self.az.terminal.say(f"  An earlier run created {new}.")
        else:
            before = old
            new, address = self.create_key(twilio, old)
        self.steps.begin("Give it to the app")
        if new != old:
            self.set(TWILIO_API_KEY=new, TWILIO_API_SECRET=self.reference(SECRET))
        self.steps.leaves(f"the API key {new}, in the vault and in the app; {before or 'no key'} before", "api-key")
        self.wait_until_fetched(address.rpartition("/")[2])
        if before and not keep:
            self.steps.begin("Delete the old API key")
            twilio.delete_key(before)
            self.steps.leaves(f"the API key {new}, in the app; {before} is deleted", "api-key")

    def create_key(self, twilio: TwilioAccount, before: str) -> tuple[str, str]:
        """Create a key and put its secret into the vault; return its SID and the secret's address."""
        key, secret = twilio.create_key(f"{self.options.name} ({self.app.group})")
        try:
            tags = ("--tags", f"{KEY}={key}", f"{KEY_BEFORE}={before}")
            address = key_vault.write(self.az, self.app.vault, SECRET, secret, *tags)
        except BaseException:
            twilio.delete_key(key)
            raise
        self.steps.leaves(f"a new API key at Twilio and in the vault, {key}; the app still uses {before}", "api-key")
        return key, address

    def wait_until_fetched(self, version: str) -> None:
        """Return once the app has this version of the key's secret, and is healthy."""
        path = self.app.path(f"config/configreferences/appsettings/{SECRET}?api-version=2022-03-01")
        state = ""
        for count in tries(every=10, minutes=10):
            found = self.az.json("rest", "--method", "get", "--uri", path)["properties"]
            state = str(found["status"])
            has = found.get("activeVersion") or found.get("secretVersion")
            if state == "Resolved" and has in (version, None, ""):
                wait_until_healthy(self.app, "", self.az.terminal, self.fetch_again)
                return
            if count % 6 == 0:
                self.fetch_again()
        raise Failed(f"The app did not get the new key's secret: its Key Vault reference is {state!r}. Both keys work.")

    def rotate_token(self) -> None:
        """Replace the auth token."""
        old, new = self.token, self.stored_next()
        old_works = self.twilio(old).lets_in()
        new_works = bool(new) and self.twilio(new).lets_in()
        if not (old_works or new_works):
            raise Failed(
                "Twilio accepts neither of the tokens in the vault, so the token was changed elsewhere.",
                "Give the right one to the app: TWILIO_AUTH_TOKEN in the environment, and infra/deploy.py.",
            )
        if not new_works:  # none, or one of an attempt that Twilio has forgotten
            self.steps.begin("Create the second auth token")
            new = self.create_second(old)
        if old_works and new != old:
            self.steps.begin("Let the app accept both tokens")
            self.teach(old, new)
            self.steps.begin("Promote the second token")
            self.twilio(old).promote_secondary_token()
            self.steps.leaves("the second auth token, promoted: Twilio signs with it, the app accepts it", "token")
        if new != old:
            self.steps.begin("Make it the app's first token")
            self.adopt(old, new)
        self.steps.begin("Let the app drop the old token")
        self.drop(new)

    def create_second(self, token: str) -> str:
        """Create the second token and put it into the vault; return it."""
        twilio = self.twilio(token)
        if self.options.discard_secondary:
            twilio.delete_secondary_token()
        try:
            new = self.az.terminal.hide(twilio.create_secondary_token())
        except TwilioSaidNo as error:
            advice = "If there is one of an earlier attempt, and nothing uses it: --discard-secondary"
            raise Failed(f"Twilio creates no second token: {error}", advice) from None
        try:
            key_vault.write(self.az, self.app.vault, NEXT, new)
        except BaseException:
            twilio.delete_secondary_token()
            raise
        self.steps.leaves("a second auth token, at Twilio and in the vault; the first still signs", "token")
        return new

    def teach(self, old: str, new: str) -> None:
        """Return once the app accepts the signatures of both tokens."""
        if self.live.get(NEXT) != self.reference(NEXT):
            self.set(TWILIO_AUTH_TOKEN_NEXT=self.reference(NEXT))
        self.fetch_again()
        self.steps.leaves("a second auth token, at Twilio, in the vault and in the app; the first still signs", "token")
        for token, which in ((new, "second"), (old, "first")):
            if not self.accepts(token):
                raise Failed(
                    f"The app rejects what is signed with the {which} token. Twilio still signs with the first.",
                    f"az functionapp config appsettings list {' '.join(self.app.in_azure)} --output table",
                )
        self.az.terminal.say("  The app accepts requests signed with either token.")

    def adopt(self, old: str, new: str) -> None:
        """Return once the app has the new token as its first: then it rejects the old one."""
        key_vault.write(self.az, self.app.vault, TOKEN, new)
        self.token = new
        self.fetch_again()
        self.steps.leaves(
            "the new auth token, at Twilio and in the vault; the app may still accept the old one", "token"
        )
        if not (self.accepts(old, wanted=False) and self.accepts(new)):
            raise Failed("The app still accepts the old token. It accepts the new one too, so nothing is lost.")
        self.az.terminal.say("  The app rejects requests signed with the old token.")

    def drop(self, new: str) -> None:
        """Return once the app has one token again."""
        self.set(TWILIO_AUTH_TOKEN_NEXT="")
        self.fetch_again()
        if not self.accepts(new):
            self.set(TWILIO_AUTH_TOKEN_NEXT=self.reference(NEXT))
            raise Failed("Without the second token the app rejects the new one, so the second was restored.")
        # Not deleted: a deleted secret blocks its name until it is purged.
        command = ("keyvault", "secret", "set-attributes", "--vault-name", self.app.vault, "--name", SECRET_NAMES[NEXT])
        self.az.do(*command, "--enabled", "false")
        self.steps.leaves("the new auth token, at Twilio, in the vault and in the app", "token")

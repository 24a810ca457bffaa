"""Lets Twilio call the app, and puts back what stood there before. What would change is shown and agreed to first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from deployment.kept_addresses import Kept, KeptAddresses
from deployment.number import METHOD, Resource, is_ours, write
from deployment.steps import Failed, Steps
from deployment.terminal import Refused, this_command
from deployment.twilio_api import TwilioAccount


@dataclass
class Connecting:
    """One run: what is connected to which address, and what needs no question."""

    steps: Steps
    account: TwilioAccount
    resources: Sequence[Resource]
    base_url: str
    agreed: bool = False
    take_over: bool = False
    formerly: Sequence[str] = ()
    """Other addresses that are, or were, the app's own."""

    @property
    def ours(self) -> Sequence[str]:
        """All addresses of the app."""
        return (self.base_url, *self.formerly)

    def connect(self) -> None:
        """Set every address that is not right; raises Failed before any change where somebody else's would go."""
        plans = [(resource, resource.changes(self.base_url)) for resource in self.resources]
        self.show(plans)
        if not any(change for _, change in plans):
            return
        others = [
            f"{resource.label}: {name} is {shown(value)}"
            for resource in self.resources
            for name, value in resource.elsewhere(self.ours).items()
        ]
        if others and not self.take_over:
            raise Failed(
                "Somebody else gets the calls or texts:\n" + "\n".join(others),
                "This lets the app have them. What stands there now is kept, and --restore puts it back:",
                this_command(more=["--take-over"]),
                "If it is where this app was before, say so with --formerly https://... instead.",
                again=False,
            )
        self.agree()
        kept = KeptAddresses(self.account, self.ours)
        for resource, change in plans:
            if change:
                kept.keep(resource)
                self.steps.leaves(f"what {resource.label} had before, kept at Twilio as a TwiML App")
                write(self.account, resource, change)
                self.steps.leaves(f"{resource.label}, connected to {self.base_url}")
                self.steps.terminal.say(f"{resource.label} is connected to {self.base_url}.")

    def restore(self) -> None:
        """Put back what was kept, wherever the app's addresses still stand."""
        kept = KeptAddresses(self.account, self.ours)
        befores = [kept.find(resource) for resource in self.resources]
        plans = [
            (resource, restored(resource, self.ours, before))
            for resource, before in zip(self.resources, befores, strict=True)
        ]
        self.show(plans)
        if not any(change for _, change in plans):
            return
        self.agree()
        for (resource, change), before in zip(plans, befores, strict=True):
            if change:
                write(self.account, resource, change)
                as_it_was = "is as it was before" if before else "calls nobody now; nothing was kept of it"
                self.steps.leaves(f"{resource.label}, which {as_it_was}")
                self.steps.terminal.say(f"{resource.label} {as_it_was}.")
                if before:
                    kept.forget(resource)

    def show(self, plans: Sequence[tuple[Resource, dict[str, str]]]) -> None:
        """Show what is, and what would be."""
        for resource, change in plans:
            self.steps.terminal.say(f"{resource.label}:" + ("" if change else " nothing to change."))
            for name, value in change.items():
                self.steps.terminal.say(f"  {name}: {shown(resource.value(name))}  ->  {shown(value)}")

    def agree(self) -> None:
        """Raise Refused unless the person says yes."""
        if not (self.agreed or self.steps.terminal.confirm("Change this at Twilio?")):
            raise Refused("Nothing was changed.")


def restored(resource: Resource, ours: Sequence[str], before: Kept | None) -> dict[str, str]:
    """Return the parameters to set; what somebody has changed meanwhile is not the app's any more, and stays."""
    change: dict[str, str] = {}
    for address in resource.addresses:
        if is_ours(resource.value(address.parameter), ours):
            url, method = before.address(address) if before else ("", METHOD)
            change[address.parameter] = url
            if address.method and method != resource.value(address.method):
                change[address.method] = method
    if change and before:
        sids = {name: before.more(name) for name in resource.bypasses if not resource.value(name)}
        change |= {name: sid for name, sid in sids.items() if sid}
    return change


def shown(value: str) -> str:
    """Return an address without the password and the keys that may be in it: of a query only the names are left."""
    try:
        url = urlsplit(value)
    except ValueError:
        return "(no address)"
    user, at, host = url.netloc.rpartition("@")
    query = re.sub(r"([^&=]+=)?[^&]+", r"\1***", url.query)
    return urlunsplit(url._replace(netloc=f"{'***' if user else ''}{at}{host}", query=query)) or "(nothing)"

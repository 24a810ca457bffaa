"""What stood at Twilio before the app was connected, kept at Twilio itself: any machine can put it back.

A TwiML App has fields for all the addresses of a number, and does nothing as long as nobody refers to it. So the old
addresses lie in one that is named after the number, where a person finds them in Twilio's console too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from deployment.number import METHOD, Address, Resource, is_ours, write
from deployment.twilio_api import TwilioAccount

# What has no field of its own goes into the query of an address that nobody calls: for which app it was kept, and SIDs.
# https://www.rfc-editor.org/rfc/rfc6761#section-6.4
MORE, NOWHERE, APP = "MessageStatusCallback", "https://kept.invalid/?", "App"


@dataclass
class Kept:
    """What one resource had before an app came."""

    app: Resource

    def address(self, address: Address) -> tuple[str, str]:
        """Return an address and its method as they were."""
        return self.app.value(address.kept_as), self.app.value(method_of(address.kept_as)) or METHOD

    def more(self, name: str) -> str:
        """Return for which app it was kept, or what stood before the addresses: a TwiML App or a trunk."""
        return parse_qs(self.app.value(MORE).removeprefix(NOWHERE)).get(name, [""])[0]


class KeptAddresses:
    """What is kept in one account for one app, whose public addresses are `ours`, the present one first.

    Another app that took the same resource before or after has something else kept for it.
    """

    def __init__(self, account: TwilioAccount, ours: Sequence[str]) -> None:
        """Look in this account."""
        self.account = account
        self.ours = ours
        self.url = f"{account.own}/Applications.json"

    def find(self, resource: Resource) -> Kept | None:
        """Return what a resource had before, None when nothing is kept."""
        return next(iter(self.own(self.all(resource))), None)

    def own(self, found: Iterable[Kept]) -> list[Kept]:
        """Return what is kept for this app."""
        return [kept for kept in found if kept.more(APP) in self.ours]

    def all(self, resource: Resource) -> Iterator[Kept]:
        """Return what is kept of a resource, for each app; twice where two runs have connected it at the same time."""
        name = name_of(resource)
        for state in self.account.every(f"{self.url}?{urlencode({'FriendlyName': name})}", "applications"):
            kept = Kept(Resource(name, f"{self.account.own}/Applications/{state['sid']}.json", state, ()))
            if state["friendly_name"] == name:
                yield kept

    def keep(self, resource: Resource) -> None:
        """Keep what a resource has now.

        Where the app's own addresses stand, or those of an app that has borrowed it of this one, what was kept stays.
        """
        kept = list(self.all(resource))
        before = next(iter(self.own(kept)), None)
        values: dict[str, str] = {}
        for address in resource.addresses:
            url, method = resource.value(address.parameter), resource.value(address.method) or METHOD
            borrowed = [other.address(address)[0] for other in kept if is_ours(url, [other.more(APP)])]
            if any(is_ours(one, self.ours) for one in (url, *borrowed)):
                url, method = before.address(address) if before else ("", METHOD)
            values |= {address.kept_as: url, method_of(address.kept_as): method}
        sids = {name: resource.value(name) or (before.more(name) if before else "") for name in resource.bypasses}
        values[MORE] = NOWHERE + urlencode({APP: self.ours[0], **{name: sid for name, sid in sids.items() if sid}})
        app = before.app if before else Resource(name_of(resource), self.url, {}, ())
        write(self.account, app, {"FriendlyName": app.label, **values})

    def forget(self, resource: Resource) -> None:
        """Remove what is kept of a resource."""
        for kept in self.own(self.all(resource)):
            self.account.request("DELETE", kept.app.url)


def name_of(resource: Resource) -> str:
    """Return the name of the TwiML App, which may have 64 characters."""
    return f"before connect_number: {resource.label}"


def method_of(parameter: str) -> str:
    """Return the parameter for the method of an address of a TwiML App."""
    return f"{parameter.removesuffix('Url')}Method"

"""What stood at Twilio before the app was connected, kept at Twilio itself: any machine can put it back.

A TwiML App has fields for all the addresses of a number, and does nothing as long as nobody refers to it. So the old
addresses lie in one that is named after the number, where a person finds them in Twilio's console too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from connectable import Address, Resource, is_ours, write
from twilio_account import TwilioAccount

# SIDs have no field of their own; nobody calls this address. https://www.rfc-editor.org/rfc/rfc6761#section-6.4
SIDS, NOWHERE = "MessageStatusCallback", "https://kept.invalid/?"


@dataclass
class Kept:
    """What one resource had before."""

    app: Resource

    def address(self, address: Address) -> tuple[str, str]:
        """Return an address and its method as they were."""
        return self.app.value(address.kept_as), self.app.value(method_of(address.kept_as)) or "POST"

    def sid(self, name: str) -> str:
        """Return what stood before the addresses: a TwiML App or a trunk."""
        return parse_qs(self.app.value(SIDS).removeprefix(NOWHERE)).get(name, [""])[0]


class KeptAddresses:
    """All that is kept in one account."""

    def __init__(self, account: TwilioAccount) -> None:
        """Look in this account."""
        self.account = account
        self.url = f"{account.own}/Applications.json"

    def find(self, resource: Resource) -> Kept | None:
        """Return what a resource had before, None when nothing is kept."""
        app = next(self.apps(resource), None)
        return Kept(app) if app else None

    def apps(self, resource: Resource) -> Iterator[Resource]:
        """Return the TwiML Apps that keep it: several, where several runs have connected it at once."""
        name = name_of(resource)
        for state in self.account.every(f"{self.url}?{urlencode({'FriendlyName': name})}", "applications"):
            if state["friendly_name"] == name:
                yield Resource(name, f"{self.account.own}/Applications/{state['sid']}.json", state, ())

    def keep(self, resource: Resource, base_url: str) -> None:
        """Keep what a resource has now. Where an earlier run has set an address, what was kept then stays."""
        before = self.find(resource)
        values: dict[str, str] = {}
        for address in resource.addresses:
            url, method = resource.value(address.parameter), resource.value(address.method) or "POST"
            if before and (is_ours(url, base_url) or is_alike(url, address)):
                url, method = before.address(address)
            elif is_ours(url, base_url):
                url, method = "", "POST"
            values |= {address.kept_as: url, method_of(address.kept_as): method}
        sids = {name: resource.value(name) or (before.sid(name) if before else "") for name in resource.bypasses}
        sids = {name: sid for name, sid in sids.items() if sid}
        values[SIDS] = NOWHERE + urlencode(sids) if sids else ""
        app = before.app if before else Resource(name_of(resource), self.url, {}, ())
        write(self.account, app, {"FriendlyName": app.label, **values})

    def forget(self, resource: Resource) -> None:
        """Remove what is kept of a resource."""
        for app in list(self.apps(resource)):
            self.account.request("DELETE", app.url)


def name_of(resource: Resource) -> str:
    """Return the name of the TwiML App, which may have 64 characters."""
    return f"before connect_number: {resource.label}"


def is_alike(url: str, address: Address) -> bool:
    """Whether an earlier run may have set this address, for the same app under another name or for another one."""
    path, route = (re.split("[?#]", text)[0] for text in (url, address.route))
    return path.endswith(f"/api/{route}")


def method_of(parameter: str) -> str:
    """Return the parameter for the method of an address of a TwiML App."""
    return f"{parameter.removesuffix('Url')}Method"

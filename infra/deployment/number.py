"""Connects a number, a Messaging Service or a TwiML App to the app, and restores the addresses that it had before.

What a resource had before is kept at Twilio itself, in a TwiML App that nothing refers to: any machine can restore it.
https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
https://www.twilio.com/docs/messaging/api/service-resource
https://www.twilio.com/docs/usage/api/applications
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from deployment.steps import Steps
from deployment.terminal import Failed, Refused
from deployment.twilio_api import TwilioAccount

# Twilio repeats a failed callback only when told to; shared/sending has the same.
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
RETRIED = "#rc=3&rp=ct,rt,5xx"
METHOD = "POST"
OWN_ROUTE = r"(twiml|twimlet)/[^/]+"  # a number may be answered by a script or a twimlet of the app
GREETING = re.compile(r"https?://demo\.twilio\.com/")  # Twilio's own greeting, for a number that was just bought
# SIDs have no parameter of their own in a TwiML App: they are kept in the query of an address that is never called.
# https://www.rfc-editor.org/rfc/rfc6761#section-6.4
SIDS, NOWHERE = "MessageStatusCallback", "https://kept.invalid/?"


@dataclass(frozen=True)
class Address:
    """Twilio's parameter for an address and for its method, the app's route, and the parameter that keeps it."""

    parameter: str
    method: str
    route: str
    kept_as: str

    def is_right(self, value: str, base_url: str) -> bool:
        """Whether the app is called here, by the right route."""
        if self.route not in ("answer_call", "receive_sms"):
            return value == f"{base_url}/api/{self.route}"
        return bool(re.fullmatch(rf"{re.escape(base_url)}/api/({self.route}|{OWN_ROUTE})([?#].*)?", value))


VOICE = (
    Address("VoiceUrl", "VoiceMethod", "answer_call", "VoiceUrl"),
    Address("VoiceFallbackUrl", "VoiceFallbackMethod", "fallback", "VoiceFallbackUrl"),
    Address("StatusCallback", "StatusCallbackMethod", f"status_callback{RETRIED}", "StatusCallback"),
)
MESSAGES = (
    Address("SmsUrl", "SmsMethod", "receive_sms", "SmsUrl"),
    Address("SmsFallbackUrl", "SmsFallbackMethod", "fallback", "SmsFallbackUrl"),
)
SERVICE = (
    Address("InboundRequestUrl", "InboundMethod", "receive_sms", "SmsUrl"),
    Address("FallbackUrl", "FallbackMethod", "fallback", "SmsFallbackUrl"),
    Address("StatusCallback", "", f"status_callback{RETRIED}", "StatusCallback"),
)
# A TwiML App for calls from browsers: https://www.twilio.com/docs/voice/sdks/javascript/get-started
CLIENT_CALLS = (replace(VOICE[0], route="client_call"), *VOICE[1:])
# Where one of these is set, Twilio ignores the number's own addresses.
BYPASSES = ("VoiceApplicationSid", "SmsApplicationSid", "TrunkSid")


@dataclass
class Resource:
    """A number, a Messaging Service or a TwiML App, with its present state at Twilio."""

    account: TwilioAccount
    label: str
    url: str
    state: dict[str, Any]
    addresses: tuple[Address, ...] = ()
    bypasses: tuple[str, ...] = ()

    def value(self, parameter: str) -> str:
        """Return the present value of a parameter; VoiceUrl is voice_url in Twilio's answers."""
        return str(self.state.get(re.sub(r"(?<!^)(?=[A-Z])", "_", parameter).lower()) or "")

    def changes(self, base_url: str) -> dict[str, str]:
        """Return the parameters that connect it to the app, without those that are right already."""
        found = {}
        for address in self.addresses:
            if not address.is_right(self.value(address.parameter), base_url):
                found[address.parameter] = f"{base_url}/api/{address.route}"
            if address.method and self.value(address.method) != METHOD:
                found[address.method] = METHOD
        return {**found, **{name: "" for name in self.bypasses if self.value(name)}}

    def elsewhere(self, ours: Sequence[str]) -> list[str]:
        """Return, in words, the parameters that send calls or messages to something other than the app."""
        names = [*(address.parameter for address in self.addresses), *self.bypasses]
        used = [name for name in names if self.value(name) and not GREETING.match(self.value(name))]
        found = [name for name in used if not is_ours(self.value(name), ours)]
        return [f"{self.label}: {name} is {shown(self.value(name))}" for name in found]

    def write(self, values: dict[str, str]) -> None:
        """Change it at Twilio, and check that it is changed."""
        self.state = self.account.request("POST", self.url, values)
        other = [name for name, value in values.items() if self.value(name) != value]
        if other:
            raise Failed(f"Twilio accepted the change of {self.label}, but has not changed {', '.join(other)}.")


def is_ours(value: str, ours: Sequence[str]) -> bool:
    """Whether an address belongs to the app; `ours` are its base URLs, present and former."""
    return value.startswith(tuple(f"{base_url}/api/" for base_url in ours))


def shown(value: str) -> str:
    """Return an address without password and query values, which may be secrets."""
    try:
        url = urlsplit(value)
    except ValueError:
        return "(no address)"
    user, at, host = url.netloc.rpartition("@")
    query = re.sub(r"([^&=]+=)?[^&]+", r"\1***", url.query)
    return urlunsplit(url._replace(netloc=f"{user and '***'}{at}{host}", query=query)) or "(nothing)"


def find_number(account: TwilioAccount, e164: str) -> Resource:
    """Return one of the account's numbers; raises Failed for any other number."""
    found = list(account.every(f"{account.own}/IncomingPhoneNumbers.json?PageSize=1000", "incoming_phone_numbers"))
    for state in found:
        if state["phone_number"] == e164:
            able = state.get("capabilities") or {}
            addresses = (*(VOICE if able.get("voice") else ()), *(MESSAGES if able.get("sms") else ()))
            url = f"{account.own}/IncomingPhoneNumbers/{state['sid']}.json"
            return Resource(account, e164, url, state, addresses, BYPASSES)
    endings = ", ".join(f"…{state['phone_number'][-4:]}" for state in found[:20]) or "no number"
    raise Refused(f"{e164} is not a number of the account {account.account_sid}, which has {endings}.")


def find_service(account: TwilioAccount, sid: str) -> Resource:
    """Return a Messaging Service; raises Refused where there is none."""
    return find(account, sid, f"{account.messaging}/v1/Services/{sid}", SERVICE)


def find_twiml_app(account: TwilioAccount, sid: str) -> Resource:
    """Return a TwiML App for calls from browsers; raises Refused where there is none."""
    return find(account, sid, f"{account.own}/Applications/{sid}.json", CLIENT_CALLS)


def find(account: TwilioAccount, sid: str, url: str, addresses: tuple[Address, ...]) -> Resource:
    """Return what Twilio has at a URL of its API; raises Refused where there is nothing."""
    state = account.find(url)
    if state is None:
        raise Refused(f"The account {account.account_sid} has no {sid}.")
    return Resource(account, sid, url, state, addresses)


def services_with_messages(number: Resource) -> list[str]:
    """Return the Messaging Services that receive the number's messages, so that Twilio ignores its SmsUrl."""
    account = number.account
    return [
        service["sid"]
        for service in account.every(f"{account.messaging}/v1/Services?PageSize=100", "services")
        if not service.get("use_inbound_webhook_on_number")
        and account.find(f"{account.messaging}/v1/Services/{service['sid']}/PhoneNumbers/{number.state['sid']}")
    ]


def connect(steps: Steps, resources: Sequence[Resource], ours: Sequence[str], yes: bool, take_over: str = "") -> None:
    """Connect resources to the app at `ours[0]`, after they are shown and, without `yes`, agreed to.

    Where one is connected to something else, raises Failed with the command `take_over` as advice; without that command
    it is connected to the app all the same.
    """
    others = [words for resource in resources for words in resource.elsewhere(ours)]
    if others and take_over:
        advice = ("To connect it to the app, so that --restore can undo it:", take_over)
        raise Refused("Calls or messages go elsewhere:\n" + "\n".join(others), *advice)
    plans = [(resource, resource.changes(ours[0])) for resource in resources]
    for resource, change in approved(steps, plans, yes):
        keep(resource, ours)
        steps.leaves(f"what {resource.label} had before, kept in a TwiML App at Twilio")
        resource.write(change)
        steps.leaves(f"{resource.label}, connected to {ours[0]}")
        steps.terminal.say(f"{resource.label} is connected to {ours[0]}.")


def restore(steps: Steps, resources: Sequence[Resource], ours: Sequence[str], yes: bool) -> None:
    """Restore what was kept wherever an address of the app is set; an address that was never kept becomes empty."""
    plans = [(resource, restored(resource, ours)) for resource in resources]
    for resource, change in approved(steps, plans, yes):
        resource.write(change)
        steps.leaves(f"{resource.label}, no longer connected to the app")
        steps.terminal.say(f"{resource.label} is no longer connected to the app.")
        for app in kept(resource):
            if app.state:
                resource.account.request("DELETE", app.url)


def approved(
    steps: Steps, plans: Sequence[tuple[Resource, dict[str, str]]], yes: bool
) -> list[tuple[Resource, dict[str, str]]]:
    """Print each parameter before and after; return the plans that change something, if the user agrees."""
    for resource, change in plans:
        steps.terminal.say(f"{resource.label}:" + ("" if change else " nothing to change."))
        for name, value in change.items():
            steps.terminal.say(f"  {name}: {shown(resource.value(name))}  ->  {shown(value)}")
    found = [(resource, change) for resource, change in plans if change]
    if found:
        steps.terminal.agree("Change this at Twilio?", yes)
    return found


def kept(resource: Resource) -> list[Resource]:
    """Return the TwiML App that keeps what a resource had before; an empty one, to be created, if there is none.

    After two runs at the same time there are two: Twilio allows the same name twice, and 64 characters.
    """
    name = f"before connect_number: {resource.label}"
    return twiml_apps(resource.account, name) or [
        Resource(resource.account, name, f"{resource.account.own}/Applications.json", {})
    ]


def twiml_apps(account: TwilioAccount, name: str) -> list[Resource]:
    """Return the TwiML Apps with a name."""
    url = f"{account.own}/Applications"
    apps = account.every(f"{url}.json?{urlencode({'FriendlyName': name})}", "applications")
    return [Resource(account, name, f"{url}/{app['sid']}.json", app) for app in apps if app["friendly_name"] == name]


def find_or_create_twiml_app(account: TwilioAccount, name: str) -> str:
    """Return the SID of the TwiML App with a name, which is created if there is none."""
    found = twiml_apps(account, name)
    app = (
        found[0].state if found else account.request("POST", f"{account.own}/Applications.json", {"FriendlyName": name})
    )
    return str(app["sid"])


def keep(resource: Resource, ours: Sequence[str]) -> None:
    """Keep what a resource has now; where an address of the app is set, what was kept earlier stays."""
    app = kept(resource)[0]
    values = {"FriendlyName": app.label}
    connected = False
    for address in resource.addresses:
        kept_method = method_of(address.kept_as)
        url, method = resource.value(address.parameter), resource.value(address.method)
        if is_ours(url, ours):
            url, method, connected = app.value(address.kept_as), app.value(kept_method), True
        values |= {address.kept_as: url, kept_method: method or METHOD}
    sids = {name: resource.value(name) or (kept_sid(app, name) if connected else "") for name in resource.bypasses}
    values[SIDS] = NOWHERE + urlencode({name: sid for name, sid in sids.items() if sid})
    app.write(values)


def restored(resource: Resource, ours: Sequence[str]) -> dict[str, str]:
    """Return the parameters that restore what was kept; what somebody else has set since stays as it is."""
    app = kept(resource)[0]
    found = {}
    for address in resource.addresses:
        if is_ours(resource.value(address.parameter), ours):
            found[address.parameter] = app.value(address.kept_as)
            if address.method:
                found[address.method] = app.value(method_of(address.kept_as)) or METHOD
    if found:
        found |= {name: resource.value(name) or kept_sid(app, name) for name in resource.bypasses}
    return {name: value for name, value in found.items() if value != resource.value(name)}


def kept_sid(app: Resource, name: str) -> str:
    """Return a SID that was kept."""
    return parse_qs(app.value(SIDS).removeprefix(NOWHERE)).get(name, [""])[0]


def method_of(parameter: str) -> str:
    """Return a TwiML App's parameter for the method of an address."""
    return f"{parameter.removesuffix('Url')}Method"

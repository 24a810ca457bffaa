"""What at Twilio holds the addresses that Twilio calls: a phone number, a Messaging Service, a TwiML App.

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
https://www.twilio.com/docs/messaging/api/service-resource
https://www.twilio.com/docs/usage/api/applications
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from deployment.steps import Failed
from deployment.twilio_api import TwilioAccount

# Twilio tries a callback again only when told to; the app has the same in shared/sending/send.py.
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
RETRIED = "#rc=3&rp=ct,rt,5xx"
METHOD = "POST"

# A number may have a script or a twimlet of its own instead of the usual route.
OF_ITS_OWN = r"(twiml|twimlet)/[^/]+"

# A number that was just bought points to a greeting of Twilio's, which nobody will miss.
GREETING = "demo.twilio.com"


@dataclass(frozen=True)
class Address:
    """One address, and by which method it is called; both by the name of Twilio's parameter."""

    parameter: str
    method: str
    route: str
    kept_as: str

    def wanted(self, base_url: str) -> str:
        """Return what it should be."""
        return f"{base_url}/api/{self.route}"

    def is_right(self, value: str, base_url: str) -> bool:
        """Whether it is what it should be."""
        if self.parameter not in ("VoiceUrl", "SmsUrl", "InboundRequestUrl"):
            return value == self.wanted(base_url)
        return bool(re.fullmatch(rf"{re.escape(base_url)}/api/({self.route}|{OF_ITS_OWN})([?#].*)?", value))


VOICE = (
    Address("VoiceUrl", "VoiceMethod", "answer_call", "VoiceUrl"),
    Address("VoiceFallbackUrl", "VoiceFallbackMethod", "fallback", "VoiceFallbackUrl"),
    Address("StatusCallback", "StatusCallbackMethod", f"status_callback{RETRIED}", "StatusCallback"),
)
TEXTS = (
    Address("SmsUrl", "SmsMethod", "receive_sms", "SmsUrl"),
    Address("SmsFallbackUrl", "SmsFallbackMethod", "fallback", "SmsFallbackUrl"),
)
SERVICE = (
    Address("InboundRequestUrl", "InboundMethod", "receive_sms", "SmsUrl"),
    Address("FallbackUrl", "FallbackMethod", "fallback", "SmsFallbackUrl"),
    Address("StatusCallback", "", f"status_callback{RETRIED}", "StatusCallback"),
)
# Where one of these is set, Twilio ignores the number's own addresses.
BYPASSES = ("VoiceApplicationSid", "SmsApplicationSid", "TrunkSid")


@dataclass
class Resource:
    """A number, a service or an app as Twilio has it now."""

    label: str
    url: str
    state: dict[str, Any]
    addresses: tuple[Address, ...]
    bypasses: tuple[str, ...] = ()

    @property
    def sid(self) -> str:
        """Twilio's name for it."""
        return str(self.state["sid"])

    def value(self, parameter: str) -> str:
        """Return what a parameter is now: VoiceUrl is voice_url in Twilio's answers."""
        return str(self.state.get(re.sub(r"(?<!^)(?=[A-Z])", "_", parameter).lower()) or "")

    def changes(self, base_url: str) -> dict[str, str]:
        """Return the parameters that are not as they should be, with what they should be."""
        found = {}
        for address in self.addresses:
            if not address.is_right(self.value(address.parameter), base_url):
                found[address.parameter] = address.wanted(base_url)
            if address.method and self.value(address.method) != METHOD:
                found[address.method] = METHOD
        return {**found, **{name: "" for name in self.bypasses if self.value(name)}}

    def elsewhere(self, ours: Sequence[str]) -> dict[str, str]:
        """Return the parameters by which somebody else gets its calls or texts."""
        found = {address.parameter: self.value(address.parameter) for address in self.addresses}
        found |= {name: self.value(name) for name in self.bypasses}
        return {name: value for name, value in found.items() if is_somebodys(value) and not is_ours(value, ours)}


def is_ours(value: str, ours: Sequence[str]) -> bool:
    """Whether an address is one of the app's, which may have had other public addresses before."""
    return value.startswith(tuple(f"{base_url}/api/" for base_url in ours))


def is_somebodys(value: str) -> bool:
    """Whether somebody may miss what is called there."""
    try:
        return bool(value) and urlsplit(value).hostname != GREETING
    except ValueError:
        return True


def number(account: TwilioAccount, e164: str) -> Resource:
    """Return one of the account's numbers; raises Failed where it is none."""
    found = list(account.every(f"{account.own}/IncomingPhoneNumbers.json?PageSize=1000", "incoming_phone_numbers"))
    for state in found:
        if state["phone_number"] == e164:
            able = state.get("capabilities") or {}
            addresses = (*(VOICE if able.get("voice") else ()), *(TEXTS if able.get("sms") else ()))
            url = f"{account.own}/IncomingPhoneNumbers/{state['sid']}.json"
            return Resource(e164, url, state, addresses, BYPASSES)
    endings = ", ".join(f"…{state['phone_number'][-4:]}" for state in found[:20]) or "none at all"
    raise Failed(
        f"{e164} is not a number of the account {account.account_sid}; it has {endings}.",
        "https://console.twilio.com shows the numbers, and sells them.",
    )


def messaging_service(account: TwilioAccount, sid: str) -> Resource:
    """Return a Messaging Service."""
    return fetched(account, sid, f"{account.messaging}/v1/Services/{sid}", SERVICE)


def twiml_app(account: TwilioAccount, sid: str) -> Resource:
    """Return a TwiML App."""
    return fetched(account, sid, f"{account.own}/Applications/{sid}.json", (*VOICE, *TEXTS))


def fetched(account: TwilioAccount, sid: str, url: str, addresses: tuple[Address, ...]) -> Resource:
    """Return what is at an address of Twilio's API; raises Failed where nothing is."""
    state = account.find(url)
    if state is None:
        raise Failed(f"The account {account.account_sid} has no {sid}.")
    return Resource(sid, url, state, addresses)


def write(account: TwilioAccount, resource: Resource, values: dict[str, str]) -> None:
    """Change a resource at Twilio, and see that it is changed."""
    resource.state = account.request("POST", resource.url, values)
    other = [name for name, value in values.items() if resource.value(name) != value]
    if other:
        raise Failed(f"Twilio took the change of {resource.label}, but has not changed {', '.join(other)}.")

"""The webhook addresses that can be set on numbers, Messaging Services and TwiML Apps."""

import re
from collections.abc import Mapping
from typing import Any

from fake_twilio.form import Form
from fake_twilio.rest.checks import Check, check_all, choice, url

address = url(21402)
method = choice("get", "post", code=21403)

VOICE = {
    "VoiceUrl": address,
    "VoiceMethod": method,
    "VoiceFallbackUrl": address,
    "VoiceFallbackMethod": method,
    "StatusCallback": address,
    "StatusCallbackMethod": method,
}

TEXTS = {"SmsUrl": address, "SmsMethod": method, "SmsFallbackUrl": address, "SmsFallbackMethod": method}


def update(resource: Any, form: Form, checks: Mapping[str, Check]) -> list[str]:
    """Set the attributes in the form; return the unknown names. A blank address removes the address."""
    unknown = check_all(form, checks)
    for name, value in form.pairs:
        if name in unknown or (name.endswith("Method") and not value):
            continue
        setattr(resource, attribute(name), value.upper() if name.endswith("Method") else value)
    return unknown


def attribute(name: str) -> str:
    """Return the JSON name of a parameter: VoiceUrl is voice_url."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()

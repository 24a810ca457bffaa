"""What numbers, Messaging Services and TwiML Apps have in common: addresses that a person, or a script, sets."""

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
    """Set what the form says; a blank address means none. The names that Twilio would ignore are returned."""
    unknown = check_all(form, checks)
    for name, value in form.pairs:
        if name in unknown or (name.endswith("Method") and not value):
            continue
        setattr(resource, attribute(name), value.upper() if name.endswith("Method") else value)
    return unknown


def attribute(name: str) -> str:
    """The name in JSON of a parameter: VoiceUrl is voice_url."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()

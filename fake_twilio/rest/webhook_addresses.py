"""What numbers, Messaging Services and TwiML Apps have in common: addresses that a person, or a script, sets."""

import re
from collections.abc import Mapping
from typing import Any

from .checks import Check, check_all
from .form import Form


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

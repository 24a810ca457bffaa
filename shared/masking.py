"""Names of scripts for the log, without the phone numbers that they may contain."""

from __future__ import annotations

import re

# A name with more digits may contain a phone number.
DIGITS_TO_SHOW = 6


def without_number(name: str) -> str:
    """Return a name for the log: `call-###########` for `call-15005550006`; one with few digits unchanged."""
    return re.sub(r"\d", "#", name) if len(re.findall(r"\d", name)) > DIGITS_TO_SHOW else name

"""What phone numbers, client names, SIP addresses, SIDs and URLs look like."""

import re
from urllib.parse import urlsplit

CLIENT = re.compile(r"client:[^\s\x00-\x1f]{1,256}")
SIP = re.compile(r"sips?:[^@\s]+@[^@\s]+")
E164 = re.compile(r"\+[1-9]\d{1,14}")
HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]")


def sid_pattern(prefix: str) -> str:
    """Return the regular expression for SIDs of one kind; the kind is their first two letters."""
    return f"{prefix}[0-9a-fA-F]{{32}}"


def is_url(value: str) -> bool:
    """Tell whether Twilio accepts an absolute http or https URL: no blanks, no underscore in the host."""
    if len(value) > 4000 or re.search(r"[\s\x00-\x1f]", value):
        return False
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(HOST.fullmatch(f"[{host}]" if ":" in host else host))

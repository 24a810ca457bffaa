"""Addresses that Twilio is to fetch."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST = 4000


def web_address(text: str) -> str:
    """Return an absolute http or https address; raises ValueError in words."""
    expected = "expected an absolute http:// or https:// address"
    if len(text) > LONGEST:
        raise ValueError(f"is longer than {LONGEST:,} characters")
    if not text.isprintable() or " " in text:
        raise ValueError(f"{expected} without spaces")
    try:
        url = urlsplit(text)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(expected)
    return text


def web_addresses(texts: list[str]) -> list[str]:
    """Return addresses that are all absolute http or https ones; raises ValueError in words."""
    return [web_address(text) for text in texts]

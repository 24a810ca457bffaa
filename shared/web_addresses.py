"""URL checks: what the settings, requests, scripts and twimlets accept as a URL."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

MAX_LENGTH = 4000
HTTP = ("http", "https")


def split_url(text: str, schemes: tuple[str, ...] = HTTP) -> SplitResult | None:
    """Return the parts of an absolute URL that has one of the schemes, a host and a usable port; else None."""
    try:
        url = urlsplit(text)
        usable = url.scheme in schemes and bool(url.hostname) and url.port != 0
    except ValueError:
        return None
    return url if usable else None


def is_own_path(text: str) -> bool:
    """Return whether `text` is a path on this app's site: `/api/…`, but not `//host/…`."""
    return text.startswith("/") and not text.startswith("//")


def is_base_url(text: str) -> bool:
    """Return whether `text` is an absolute http(s) URL that a path can be appended to."""
    url = split_url(text) if text.isprintable() and " " not in text else None
    return url is not None and not (url.query or url.fragment or url.username)


def web_address(text: str) -> str:
    """Return an absolute http(s) URL unchanged; raises ValueError with the reason."""
    expected = "expected an absolute http:// or https:// address"
    if len(text) > MAX_LENGTH:
        raise ValueError(f"is longer than {MAX_LENGTH:,} characters")
    if not text.isprintable() or " " in text:
        raise ValueError(f"{expected} without spaces")
    if split_url(text) is None:
        raise ValueError(expected)
    return text


def web_addresses(texts: list[str]) -> list[str]:
    """Return absolute http(s) URLs unchanged; raises ValueError with the reason."""
    return [web_address(text) for text in texts]

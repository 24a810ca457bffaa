"""Who may call a function whose key is not asked for."""

from collections.abc import Mapping
from urllib.parse import urlsplit

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


def homes(public_base_url: str) -> frozenset[str]:
    """Return the host names at which the app answers without a key."""
    public = host_name(public_base_url)
    return LOCAL | {public} if public else LOCAL


def rejection(headers: Mapping[str, str], homes: frozenset[str]) -> str:
    """Return why a request is rejected; empty when it is accepted.

    On Azure, functions accept any Host and any Origin, since a key protects them. Without a key, any page that the
    developer visits could place calls (CSRF), and a page whose host name resolves to this machine could read the log
    (DNS rebinding). A page cannot change these headers, which the browser sets. Following a link is allowed. Pages on
    other ports of this machine belong to the developer, such as those that an editor forwards.
    """
    if host_name(f"//{headers.get('Host', '')}") not in homes:
        return "without a key a function answers at this machine's own names and at PUBLIC_BASE_URL only"
    origin = headers.get("Origin")
    if origin is None:
        foreign = headers.get("Sec-Fetch-Site") == "cross-site" and headers.get("Sec-Fetch-Mode") != "navigate"
    else:
        foreign = host_name(origin) not in homes
    return "without a key a function does not answer a page of another site" if foreign else ""


def host_name(url: str) -> str:
    """Return the host name of a URL in lower case; empty when it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""

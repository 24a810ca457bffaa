"""Who may call a function whose key is not asked for."""

from collections.abc import Mapping
from urllib.parse import urlsplit

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


def homes(public_base_url: str) -> frozenset[str]:
    """Return the host names under which the app is at home."""
    public = host_name(public_base_url)
    return LOCAL | {public} if public else LOCAL


def refusal(headers: Mapping[str, str], homes: frozenset[str]) -> str:
    """Return why a request is refused, in words; empty when it is not.

    Azure's functions answer to any Host and to pages of every site, since a key guards them. Where none is asked for,
    any page that the developer visits could place calls (CSRF), and one whose name leads to this machine could read the
    log (DNS rebinding). What a browser writes into these headers no page can change. A link from elsewhere only shows.
    Pages on other ports of this machine are the developer's own, like those that an editor forwards.
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
    """Return the name in an address, in lower case; empty where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""

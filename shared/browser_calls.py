"""Calls from browsers: what one may call, and the permission that its access token carries.

The permission is one of the token's parameters for the TwiML App, which Twilio sends to `client_call`. Twilio does not
document what happens if the page sends a parameter of the same name. Therefore the app signs the permission, for one
identity and until the token expires, and rejects a call without a valid one.
"""

from __future__ import annotations

import base64
import hmac
import re
import time

import msgspec

from shared import patterns
from shared.errors import CountryNotAllowed
from shared.phone_numbers import text_recipient
from shared.scripts.store import NAME
from shared.settings import settings

EXPECTED = "expected a phone number, client:NAME or script:NAME"
# Twilio's name for the parameter that the page sets in `device.connect({params: {To: ...}})`.
PERMISSION = "Permission"


class Permission(msgspec.Struct, omit_defaults=True, frozen=True):
    """What the holder of an access token may do.

    expires     when the token expires, in seconds since 1970
    from        the number that the callee sees; "" for TWILIO_FROM_NUMBER
    to          the only destinations that may be called; empty for all that the settings allow
    """

    expires: int
    from_: str = msgspec.field(default="", name="from")
    to: list[str] = []


def destination(text: str) -> str:
    """Return what a browser may call: a number in E.164, `client:NAME` or `script:NAME`.

    Raises ValueError, and CountryNotAllowed for a number unless ALLOWED_COUNTRIES is set and contains its country: a
    browser is in other people's hands, and an app that calls every country for them pays for toll fraud.
    """
    kind, colon, name = text.partition(":")
    if colon and kind in ("client", "script"):
        if not (re.fullmatch(patterns.TOKEN_IDENTITY, name) if kind == "client" else NAME.fullmatch(name)):
            raise ValueError(EXPECTED)
        return text
    try:
        number = text_recipient(text)
    except ValueError:
        raise ValueError(EXPECTED) from None
    if not settings().allowed_countries:
        raise CountryNotAllowed("Browsers may call numbers only if ALLOWED_COUNTRIES is set.")
    return number


def sealed(permission: Permission, identity: str) -> str:
    """Return a permission as text, signed for this identity."""
    content = encoded(msgspec.json.encode(permission))
    return f"{content}.{signature(content, identity, settings().twilio_auth_token)}"


def opened(text: str, identity: str) -> Permission | None:
    """Return the permission in a text that `sealed` returned for this identity, unless it has expired; else None."""
    content, _, given = text.partition(".")
    # Two tokens during a rotation. Bytes, because the text may be anything.
    signatures = [signature(content, identity, token).encode() for token in settings().auth_tokens]
    if not any(hmac.compare_digest(valid, given.encode(errors="replace")) for valid in signatures):
        return None
    permission = msgspec.json.decode(base64.urlsafe_b64decode(content + "=="), type=Permission)
    return permission if permission.expires > time.time() else None


def signature(content: str, identity: str, token: str) -> str:
    """Return the signature of a permission. It is none of Twilio's, which never sign a text with line breaks."""
    signed = f"permission of a browser\n{identity}\n{content}"
    return encoded(hmac.digest(token.encode(), signed.encode(errors="replace"), "sha256"))


def encoded(content: bytes) -> str:
    """Return bytes in base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

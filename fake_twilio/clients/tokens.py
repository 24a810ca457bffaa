"""Access tokens, checked as Twilio does (https://www.twilio.com/docs/iam/access-tokens)."""

from dataclasses import dataclass
from time import time
from typing import Any

import jwt

from fake_twilio.model.account import Account

LONGEST_SECONDS = 24 * 3600


class InvalidToken(Exception):
    """The token is not accepted; `code` is that of Twilio's signalling, which the SDK translates."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Token:
    """What a token allows."""

    identity: str
    expires: float
    """Seconds since the epoch."""
    incoming: bool
    application_sid: str
    """The TwiML App that its calls go to; empty if it may not call."""
    parameters: dict[str, str]
    """Parameters of each call, which the page cannot change."""

    @property
    def expired(self) -> bool:
        """Whether the token has ended."""
        return self.expires <= time()


def read(text: object, account: Account) -> Token:
    """Return what a token allows; raises InvalidToken."""
    try:
        header = jwt.get_unverified_header(str(text))
        claims = jwt.decode(
            str(text),
            account.api_secret,
            algorithms=["HS256"],
            issuer=account.api_key,
            options={"require": ["exp", "iss", "sub"], "verify_aud": False},
        )
    except jwt.ExpiredSignatureError:
        raise InvalidToken(31205, "Access Token expired or expiration date invalid") from None
    except jwt.InvalidSignatureError:
        raise InvalidToken(31202, "JWT signature validation failed") from None
    except jwt.InvalidTokenError as error:
        raise InvalidToken(31204, f"JWT is invalid: {error}") from None
    if (header.get("typ"), header.get("cty")) != ("JWT", "twilio-fpa;v=1"):
        raise InvalidToken(31204, "JWT is invalid: its header is not that of an access token")
    if claims["sub"] != account.sid:
        raise InvalidToken(31204, "JWT is invalid: it is of another account")
    if any(not isinstance(claims.get(name, 0), int | float) for name in ("exp", "nbf", "iat")):
        raise InvalidToken(31204, "JWT is invalid: exp, nbf and iat are numbers")
    if claims["exp"] - claims.get("nbf", claims.get("iat", claims["exp"])) > LONGEST_SECONDS:
        raise InvalidToken(31204, "JWT is invalid: it is valid for more than 24 hours")
    grants = claims.get("grants")
    identity = grants.get("identity") if isinstance(grants, dict) else None
    voice = grants.get("voice") if isinstance(grants, dict) else None
    if not isinstance(identity, str) or not identity or not isinstance(voice, dict):
        raise InvalidToken(31204, "JWT is invalid: it has no identity or no grant for voice")
    outgoing = part(voice, "outgoing")
    return Token(
        identity=identity,
        expires=float(claims["exp"]),
        incoming=part(voice, "incoming").get("allow") is True,
        application_sid=str(outgoing.get("application_sid", "")),
        parameters={name: str(value) for name, value in part(outgoing, "params").items()},
    )


def part(grant: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a member that is an object; an empty one if there is none."""
    found = grant.get(name)
    return found if isinstance(found, dict) else {}

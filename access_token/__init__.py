"""POST /api/access_token: a token with which a browser or app makes and receives calls by Twilio's Voice SDK.

https://www.twilio.com/docs/iam/access-tokens

    identity    required: who calls, 1 to 121 of A-Z, a-z, 0-9 and _
    ttl         seconds that the token is valid, 60 to 3,600; default 3,600
    incoming    true, the default, allows to be called as client: and the identity
    outgoing    true, the default, allows to call; needs TWILIO_TWIML_APP_SID
    from        the number that callees see, one of your account or a verified one; default TWILIO_FROM_NUMBER
    to          a list of 1 to 10 destinations, the only ones that the holder may call: numbers, client:NAME,
                script:NAME; default all

201 {token, identity, expires}; with TWILIO_API_BASE_URL also `signaling`, the host and port of the emulator. An error
is an RFC 9457 problem. The token acts for `identity`: the system that asks must know who that is.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

import azure.functions as func
import msgspec

from shared import patterns
from shared.browser_calls import PERMISSION, Permission, destination, sealed
from shared.clock import rfc3339
from shared.contract.operation import Operation
from shared.errors import CountryNotAllowed, FieldIssue, InvalidRequest, NotConfigured
from shared.phone_numbers import number
from shared.request_body import Checked, read_body, shown_as
from shared.responses import answers_problems, json_response
from shared.settings import Settings, settings

bp = func.Blueprint()

MOST_DESTINATIONS = 10


def identity(text: str) -> str:
    """Return an identity unchanged if Twilio's SDKs accept it; raises ValueError.

    https://www.twilio.com/docs/voice/sdks/javascript/twiliodevice#instantiate-a-device
    """
    if not re.fullmatch(patterns.TOKEN_IDENTITY, text):
        raise ValueError("expected 1 to 121 letters A-Z and a-z, digits and underscores")
    return text


def destinations(texts: list[str]) -> list[str]:
    """Return what the holder may call; raises ValueError and CountryNotAllowed."""
    if not 1 <= len(texts) <= MOST_DESTINATIONS:
        raise ValueError(f"expected 1 to {MOST_DESTINATIONS} destinations; without `to` all are allowed")
    return [destination(text) for text in texts]


class TokenRequest(msgspec.Struct):
    """The body of a request for a token, checked."""

    identity: Annotated[str, Checked(identity), shown_as(pattern=f"^{patterns.TOKEN_IDENTITY}$")]
    ttl: Annotated[int, msgspec.Meta(ge=60, le=3600)] = 3600
    incoming: bool = True
    outgoing: bool = True
    from_: Annotated[str, Checked(number)] | None = msgspec.field(default=None, name="from")
    to: Annotated[list[str], Checked(destinations), shown_as(minItems=1, maxItems=MOST_DESTINATIONS)] | None = None


class Token(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The answer with a token.

    token      the token, for the Voice SDK
    identity   who calls
    expires    when it ends, RFC 3339 in UTC
    signaling  with the emulator: the host and port to which the SDK connects
    """

    token: str
    identity: str
    expires: str
    signaling: str | None = None


OPERATIONS = (
    Operation(
        method="POST",
        id="CreateAccessToken",
        summary="Create an access token for Twilio's Voice SDK",
        body=TokenRequest,
        answers={201: Token},
        errors=(CountryNotAllowed,),
        example={"identity": "alice"},
    ),
)


@bp.route(route="access_token", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_problems
async def access_token(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with a token."""
    asked = read_body(req, TokenRequest, lambda given: ())
    app = settings()
    check_possible(asked, app)
    expires = int(time.time()) + asked.ttl
    signaling = urlsplit(app.twilio_api_base_url).netloc if app.twilio_api_base_url else None
    body = Token(
        token=token_for(asked, app, expires),
        identity=asked.identity,
        expires=rfc3339(expires * 1_000_000),
        signaling=signaling,
    )
    return json_response(body, 201, {"Cache-Control": "no-store"})


def check_possible(asked: TokenRequest, app: Settings) -> None:
    """Raise InvalidRequest or NotConfigured if no token can do what is asked for."""
    if errors := list(useless(asked)):
        raise InvalidRequest(*errors)
    needed = {"TWILIO_API_KEY": app.twilio_api_key, "TWILIO_API_SECRET": app.twilio_api_secret}
    if asked.outgoing:
        needed["TWILIO_TWIML_APP_SID"] = app.twilio_twiml_app_sid
    if missing := [name for name, value in needed.items() if not value]:
        raise NotConfigured(dict.fromkeys(missing, "is missing; access tokens need it"))


def useless(asked: TokenRequest) -> Iterator[FieldIssue]:
    """Yield what contradicts `outgoing`."""
    if not asked.outgoing:
        if not asked.incoming:
            yield FieldIssue("outgoing", "is false like incoming; the token would allow nothing")
        for name, value in (("from", asked.from_), ("to", asked.to)):
            if value is not None:
                yield FieldIssue(name, "needs outgoing")


def token_for(asked: TokenRequest, app: Settings, expires: int) -> str:
    """Return the token, by Twilio's library, which checks nothing itself."""
    # Imported here, so that no webhook's cold start includes it.
    from twilio.jwt.access_token import AccessToken
    from twilio.jwt.access_token.grants import VoiceGrant

    grant = VoiceGrant(incoming_allow=asked.incoming)
    if asked.outgoing:
        permission = Permission(expires, asked.from_ or "", asked.to or [])
        grant.outgoing_application_sid = app.twilio_twiml_app_sid
        grant.outgoing_application_params = {PERMISSION: sealed(permission, asked.identity)}
    account, key, secret = app.twilio_account_sid, app.twilio_api_key, app.twilio_api_secret
    return str(AccessToken(account, key, secret, grants=[grant], identity=asked.identity, valid_until=expires).to_jwt())

"""The guard of every route that Twilio calls: unsigned requests get a 403, locally too; there is no switch for it.

https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import logging
import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import azure.functions as func
from twilio.request_validator import RequestValidator, get_signature_algorithm

from shared.errors import NotConfigured
from shared.request_body import FORM, content_type
from shared.responses import Handler
from shared.settings import Settings, settings

log = logging.getLogger(__name__)

# base64 of an HMAC-SHA1, or of an HMAC-SHA256.
SIGNATURE = re.compile(r"[A-Za-z0-9+/]{27}=|[A-Za-z0-9+/]{43}=")
# An inbound text with ten pictures is some 10 kB.
LARGEST_BODY = 128 * 1024
MOST_FIELDS = 500


class BodyNotCovered(ValueError):
    """The signature says nothing about the body."""


def twilio_webhook(handler: Handler) -> Handler:
    """Let only requests through that Twilio signed with one of our auth tokens; it injects nothing."""

    @functools.wraps(handler)
    async def guarded(req: func.HttpRequest) -> func.HttpResponse:
        try:
            app = settings()
        except NotConfigured as error:
            # Anybody can call this route, so only the log names the settings.
            log.error("%s cannot check signatures: %s", handler.__name__, error.detail)
            return func.HttpResponse(status_code=error.status)
        refusal = find_refusal(req, app)
        if refusal:
            log.warning("%s refused: %s; PUBLIC_BASE_URL is %s", handler.__name__, refusal, app.public_base_url)
            return func.HttpResponse(status_code=403)
        return await handler(req)

    return guarded


def find_refusal(req: func.HttpRequest, app: Settings) -> str | None:
    """Return why a request is not one of Twilio's, in words fit for the log, or None when its signature holds."""
    signature = req.headers.get("x-twilio-signature")
    if not signature:
        return "X-Twilio-Signature is missing"
    # Before anything is parsed: to parse, sort and hash what a stranger sends can cost seconds a megabyte.
    if not SIGNATURE.fullmatch(signature):
        return "X-Twilio-Signature has not the form of a signature"
    body = req.get_body()
    if len(body) > LARGEST_BODY or body.count(b"&") > MOST_FIELDS:
        return f"the body is larger than any of Twilio's ({len(body):,} bytes)"
    if "#" in req.url:
        return "the address has a fragment, which no signature covers"
    try:
        signed = signed_fields(req)
        url = signed_url(req, app)
        if any(is_signed(url, signed, signature, token) for token in app.auth_tokens):
            return None
    except BodyNotCovered:
        return "bodySHA256 does not match the body, or is missing"
    except Exception as error:  # whatever a stranger's request makes the parsers raise
        return f"it cannot be read ({type(error).__name__})"
    algorithm = get_signature_algorithm(req.headers.get("x-twilio-webhooks-signature-settings"))
    if algorithm != "HMAC_SHA1":
        return "it is signed with a shared key, which this app does not take; sign webhooks with the auth token"
    return f"the signature does not match {url.partition('?')[0]} and the {len(signed)} fields that came with it"


def is_signed(url: str, signed: Mapping[str, str], signature: str, token: str) -> bool:
    """Tell whether `signature` is Twilio's for this address and these fields.

    Twilio's `validate` also tries the address with and without its port; it is asked when the plain way has failed.
    """
    validator = RequestValidator(token)
    if hmac.compare_digest(validator.compute_signature(url, signed).encode(), signature.encode()):
        return True
    return bool(validator.validate(url, signed, signature))


def request_fields(req: func.HttpRequest) -> Mapping[str, str]:
    """Return what Twilio sent: the query, and over it the form."""
    return {**req.params, **(req.form if content_type(req) == FORM else {})}


def signed_url(req: func.HttpRequest, app: Settings) -> str:
    """Return the address that Twilio called: our public one with the request's path and raw query.

    Host and X-Forwarded-* are the caller's to choose and differ behind a proxy, so they are not looked at.
    """
    called = urlsplit(req.url)
    query = f"?{called.query}" if called.query else ""
    return f"{app.public_base_url}{called.path}{query}"


def signed_fields(req: func.HttpRequest) -> Mapping[str, str]:
    """Return the form fields that the signature covers, blank and repeated ones included.

    A body of another type is covered by `bodySHA256` in the query alone; raises BodyNotCovered where it is not.
    """
    body = req.get_body()
    if not body:
        return {}
    if content_type(req) == FORM:
        form: Mapping[str, str] = req.form
        return form
    given = parse_qs(urlsplit(req.url).query).get("bodySHA256", [""])[0]
    if not hmac.compare_digest(hashlib.sha256(body).hexdigest(), given.lower()):
        raise BodyNotCovered
    return {}

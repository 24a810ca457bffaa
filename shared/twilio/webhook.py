"""The signature check of every route that Twilio calls: an unsigned request gets a 403, locally too; no off switch.

https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import logging
import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, unquote, urlsplit

import azure.functions as func
from twilio.request_validator import RequestValidator, get_signature_algorithm

from shared.errors import NotConfigured
from shared.request_body import FORM, content_type
from shared.responses import Handler
from shared.settings import Settings, settings
from shared.time_limit import time_limit
from shared.twiml_builder import apology, twiml_response

log = logging.getLogger(__name__)

# base64 of an HMAC-SHA1 or an HMAC-SHA256.
SIGNATURE = re.compile(r"[A-Za-z0-9+/]{27}=|[A-Za-z0-9+/]{43}=")
ESCAPE = re.compile(r"%[0-7][0-9A-Fa-f]")
NOT_ASCII = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
# What encoders leave unescaped: JavaScript's encodeURIComponent; a path's segment and a query in RFC 3986; some
# libraries everything. Never `&`, `=`, `+`, `%` and `#`, without whose escapes the parameters would differ.
UNESCAPED = (
    "!'()*-._~",
    "!$'()*,-.:;@_~",
    "!$'()*,-./:;?@_~",
    "".join(character for character in map(chr, range(0x20, 0x7F)) if character not in "&=+%#"),
)
# An inbound message with ten pictures is about 10 kB.
LARGEST_BODY = 128 * 1024
MOST_FIELDS = 500
# The caller hears silence meanwhile.
STORAGE_SECONDS = 2.0
NO_REPLY = "<Response/>"


class BodyNotCovered(ValueError):
    """The signature does not cover the body."""


def twilio_webhook(handler: Handler) -> Handler:
    """Call the handler, which answers TwiML, only for requests that Twilio signed with one of the app's auth tokens.

    If it fails a caller hears an apology, because Twilio would read out its own error.
    """
    return guard(handler, lambda req: twiml_response(apology() if "CallSid" in request_fields(req) else NO_REPLY))


def twilio_callback(handler: Handler) -> Handler:
    """Call the handler, which answers no TwiML, only for signed requests.

    If it fails, Twilio gets a 503 and retries.
    """
    return guard(handler, lambda req: func.HttpResponse(status_code=503))


def guard(handler: Handler, when_failed: Callable[[func.HttpRequest], func.HttpResponse]) -> Handler:
    """Check the signature, limit the time for storage, and answer even if the handler fails; adds no parameter."""

    @functools.wraps(handler)
    async def guarded(req: func.HttpRequest) -> func.HttpResponse:
        try:
            app = settings()
        except NotConfigured as error:
            # The route is public, so only the log names the settings.
            log.error("%s cannot check signatures: %s", handler.__name__, error.detail)
            return func.HttpResponse(status_code=error.status)
        reason = why_rejected(req, app, handler.__name__)
        if reason:
            log.warning("%s refused: %s; PUBLIC_BASE_URL is %s", handler.__name__, reason, app.public_base_url)
            return func.HttpResponse(status_code=403)
        try:
            with time_limit(STORAGE_SECONDS):
                return await handler(req)
        except Exception:
            log.exception("%s failed", handler.__name__)
            return when_failed(req)

    return guarded


def why_rejected(req: func.HttpRequest, app: Settings, route: str) -> str | None:
    """Return why to reject a request, without numbers and secrets for the log; None if its signature is valid.

    The log names the route: the path may contain a number, as in `twiml/call-15005550006`.
    """
    signature = req.headers.get("x-twilio-signature")
    if not signature:
        return "X-Twilio-Signature is missing"
    # Checked before anything is parsed: to parse, sort and hash a stranger's request can take seconds per megabyte.
    if not SIGNATURE.fullmatch(signature):
        return "X-Twilio-Signature does not have the form of a signature"
    body = req.get_body()
    if len(body) > LARGEST_BODY or body.count(b"&") > MOST_FIELDS:
        return f"the body is larger than any of Twilio's ({len(body):,} bytes)"
    if "#" in req.url:
        return "the URL has a fragment, which no signature covers"
    try:
        signed = signed_fields(req)
        url = signed_url(req, app)
        urls = less_escaped(url) if req.method == "GET" else [url]
        if any(is_signed(one, signed, signature, token) for one in urls for token in app.auth_tokens):
            return None
    except BodyNotCovered:
        return "bodySHA256 does not match the body, or is missing"
    except Exception as error:  # a stranger's request may make the parsers raise anything
        return f"it cannot be parsed ({type(error).__name__})"
    algorithm = get_signature_algorithm(req.headers.get("x-twilio-webhooks-signature-settings"))
    if algorithm != "HMAC_SHA1":
        return "it is signed with a shared key, which this app does not support; sign webhooks with the auth token"
    return f"the signature does not match {app.url(route)} and the {len(signed)} fields that came with it"


def is_signed(url: str, signed: Mapping[str, str], signature: str, token: str) -> bool:
    """Return whether `signature` is Twilio's signature of this URL and these fields.

    Twilio's slower `validate`, which tries the URL with and without its port, is called only if the plain check fails.
    """
    validator = RequestValidator(token)
    if hmac.compare_digest(validator.compute_signature(url, signed).encode(), signature.encode()):
        return True
    return bool(validator.validate(url, signed, signature))


def less_escaped(url: str) -> list[str]:
    """Return the URL, and the forms with fewer escapes in the query that Twilio may have signed instead of it.

    All have the same parameters, so the signature of any of them covers what the handler reads.
    https://github.com/twilio/twilio-ruby/issues/528, https://github.com/twilio/twilio-node/issues/621
    """
    base, mark, query = url.partition("?")
    ascii_only = [unescaped(query, kept) for kept in UNESCAPED]
    queries = [query, *ascii_only, NOT_ASCII.sub(lambda found: decoded(found[0]), ascii_only[-1])]
    return [base + mark + one for one in dict.fromkeys(queries)]


def unescaped(query: str, characters: str) -> str:
    """Return a query with these ASCII characters unescaped."""

    def replacement(escape: re.Match[str]) -> str:
        character = chr(int(escape[0][1:], 16))
        return character if character in characters else escape[0]

    return ESCAPE.sub(replacement, query)


def decoded(escapes: str) -> str:
    """Return the text of escaped UTF-8; other bytes stay escaped."""
    try:
        return unquote(escapes, errors="strict")
    except UnicodeDecodeError:
        return escapes


def request_fields(req: func.HttpRequest) -> Mapping[str, str]:
    """Return the parameters that Twilio sent: the query's and the form's; the form's take precedence."""
    return {**req.params, **form_of(req)}


def sent_fields(req: func.HttpRequest) -> Mapping[str, str]:
    """Return Twilio's own parameters, for the log: the form's, without those of the URL; of a GET the query's."""
    return req.params if req.method == "GET" else form_of(req)


def form_of(req: func.HttpRequest) -> Mapping[str, str]:
    """Return the fields of a form, including blank and repeated ones; empty for another body."""
    if content_type(req) != FORM:
        return {}
    # The library recognises a form only by a type in lower case.
    as_form = func.HttpRequest(req.method, req.url, headers={"content-type": FORM}, body=req.get_body())
    form: Mapping[str, str] = as_form.form
    return form


def signed_url(req: func.HttpRequest, app: Settings) -> str:
    """Return the URL that Twilio signed: PUBLIC_BASE_URL with the request's path and raw query.

    Host and X-Forwarded-* are ignored: the client chooses them, and they differ behind a proxy.
    """
    called = urlsplit(req.url)
    query = f"?{called.query}" if called.query else ""
    return f"{app.public_base_url}{called.path}{query}"


def signed_fields(req: func.HttpRequest) -> Mapping[str, str]:
    """Return the form fields that the signature covers, including blank and repeated ones.

    A body of another type is covered only by `bodySHA256` in the query; raises BodyNotCovered if it is not.
    """
    body = req.get_body()
    if not body:
        return {}
    if content_type(req) == FORM:
        return form_of(req)
    given = parse_qs(urlsplit(req.url).query).get("bodySHA256", [""])[0]
    if not hmac.compare_digest(hashlib.sha256(body).hexdigest(), given.lower()):
        raise BodyNotCovered
    return {}

"""POST /api/client_call: connect a call from a browser or app. For Twilio only: the voice URL of the TwiML App.

The page sets the parameter `To` of its call:

    +1 202 555 0123   a number in any usual form, of a country in ALLOWED_COUNTRIES, which must be set
    client:NAME       another browser or app
    script:NAME       a stored script; the page's other parameters fill its placeholders

The callee sees TWILIO_FROM_NUMBER, or the number that the access token carries; the page cannot choose it. Both legs
are logged. If the call cannot be connected, the caller hears why, and the log has the reason.

https://www.twilio.com/docs/voice/sdks/javascript/twiliodevice#deviceconnectconnectoptions
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping

import azure.functions as func
from twilio.twiml import TwiML
from twilio.twiml.voice_response import VoiceResponse

from shared import patterns
from shared.activity.event import Event
from shared.activity.log import log_arrival, log_what_happened, log_while_waiting
from shared.browser_calls import PERMISSION, Permission, destination, opened
from shared.clock import now, rfc3339
from shared.errors import CountryNotAllowed, StorageUnavailable
from shared.scripts.reading import InvalidScript
from shared.scripts.serving import ready_script, serve
from shared.sending.send import leg_callbacks
from shared.settings import settings
from shared.storage.tables import PATIENCE_SECONDS
from shared.twilio.webhook import form_of, twilio_webhook
from shared.twiml_builder import say, twiml_response

bp = func.Blueprint()
log = logging.getLogger(__name__)

# Twilio's own fields. The page adds fields of any name, which must not get into the log.
CALL = ("CallSid", "CallStatus", "Direction", "From", "To")
DIAL = ("DialCallStatus", "DialCallSid", "DialCallDuration", "DialBridged")
# In the query, where a page cannot put it: the request reports the outcome of the Dial.
DIALED = "dialed"
OUTCOMES = {
    "busy": "The line is busy.",
    "no-answer": "Nobody answered.",
    "failed": "The call could not be connected.",
}


class NotConnected(Exception):
    """The call cannot be connected: `words` are for the caller, the message is for the log, without values."""

    def __init__(self, words: str, reason: str) -> None:
        """Set both."""
        super().__init__(reason)
        self.words = words


@bp.route(route="client_call", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@twilio_webhook
async def client_call(req: func.HttpRequest) -> func.HttpResponse:
    """Connect a call, or after that report its outcome to the caller."""
    form = form_of(req)
    call = chosen(form, CALL)
    if DIALED in req.params:
        await log_what_happened({**call, **chosen(form, DIAL), "To": ""})
        return twiml_response(after_dial(form.get("DialCallStatus", "")))
    try:
        permission = permission_of(form)
        to = destination_of(form, permission)
        answer = await connect(to, permission, form)
    except NotConnected as error:
        log.warning("a call from a browser is not connected: %s", error)
        event = Event(what=f"not connected: {error}", received=rfc3339(now()))
        await asyncio.gather(log_arrival({**call, "To": ""}), log_while_waiting(call, event))
        return twiml_response(goodbye(error.words))
    await log_arrival({**call, "To": to})
    return answer


def chosen(form: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Return the fields with these names."""
    return {name: form[name] for name in names if name in form}


def permission_of(form: Mapping[str, str]) -> Permission:
    """Return what the caller's token allows; raises NotConnected."""
    kind, _, identity = form.get("From", "").partition(":")
    if kind != "client" or not re.fullmatch(patterns.TOKEN_IDENTITY, identity):
        raise NotConnected("Only browsers and apps can call here.", "From is no client with a valid identity")
    permission = opened(form.get(PERMISSION, ""), identity)
    if permission is None:
        reason = "its access token is not from access_token, or has expired"
        raise NotConnected("You are not signed in. Please sign in again.", reason)
    return permission


def destination_of(form: Mapping[str, str], permission: Permission) -> str:
    """Return what to call; raises NotConnected."""
    try:
        to = destination(form.get("To", ""))
    except CountryNotAllowed as error:
        raise NotConnected("Calls to this number are not allowed.", error.detail) from None
    except ValueError as error:
        raise NotConnected("This is no number that can be called.", f"To: {error}") from None
    if permission.to and to not in permission.to:
        raise NotConnected("You may not call this number.", "To is not in the `to` of the access token")
    return to


async def connect(to: str, permission: Permission, form: Mapping[str, str]) -> func.HttpResponse:
    """Return the TwiML that calls a number or client, or that of a script; raises NotConnected."""
    kind, _, name = to.rpartition(":")
    if kind == "script":
        await check_script(name)
        return await serve(name, {field: value for field, value in form.items() if field != PERMISSION})
    # The caller's page rings until the callee answers, and only then is the call answered and billed.
    response = VoiceResponse()
    options = {"answer_on_bridge": True, "action": settings().url(f"client_call?{DIALED}=true"), "method": "POST"}
    if kind == "client":
        response.dial(**options).client(name, **leg_callbacks())
        return twiml_response(response)
    caller_id = permission.from_ or settings().twilio_from_number
    if not caller_id:
        raise NotConnected("Calls to numbers are not set up.", "TWILIO_FROM_NUMBER is missing")
    response.dial(**options, caller_id=caller_id).number(to, **leg_callbacks())
    return twiml_response(response)


async def check_script(name: str) -> None:
    """Raise NotConnected if there is no script of this name for calls; `serve` reports other problems."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            ready = await ready_script(name)
    except (StorageUnavailable, InvalidScript, TimeoutError):
        return
    if ready is None or ready.family != "voice":
        raise NotConnected("This is no service that can be called.", "there is no script of that name for calls")


def after_dial(status: str) -> TwiML:
    """Return the document after a Dial: what happened, unless the callee was reached."""
    return goodbye(OUTCOMES.get(status, ""))


def goodbye(words: str) -> TwiML:
    """Return a document that says the words, if there are some, and ends the call."""
    response = say(words) if words else VoiceResponse()
    response.hangup()
    return response

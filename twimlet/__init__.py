"""GET, POST /api/twimlet/{name}: ready-made TwiML documents with parameters. For Twilio only.

    message      Message, Message[0] … (words, or the URL of audio), Voice, Language
    menu         Message, Options[1] … (a URL for each key), ErrorMessage
    forward      PhoneNumber, CallerId, Timeout, AllowedCallers[0] …, AccessRestricted, FailUrl
    simulring    PhoneNumbers[0] …, Timeout, Message, HumanCheck, FailUrl
    findme       the same, one number after the other; the callee presses a key unless HumanCheck is false
    whisper      Message, HumanCheck: the message of simulring and findme to the callee
    client       Identities[0] … (of browsers and apps), Timeout; then voicemail with Message, Transcribe
    conference   Name, Moderators[0] …, Message, Music
    voicemail    Message, Transcribe; the recording is in the call's log
    holdmusic    Message, Music[0] …
    echo         Twiml: the document to answer with

Only numbers of ALLOWED_COUNTRIES are called. If a parameter is wrong, the log names it and the caller hears an apology.
GET from a client or SIP caller gets an apology too, because such a caller could add parameters of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import azure.functions as func
from twilio.twiml import TwiML

from shared.activity.log import log_what_happened, start_while_waiting
from shared.twilio.webhook import request_fields, sent_fields, twilio_webhook
from shared.twiml_builder import apology, twiml_response
from shared.twimlets import calling, speaking, voicemail
from shared.twimlets.parameters import Fields, Parameters, TwimletError, parameters_of

bp = func.Blueprint()
log = logging.getLogger(__name__)

TWIMLETS: dict[str, Callable[[Parameters, Fields], TwiML | str]] = {
    "client": calling.client,
    "conference": calling.conference,
    "echo": speaking.echo,
    "findme": calling.findme,
    "forward": calling.forward,
    "holdmusic": speaking.holdmusic,
    "menu": speaking.menu,
    "message": speaking.message,
    "simulring": calling.simulring,
    "voicemail": voicemail.voicemail,
    "whisper": calling.whisper,
}


@bp.route(route="twimlet/{name}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@twilio_webhook
async def twimlet(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with a twimlet, and log what the request reports."""
    fields = request_fields(req)
    answer, _ = await asyncio.gather(answer_with(req, fields), log_what_happened(sent_fields(req)))
    return answer


async def answer_with(req: func.HttpRequest, fields: Fields) -> func.HttpResponse:
    """Return a twimlet's TwiML, or an apology."""
    name = req.route_params["name"]
    make = TWIMLETS.get(name)
    if make is None:
        log.error("there is no such twimlet; there are %s", ", ".join(TWIMLETS))
        return twiml_response(apology())
    try:
        check_method(req, fields)
        parameters = parameters_of(name, req.params)
        if make is voicemail.voicemail:
            started = await start_while_waiting(fields)
            return twiml_response(voicemail.voicemail(parameters, fields, started))
        return twiml_response(make(parameters, fields))
    except TwimletError as error:
        log.error("the twimlet %s cannot be built: %s", name, error)
        return twiml_response(apology())


def check_method(req: func.HttpRequest, fields: Fields) -> None:
    """Raise TwimletError for a GET from a caller who can add fields: they would be among the parameters of the URL.

    https://www.twilio.com/docs/voice/sdks/javascript/twiliodevice#deviceconnectconnectoptions
    https://www.twilio.com/docs/voice/api/receiving-sip
    """
    if req.method == "GET" and ":" in fields.get("From", ""):
        raise TwimletError("a client or SIP caller needs POST; change the method where the twimlet's URL is set")

"""GET, POST /api/answer_call: log an inbound call and answer it with a script. For Twilio only: the voice URL.

The script is the one named after the called number, `call-15005550006`; else the one named `call`; else a greeting with
voicemail. If storage is unavailable the caller hears that greeting too, and the app logs an error.
"""

from __future__ import annotations

import asyncio

import azure.functions as func

from shared.activity.log import log_arrival
from shared.scripts.inbound import answer_inbound
from shared.twilio.webhook import request_fields, sent_fields, twilio_webhook
from shared.twiml_builder import twiml_response
from shared.twimlets.voicemail import voicemail

bp = func.Blueprint()


@bp.route(route="answer_call", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@twilio_webhook
async def answer_call(req: func.HttpRequest) -> func.HttpResponse:
    """Answer a call."""
    fields = request_fields(req)
    answer, started = await asyncio.gather(answer_inbound("call", fields), log_arrival(sent_fields(req)))
    return answer or twiml_response(voicemail({}, fields, started))

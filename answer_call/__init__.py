"""GET, POST /api/answer_call: an inbound call is logged and gets its script. For Twilio alone: your numbers' voice URL.

The script named for the number that was called, `call-15005550006`; else the one named `call`; else a greeting with
voicemail. Where storage is out of reach the greeting is heard too, and the log says so.
"""

from __future__ import annotations

import asyncio

import azure.functions as func

from shared.activity.log import log_arrival
from shared.scripts.inbound import answer_inbound
from shared.twilio.webhook import request_fields, twilio_webhook
from shared.twiml_builder import twiml_response
from shared.twimlets.voicemail import voicemail

bp = func.Blueprint()


@bp.route(route="answer_call", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@twilio_webhook
async def answer_call(req: func.HttpRequest) -> func.HttpResponse:
    """Answer a call."""
    fields = request_fields(req)
    answer, _ = await asyncio.gather(answer_inbound("call", fields), log_arrival(fields))
    return answer or twiml_response(voicemail({}, fields))

"""GET, POST /api/receive_sms: log an inbound message and answer it with a script. For Twilio only: the SMS URL.

The script is the one named after the number that got the message, `text-15005550006`; else the one named `text`; else
there is no reply. STOP, START, HELP and similar keywords are recorded as opt-outs and opt-ins. The app never answers
them, because Twilio does: https://help.twilio.com/articles/223134027
"""

from __future__ import annotations

import asyncio

import azure.functions as func
from twilio.twiml.messaging_response import MessagingResponse

from shared.activity.log import log_arrival
from shared.scripts.inbound import answer_inbound
from shared.sending import opt_outs
from shared.twilio.webhook import request_fields, sent_fields, twilio_webhook
from shared.twiml_builder import twiml_response

bp = func.Blueprint()


@bp.route(route="receive_sms", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@twilio_webhook
async def receive_sms(req: func.HttpRequest) -> func.HttpResponse:
    """Answer a message."""
    fields = request_fields(req)
    keyword = opt_outs.keyword_of(fields)
    sent = sent_fields(req)
    arrival = {**sent, "OptOutType": keyword} if keyword else sent
    if keyword:
        await asyncio.gather(opt_outs.record(keyword, fields), log_arrival(arrival))
        return twiml_response(MessagingResponse())
    answer, _ = await asyncio.gather(answer_inbound("text", fields), log_arrival(arrival))
    return answer or twiml_response(MessagingResponse())

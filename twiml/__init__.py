"""GET, POST /api/twiml/{name}: the script of that name as TwiML, filled from the request. For Twilio only.

Placeholders like {{From}} become the request's fields: https://www.twilio.com/docs/voice/twiml#request-parameters. If
there is no such script, or storage is unavailable, a caller hears an apology and a message gets no reply.
"""

from __future__ import annotations

import asyncio

import azure.functions as func

from shared.activity.log import log_what_happened
from shared.scripts.serving import serve
from shared.scripts.store import SENT
from shared.twilio.webhook import request_fields, sent_fields, twilio_webhook

bp = func.Blueprint()


@bp.route(route="twiml/{name}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@twilio_webhook
async def twiml(req: func.HttpRequest) -> func.HttpResponse:
    """Serve a script, and log what the request reports.

    It is a user's script, or by its hash one that was stored for a single call.
    """
    name = req.route_params["name"]
    served = serve(name, request_fields(req), "sent" if SENT.fullmatch(name) else "script")
    answer, _ = await asyncio.gather(served, log_what_happened(sent_fields(req)))
    return answer

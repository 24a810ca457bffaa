"""GET, POST /api/fallback: the document for Twilio when another webhook failed. For Twilio only: fallback URLs.

A caller hears an apology; a message gets no reply. Twilio's error code is logged
(https://www.twilio.com/docs/api/errors). Needs neither storage nor the network.
"""

from __future__ import annotations

import logging

import azure.functions as func
from twilio.twiml.messaging_response import MessagingResponse

from shared.masking import without_number
from shared.twilio.webhook import request_fields, twilio_webhook
from shared.twiml_builder import apology, twiml_response

bp = func.Blueprint()
log = logging.getLogger(__name__)


@bp.route(route="fallback", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@twilio_webhook
async def fallback(req: func.HttpRequest) -> func.HttpResponse:
    """Log Twilio's error and apologise."""
    fields = request_fields(req)
    sid = fields.get("CallSid") or fields.get("MessageSid") or "(no SID)"
    # Without the query, which may contain a number, as the name of a script may.
    before, slash, name = fields.get("ErrorUrl", "").partition("?")[0].rpartition("/")
    address = before + slash + without_number(name)
    log.error("Twilio's error %.10r at %.200r, %.64r", fields.get("ErrorCode", "?"), address, sid)
    return twiml_response(apology() if "CallSid" in fields else MessagingResponse())

"""GET, POST /api/fallback: what Twilio fetches when another webhook failed. For Twilio alone: your fallback URLs.

Says sorry to a caller and nothing to a text, and logs what failed (https://www.twilio.com/docs/api/errors). It needs
neither storage nor the network.
"""

from __future__ import annotations

import logging

import azure.functions as func
from twilio.twiml.messaging_response import MessagingResponse

from shared.twilio.webhook import request_fields, twilio_webhook
from shared.twiml_builder import sorry, twiml_response

bp = func.Blueprint()
log = logging.getLogger(__name__)


@bp.route(route="fallback", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@twilio_webhook
async def fallback(req: func.HttpRequest) -> func.HttpResponse:
    """Apologise."""
    fields = request_fields(req)
    sid = fields.get("CallSid") or fields.get("MessageSid") or "(no SID)"
    # Without its query, which may hold a number.
    failed = fields.get("ErrorUrl", "").partition("?")[0]
    log.error("Twilio's error %.10r at %.200r, %.64r", fields.get("ErrorCode", "?"), failed, sid)
    return twiml_response(sorry() if "CallSid" in fields else MessagingResponse())

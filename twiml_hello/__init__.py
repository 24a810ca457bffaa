"""GET, POST /api/twiml_hello: "Hello World" in TwiML. For Twilio only: an unsigned request gets a 403."""

from __future__ import annotations

import azure.functions as func

from shared.twilio.webhook import twilio_webhook
from shared.twiml_builder import hello, twiml_response

bp = func.Blueprint()


@bp.route(route="twiml_hello", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@twilio_webhook
async def twiml_hello(req: func.HttpRequest) -> func.HttpResponse:
    """Say hello to the world."""
    return twiml_response(hello())

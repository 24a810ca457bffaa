"""GET, POST /api/twiml/{name}: the script of that name as TwiML, filled from the request. For Twilio alone.

{{From}} and its like stand for the request's fields: https://www.twilio.com/docs/voice/twiml#request-parameters. Where
there is no such script, or storage is out of reach, the caller hears an apology; a message is not answered.
"""

from __future__ import annotations

import azure.functions as func

from shared.scripts.serving import serve
from shared.scripts.store import SENT
from shared.twilio.webhook import request_fields, twilio_webhook

bp = func.Blueprint()


@bp.route(route="twiml/{name}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@twilio_webhook
async def twiml(req: func.HttpRequest) -> func.HttpResponse:
    """Serve one script; one that a call was placed with has a hash for its name."""
    name = req.route_params["name"]
    return await serve(name, request_fields(req), "sent" if SENT.fullmatch(name) else "script")

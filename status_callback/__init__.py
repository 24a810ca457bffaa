"""POST /api/status_callback?started=…: log one event of a call or message. Called by Twilio only.

    204   the event is stored
    400   the form has no SID
    403   the request is not signed
    503   the event is not stored; Twilio retries, as the callback URL asks (shared/sending/send.py)

`started` is the start of a call or message that the app created; without it (an inbound call) the row is looked up by
its SID.

https://www.twilio.com/docs/voice/api/call-resource#statuscallback
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
"""

from __future__ import annotations

import logging

import azure.functions as func

from shared.activity import log as activity_log
from shared.activity.event import event_of
from shared.activity.key import SID
from shared.errors import StorageUnavailable
from shared.sending.send import STARTED
from shared.twilio.webhook import twilio_callback

bp = func.Blueprint()
log = logging.getLogger(__name__)

KINDS = {"CallSid": "call", "MessageSid": "message", "SmsSid": "message"}


@bp.route(route="status_callback", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@twilio_callback
async def status_callback(req: func.HttpRequest) -> func.HttpResponse:
    """Log one event."""
    form = req.form
    if form.get("TranscriptionEvent") == "transcription-content":
        return func.HttpResponse(status_code=204)  # what is said is never stored
    field = next((name for name in KINDS if SID.fullmatch(form.get(name, ""))), None)
    if field is None:
        log.warning("a status callback has no SID; its fields are %.500r", sorted(form)[:40])
        return func.HttpResponse(status_code=400)
    try:
        await activity_log.add(form[field], KINDS[field], req.params.get(STARTED), event_of(form))
    except StorageUnavailable:
        return func.HttpResponse(status_code=503)
    return func.HttpResponse(status_code=204)

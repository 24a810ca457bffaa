"""POST /api/status_callback?started=…: one event of a call or a message goes into the log. For Twilio alone.

204 means that the event is kept; 503 that it is not, and Twilio tries again as the address that we gave it asks for
(shared/sending/send.py). 400 for a form without a SID, 403 for an unsigned request. `started` is the start of a call or
message of ours; one without (an inbound call) is looked up by its SID.

https://www.twilio.com/docs/voice/api/call-resource#statuscallback
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
"""

from __future__ import annotations

import logging
import re

import azure.functions as func

from shared.activity import log as activity_log
from shared.activity.event import event_of
from shared.errors import StorageUnavailable
from shared.sending.send import STARTED
from shared.twilio.webhook import twilio_webhook

bp = func.Blueprint()
log = logging.getLogger(__name__)

KINDS = {"CallSid": "call", "MessageSid": "message", "SmsSid": "message"}
SID = re.compile(r"[A-Za-z0-9]{1,64}")


@bp.route(route="status_callback", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@twilio_webhook
async def status_callback(req: func.HttpRequest) -> func.HttpResponse:
    """Keep one event."""
    form = req.form
    if form.get("TranscriptionEvent") == "transcription-content":
        return func.HttpResponse(status_code=204)  # what is said is not kept
    field = next((name for name in KINDS if SID.fullmatch(form.get(name, ""))), None)
    if field is None:
        log.warning("a status callback has no SID; its fields are %.500r", sorted(form)[:40])
        return func.HttpResponse(status_code=400)
    try:
        await activity_log.add(form[field], KINDS[field], req.params.get(STARTED), event_of(form))
    except StorageUnavailable:
        return func.HttpResponse(status_code=503)
    return func.HttpResponse(status_code=204)

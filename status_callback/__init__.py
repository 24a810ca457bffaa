"""POST /api/status_callback?started=…: log one event of a call, message or conference. Called by Twilio only.

    204   the event is stored
    400   the form has no SID
    403   the request is not signed
    503   the event is not stored; Twilio retries, as the callback URL asks (shared/sending/send.py)

`started` is the start of a call or message that the app created; without it (an inbound call) the row is looked up by
its SID. An event of a conference is logged in the conference's row, and in that of the call if it names one; there,
`started` is ignored, because the address belongs to the call that was the first in the conference.

https://www.twilio.com/docs/voice/api/call-resource#statuscallback
https://www.twilio.com/docs/voice/twiml/conference#statuscallback
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
"""

from __future__ import annotations

import asyncio
import logging

import azure.functions as func
import msgspec

from shared.activity import log as activity_log
from shared.activity.event import KEPT, event_of
from shared.activity.key import SID
from shared.contract.operation import Operation
from shared.errors import StorageUnavailable
from shared.sending.send import STARTED
from shared.twilio.webhook import form_of, twilio_callback

bp = func.Blueprint()
log = logging.getLogger(__name__)


class Query(msgspec.Struct):
    """The query of the address that the app gives to Twilio.

    started  the start of the call or message, in microseconds since 1970
    """

    started: str | None = None


OPERATIONS = (Operation(method="POST", id="StatusCallback", query=Query, answers={204: None, 400: None}, signed=True),)

KINDS = {"CallSid": "call", "MessageSid": "message", "SmsSid": "message"}


@bp.route(route="status_callback", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@twilio_callback
async def status_callback(req: func.HttpRequest) -> func.HttpResponse:
    """Log one event."""
    form = form_of(req)
    if form.get("TranscriptionEvent") == "transcription-content":
        return func.HttpResponse(status_code=204)  # what is said is never stored
    started = req.params.get(STARTED)
    subject = next(((form[name], kind) for name, kind in KINDS.items() if SID.fullmatch(form.get(name, ""))), None)
    subjects = [subject] if subject else []
    if SID.fullmatch(form.get("ConferenceSid", "")) and "CallStatus" not in form:
        subjects.append((form["ConferenceSid"], "conference"))
        started = None
    if not subjects:
        known = sorted(name for name in form if name in KEPT)
        log.warning("a status callback has no SID; its fields are %.500r and %d others", known, len(form) - len(known))
        return func.HttpResponse(status_code=400)
    try:
        await asyncio.gather(
            *(activity_log.add(sid, kind, started, event_of(form, kind)) for sid, kind in subjects),
        )
    except StorageUnavailable:
        return func.HttpResponse(status_code=503)
    return func.HttpResponse(status_code=204)

"""POST /api/make_call: place a call, from JSON or an HTML form.

https://www.twilio.com/docs/voice/api/call-resource

What the call hears is one of `say`, `script`, `twiml` and `url` (shared/scripts/call_content.py). Without any of them
it says "Hello World".

    to                  required: a number in any usual form, client:alice or sip:alice@example.com;
                        client:alice?order=7 passes parameters to the page or app, about 800 characters, which are
                        neither logged nor answered
    from                the caller's number: one of your account, or a verified one; default TWILIO_FROM_NUMBER
    timeout             seconds to ring, 1 to 600; Twilio's default is 60
    time_limit          seconds that the call may last, 1 to 86,400; Twilio's default is 14,400
    send_digits         keys to press after the call is answered: at most 32 of 0-9 A-D # * w W
    record              true records the call
    machine_detection   Enable, or DetectMessageEnd to wait for the end of a machine's greeting; answered_by in the log
                        is the result
    async_detection     true: the call does not wait for the detection, whose result is an event in the log

201 {sid, status, to, from, created, links: {activity}}. An error is an RFC 9457 problem.
With an Idempotency-Key, the same request within a day gets the same response, and no second call is placed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

import azure.functions as func
import msgspec

from shared import twiml_builder
from shared.contract.operation import SENDING, Operation
from shared.errors import FieldIssue, NotConfigured
from shared.phone_numbers import call_recipient, caller, without_parameters
from shared.request_body import Checked, read_body, shown_as
from shared.responses import answers_problems
from shared.scripts.call_content import CallContent, check_content, content_of
from shared.sending.attempt import Created
from shared.sending.idempotency import IdempotencyHeader, idempotent
from shared.sending.send import send
from shared.settings import settings
from shared.twilio.client import twilio_client, without_none

bp = func.Blueprint()

EVENTS = ["initiated", "ringing", "answered", "completed"]


DIGITS = "[0-9A-D#*wW]{1,32}"


def send_digits(text: str) -> str:
    """Return keys unchanged if Twilio accepts them; raises ValueError."""
    if not re.fullmatch(DIGITS, text):
        raise ValueError("expected 1 to 32 of 0-9, A-D, #, *, w (half a second) and W (a second)")
    return text


class CallRequest(CallContent, kw_only=True):
    """The body of a request to place a call, checked."""

    to: Annotated[str, Checked(call_recipient)]
    from_: Annotated[str, Checked(caller)] | None = msgspec.field(default=None, name="from")
    timeout: Annotated[int, msgspec.Meta(ge=1, le=600)] | None = None
    time_limit: Annotated[int, msgspec.Meta(ge=1, le=86_400)] | None = None
    send_digits: Annotated[str, Checked(send_digits), shown_as(pattern=f"^{DIGITS}$")] | None = None
    record: bool | None = None
    machine_detection: Literal["Enable", "DetectMessageEnd"] | None = None
    # Without a default in the OpenAPI document, which generated clients would send.
    async_detection: bool | None = None


OPERATIONS = (
    Operation(
        method="POST",
        id="MakeCall",
        summary="Place a call",
        body=CallRequest,
        headers=IdempotencyHeader,
        answers={201: Created},
        errors=SENDING,
        example={"to": "+12025550123", "say": "Hello from Azure"},
    ),
)


def check_together(given: set[str]) -> Iterator[FieldIssue]:
    """Yield errors of fields that exclude or require each other."""
    yield from check_content(given)
    if "async_detection" in given and "machine_detection" not in given:
        yield FieldIssue("async_detection", "needs machine_detection")


@bp.route(route="make_call", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_problems
@idempotent
async def make_call(req: func.HttpRequest) -> func.HttpResponse:
    """Place a call."""
    call = read_body(req, CallRequest, check_together)
    from_ = call.from_ or settings().twilio_from_number
    if not from_:
        raise NotConfigured({"TWILIO_FROM_NUMBER": "is missing, and the request has no `from`"})
    content = await content_of(call) or {"twiml": str(twiml_builder.hello())}
    return await send(
        "call",
        without_parameters(call.to),
        from_,
        lambda status_callback: twilio_client().calls.create_async(
            to=call.to,
            from_=from_,
            **content,
            **without_none(
                timeout=call.timeout,
                time_limit=call.time_limit,
                send_digits=call.send_digits,
                record=call.record,
                machine_detection=call.machine_detection,
            ),
            **(detection_reported_to(status_callback) if call.async_detection else {}),
            status_callback=status_callback,
            status_callback_event=EVENTS,
            status_callback_method="POST",
        ),
    )


def detection_reported_to(url: str) -> dict[str, str]:
    """Return Twilio's parameters for a detection that the call does not wait for.

    https://www.twilio.com/docs/voice/answering-machine-detection#asyncamd
    """
    return {
        "async_amd": "true",
        "async_amd_status_callback": url,
        "async_amd_status_callback_method": "POST",
    }

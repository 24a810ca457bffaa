"""POST, GET /api/caller_ids, GET, DELETE /api/caller_ids/{sid}: numbers that calls may show besides the account's own.

https://www.twilio.com/docs/voice/api/outgoing-caller-ids

POST starts the verification of a number: Twilio calls it, and the person who answers types the code of the response.

    number      required: the number, in any usual form; where ALLOWED_COUNTRIES is set, of one of them
    name        a name for it, at most 64 characters; Twilio's default is the number
    extension   1 to 20 digits to dial when the call is answered
    delay       seconds before Twilio calls, 0 to 60; default 0

201 {number, name, status: "pending", code, until, call, links: {activity}}. The code is shown once, and neither stored
nor logged. 200 {sid, number, name, status: "verified", created} if the number is verified already. 409 while an earlier
request for the number is open: until its call has ended, or `until`. The result is in the log, in the row of the call.

GET answers {items: [...]}: the verified numbers, as Twilio lists them, and the requests of the last day that are
`pending` or have `failed`. GET and DELETE with a SID (`PN...`) show or remove a verified number; DELETE answers 204.
"""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import datetime
from typing import Annotated, Any, Literal

import azure.functions as func
import msgspec

from shared.activity import log as activity_log
from shared.activity.event import Event
from shared.clock import now, rfc3339
from shared.contract.operation import ASKING_TWILIO, Operation
from shared.errors import (
    ApiError,
    CountryNotAllowed,
    FieldIssue,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    StorageUnavailable,
    TwilioFailure,
    VerificationOpen,
)
from shared.phone_numbers import text_recipient
from shared.request_body import Checked, read_body, shown_as
from shared.responses import answers_problems, json_response
from shared.sending import caller_id_requests
from shared.sending.attempt import Attempt, Links
from shared.sending.caller_id_requests import VerificationRequest
from shared.sending.send import callback_url, logged_as_unknown
from shared.twilio.client import ask_twilio, twilio_client, without_none
from shared.twilio.error_codes import ALREADY_VERIFIED, UNKNOWN_RESOURCE

bp = func.Blueprint()
log = logging.getLogger(__name__)

SID = re.compile("PN[0-9a-fA-F]{32}")
EXTENSION = "[0-9]{1,20}"
MOST_LISTED = 1000
NO_STORE = {"Cache-Control": "no-store"}


def extension(text: str) -> str:
    """Return an extension unchanged; raises ValueError."""
    if not re.fullmatch(EXTENSION, text):
        raise ValueError("expected 1 to 20 digits")
    return text


class VerificationBody(msgspec.Struct):
    """The body of a request to verify a number, checked."""

    number: Annotated[str, Checked(text_recipient)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    extension: Annotated[str, Checked(extension), shown_as(pattern=f"^{EXTENSION}$")] | None = None
    delay: Annotated[int, msgspec.Meta(ge=0, le=60)] = 0


class CallerId(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A caller ID, or a request to verify one.

    sid      Twilio's SID of a verified number
    number   the number
    name     its name
    status   verified; of a request: pending or failed
    created  when it was verified or requested, RFC 3339 in UTC
    until    while it is pending: when another request is accepted at the latest
    call     the SID of the call that verifies it
    code     the digits to type in that call, shown once
    links    the call in the log
    """

    sid: str | None = None
    number: str
    name: str | None = None
    status: Literal["verified", "pending", "failed"]
    code: str | None = None
    created: str | None = None
    until: str | None = None
    call: str | None = None
    links: Links | None = None


class CallerIdList(msgspec.Struct):
    """The list.

    items  requests without success, then the verified numbers
    """

    items: list[CallerId]


AT_TWILIO = Annotated[str, msgspec.Meta(pattern=f"^{SID.pattern}$", description="the SID of a verified number")]
OPERATIONS = (
    Operation(
        method="POST",
        id="VerifyCallerId",
        summary="Call a number to verify it as a caller ID",
        body=VerificationBody,
        answers={200: CallerId, 201: CallerId},
        errors=(*ASKING_TWILIO, VerificationOpen, CountryNotAllowed),
        example={"number": "+12025550123", "name": "Office"},
    ),
    Operation(
        method="GET",
        id="ListCallerIds",
        summary="List verified numbers and open requests",
        answers={200: CallerIdList},
        errors=ASKING_TWILIO,
    ),
    Operation(
        method="GET",
        id="ShowCallerId",
        summary="Show a verified number",
        parameter=AT_TWILIO,
        answers={200: CallerId},
        errors=(*ASKING_TWILIO, NotFound),
    ),
    Operation(
        method="DELETE",
        id="RemoveCallerId",
        summary="Remove a verified number",
        parameter=AT_TWILIO,
        answers={204: None},
        errors=(*ASKING_TWILIO, NotFound),
    ),
)


@bp.route(route="caller_ids/{sid?}", methods=["GET", "POST", "DELETE"], auth_level=func.AuthLevel.FUNCTION)
@answers_problems
async def caller_ids(req: func.HttpRequest) -> func.HttpResponse:
    """Verify, list, show or remove caller IDs."""
    sid = req.route_params.get("sid")
    if sid is None:
        if req.method == "DELETE":
            raise InvalidRequest(FieldIssue("sid", "is required: DELETE /api/caller_ids/{sid}"))
        return await verify(read_body(req, VerificationBody)) if req.method == "POST" else await list_all()
    if req.method == "POST" or not SID.fullmatch(sid):
        raise unknown()
    resource = twilio_client().outgoing_caller_ids(sid)
    try:
        if req.method == "GET":
            return json_response(verified(await ask_twilio(resource.fetch_async())))
        await ask_twilio(resource.delete_async())
    except TwilioFailure as failure:
        if failure.twilio and failure.twilio.code == UNKNOWN_RESOURCE:
            raise unknown() from None
        raise
    return func.HttpResponse(status_code=204)


def unknown() -> NotFound:
    """Return the error for a SID that Twilio does not list."""
    return NotFound("There is no verified caller ID with that SID; GET /api/caller_ids lists them.")


async def verify(asked: VerificationBody) -> func.HttpResponse:
    """Let Twilio call a number, and answer with the code; or answer with the caller ID if it is verified already."""
    request = await caller_id_requests.open_request(asked.number, asked.name or "", asked.delay)
    try:
        created = await ask_twilio(
            twilio_client().validation_requests.create_async(
                phone_number=asked.number,
                status_callback=callback_url(request.started),
                status_callback_method="POST",
                **without_none(friendly_name=asked.name, extension=asked.extension, call_delay=asked.delay or None),
            )
        )
        if not (created.call_sid and created.validation_code):
            raise OutcomeUnknown("Twilio's answer has no code.", status=502)
    except OutcomeUnknown as error:
        # The phone may ring, so the request stays open; nobody has the code.
        attempt = Attempt("call", asked.number, "", request.started, request.owner)
        raise await logged_as_unknown(error, attempt) from None
    except ApiError as error:
        await caller_id_requests.close_request(request)
        twilio = error.twilio if isinstance(error, TwilioFailure) else None
        if twilio and twilio.code == ALREADY_VERIFIED:
            return await show_existing(asked.number, error)
        raise
    await log_call(request, created.call_sid)
    body = CallerId(
        number=asked.number,
        name=str(created.friendly_name or "") or None,
        status="pending",
        code=str(created.validation_code),
        until=rfc3339(request.until),
        call=created.call_sid,
        links=Links(**activity_log.links_for(created.call_sid)),
    )
    return json_response(body, 201, NO_STORE)


async def show_existing(number: str, error: ApiError) -> func.HttpResponse:
    """Answer with the caller ID of a number that Twilio calls verified; raises `error` if Twilio does not list it."""
    found = await ask_twilio(twilio_client().outgoing_caller_ids.list_async(phone_number=number, limit=1))
    if not found:
        raise error
    return json_response(verified(found[0]))


async def log_call(request: VerificationRequest, call: str) -> None:
    """Log the verification call. If that fails, its callback will create the row; the code must reach the caller."""
    event = Event(
        created=True,
        status="queued",
        at=rfc3339(request.started),
        received=rfc3339(now()),
        to=request.number,
        direction="outbound-api",
    )
    try:
        await asyncio.gather(
            caller_id_requests.note_call(request, call),
            activity_log.add_findable(call, "call", request.started, event),
        )
    except StorageUnavailable:
        log.error("%s verifies a caller ID, but could not be logged", call)


async def list_all() -> func.HttpResponse:
    """Answer with the requests without success, then the verified numbers, each newest first."""
    listed, requests = await asyncio.gather(
        ask_twilio(twilio_client().outgoing_caller_ids.list_async(limit=MOST_LISTED, page_size=MOST_LISTED)),
        caller_id_requests.without_success(),
    )
    numbers = {str(one.phone_number) for one in listed}
    open_or_failed = [requested(request, status) for request, status in requests if request.number not in numbers]
    return json_response(CallerIdList([*open_or_failed, *map(verified, listed)]))


def verified(caller_id: Any) -> CallerId:
    """Return a caller ID of Twilio's as the API shows it."""
    created = caller_id.date_created
    return CallerId(
        sid=str(caller_id.sid),
        number=str(caller_id.phone_number),
        name=str(caller_id.friendly_name or "") or None,
        status="verified",
        created=rfc3339(int(created.timestamp() * 1_000_000)) if isinstance(created, datetime) else None,
    )


def requested(request: VerificationRequest, status: str) -> CallerId:
    """Return a request without success as the API shows it."""
    return CallerId(
        number=request.number,
        name=request.name or None,
        status="pending" if status == caller_id_requests.PENDING else "failed",
        created=rfc3339(request.started),
        until=rfc3339(request.until) if status == caller_id_requests.PENDING else None,
        call=request.call or None,
        links=Links(**activity_log.links_for(request.call)) if request.call else None,
    )

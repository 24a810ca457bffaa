"""POST /api/update_call/{sid}: end a call, or change what it hears, from JSON or an HTML form.

https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource

    status  completed ends the call; canceled only if it is not answered yet

Or what the call hears from now on: one of `say`, `script`, `twiml` and `url` (shared/scripts/call_content.py).

200 {sid, status, links: {activity}}. A call that is over already can be ended again. 409 if the call's state does not
allow the change; `state` is that state. What a call hears can be changed only while it is in progress; the document
that runs is left at once. The change is an event in the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import azure.functions as func
import msgspec

from shared import patterns
from shared.contract.operation import SENDING, Operation
from shared.errors import FieldIssue, NotFound, TwilioFailure, WrongState
from shared.request_body import read_body
from shared.responses import answers_problems
from shared.scripts.call_content import CONTENT_FIELDS, CallContent, check_content, content_of
from shared.sending.idempotency import IdempotencyHeader, idempotent
from shared.sending.update import Updated, answered, check_sid, update
from shared.twilio.client import ask_twilio, twilio_client
from shared.twilio.error_codes import WRONG_CALL_STATE

bp = func.Blueprint()

OVER = ("completed", "busy", "failed", "no-answer", "canceled")
EVENTS = {"completed": "ended by the API", "canceled": "canceled by the API", None: "redirected by the API"}


class CallUpdate(CallContent, kw_only=True):
    """The body of a request to change a call, checked."""

    status: Literal["completed", "canceled"] | None = None


OPERATIONS = (
    Operation(
        method="POST",
        id="UpdateCall",
        summary="End a call, or change what it hears",
        parameter=Annotated[str, msgspec.Meta(pattern=f"^{patterns.CALL_SID}$", description="the SID of the call")],
        body=CallUpdate,
        headers=IdempotencyHeader,
        answers={200: Updated},
        errors=(*SENDING, NotFound, WrongState),
        example={"status": "completed"},
    ),
)


def check_together(given: set[str]) -> Iterator[FieldIssue]:
    """Yield errors of fields that exclude or require each other."""
    yield from check_content(given)
    contents = [name for name in CONTENT_FIELDS if name in given]
    if "status" in given and contents:
        yield FieldIssue(contents[0], "cannot be combined with status")
    if "status" not in given and not contents:
        yield FieldIssue("status", f"is required, or one of {', '.join(CONTENT_FIELDS)}")


@bp.route(route="update_call/{sid}", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_problems
@idempotent
async def update_call(req: func.HttpRequest) -> func.HttpResponse:
    """Update a call."""
    sid = check_sid(req.route_params["sid"], patterns.CALL_SID, "CA")
    asked = read_body(req, CallUpdate, check_together)
    call = twilio_client().calls(sid)
    changes = {"status": asked.status} if asked.status else await content_of(asked)
    try:
        return await update("call", sid, call.update_async(**changes), EVENTS[asked.status])
    except TwilioFailure as failure:
        if failure.twilio is None or failure.twilio.code != WRONG_CALL_STATE:
            raise
    state = str((await ask_twilio(call.fetch_async())).status)
    if asked.status == "completed" and state in OVER:
        return answered(sid, state)
    raise WrongState(
        f"The call is {state}, so it cannot be {'redirected' if not asked.status else asked.status}.", state
    )

"""POST /api/update_sms/{sid}: cancel a scheduled message, or remove a message's text at Twilio; JSON or a form.

https://www.twilio.com/docs/messaging/api/message-resource#update-a-message-resource

    status  canceled: a message with `send_at` is not sent
    redact  true: Twilio removes the text; the log never has it

Give one of both. The message itself stays in Twilio's list.

200 {sid, status, links: {activity}}. A canceled message can be canceled again. 409 if the message's state does not
allow the change: it is not scheduled any more, or its delivery has not ended; `state` is that state. The change is an
event in the log, which never has the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import azure.functions as func
import msgspec

from shared import patterns
from shared.contract.operation import ASKING_TWILIO, IDEMPOTENT, Operation
from shared.errors import FieldIssue, NotFound, TwilioFailure, WrongState
from shared.request_body import Checked, read_body
from shared.responses import answers_problems
from shared.sending.idempotency import IdempotencyHeader, idempotent
from shared.sending.update import Updated, answered, check_sid, update
from shared.twilio.client import ask_twilio, twilio_client
from shared.twilio.error_codes import WRONG_MESSAGE_STATES

bp = func.Blueprint()


def only_true(value: bool) -> bool:
    """Return the value unchanged; raises ValueError for false, which would do nothing."""
    if not value:
        raise ValueError("expected true")
    return value


class MessageUpdate(msgspec.Struct):
    """The body of a request to change a message, checked."""

    status: Literal["canceled"] | None = None
    redact: Annotated[bool, Checked(only_true)] | None = None


OPERATIONS = (
    Operation(
        method="POST",
        id="UpdateSms",
        summary="Cancel a scheduled message, or remove a message's text",
        parameter=Annotated[str, msgspec.Meta(pattern=f"^{patterns.MESSAGE_SID}$", description="the message's SID")],
        body=MessageUpdate,
        headers=IdempotencyHeader,
        answers={200: Updated},
        errors=(*ASKING_TWILIO, *IDEMPOTENT, NotFound, WrongState),
        example={"redact": True},
    ),
)


def check_together(given: set[str]) -> Iterator[FieldIssue]:
    """Yield errors of fields that exclude or require each other."""
    if len(given & {"status", "redact"}) != 1:
        yield FieldIssue("status", "is required, or redact, but not both")


@bp.route(route="update_sms/{sid}", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_problems
@idempotent
async def update_sms(req: func.HttpRequest) -> func.HttpResponse:
    """Update a message."""
    sid = check_sid(req.route_params["sid"], patterns.MESSAGE_SID, "SM or MM")
    asked = read_body(req, MessageUpdate, check_together)
    message = twilio_client().messages(sid)
    changes = {"body": ""} if asked.redact else {"status": "canceled"}
    event = "redacted by the API" if asked.redact else "canceled by the API"
    try:
        return await update("message", sid, message.update_async(**changes), event)
    except TwilioFailure as failure:
        if failure.twilio is None or failure.twilio.code not in WRONG_MESSAGE_STATES:
            raise
    state = str((await ask_twilio(message.fetch_async())).status)
    if not asked.redact and state == "canceled":
        return answered(sid, state)
    raise WrongState(f"The message is {state}, so it cannot be {'redacted' if asked.redact else 'canceled'}.", state)

"""POST /api/send_sms: send a message, from JSON or an HTML form.

https://www.twilio.com/docs/messaging/api/message-resource

    to                      required: a number in any usual form
    body                    the text, at most 1,600 characters
    media_url               1 to 10 http or https addresses of pictures or other media
    from                    a number, short code or alphanumeric sender; default TWILIO_FROM_NUMBER
    messaging_service_sid   a Messaging Service that chooses the sender; default TWILIO_MESSAGING_SERVICE_SID
    send_at                 when to send: RFC 3339 with an offset, more than 5 minutes and at most 35 days ahead; needs
                            a Messaging Service
    validity_period         seconds after which Twilio gives up, 1 to 36,000; Twilio's default is 36,000

Give body, media_url or both.

201 {sid, status, to, from, created, segments, links: {activity}}. An error is an RFC 9457 problem.
With an Idempotency-Key, the same request within a day gets the same response, and no second message is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import azure.functions as func
import msgspec

from shared import patterns
from shared.contract.operation import SENDING, Operation
from shared.errors import FieldIssue, NotConfigured, RecipientOptedOut
from shared.phone_numbers import text_recipient, text_sender
from shared.request_body import Checked, read_body, shown_as
from shared.responses import answers_problems
from shared.sending import opt_outs
from shared.sending.attempt import Created
from shared.sending.idempotency import IdempotencyHeader, idempotent
from shared.sending.send import send
from shared.settings import settings
from shared.twilio.client import twilio_client, without_none
from shared.web_addresses import web_addresses

bp = func.Blueprint()

LONGEST_BODY = 1600
# https://www.twilio.com/docs/api/errors/35115
SOONEST = timedelta(seconds=300)
LATEST = timedelta(days=35)


def check_body(text: str) -> str:
    """Return a text unchanged if it can be sent; raises ValueError."""
    if not text.strip():
        raise ValueError("is blank")
    if len(text) > LONGEST_BODY:
        raise ValueError(f"is {len(text):,} characters long; at most {LONGEST_BODY:,} can be sent")
    return text


def check_service(text: str) -> str:
    """Return a Messaging Service's SID unchanged; raises ValueError."""
    if not re.fullmatch(patterns.MESSAGING_SERVICE_SID, text):
        raise ValueError("expected MG and 32 hexadecimal digits")
    return text


def in_window(moment: datetime) -> datetime:
    """Return a time for which Twilio schedules messages, in UTC because its library drops the offset.

    Raises ValueError.
    """
    ahead = moment - datetime.now(UTC)
    if not SOONEST < ahead <= LATEST:
        raise ValueError("expected a time more than 5 minutes and at most 35 days ahead")
    return moment.astimezone(UTC)


class TextRequest(msgspec.Struct):
    """The body of a request to send a message, checked."""

    to: Annotated[str, Checked(text_recipient)]
    body: Annotated[str, Checked(check_body), shown_as(maxLength=LONGEST_BODY)] | None = None
    media_url: (
        Annotated[
            list[str],
            msgspec.Meta(min_length=1, max_length=10),
            Checked(web_addresses),
        ]
        | None
    ) = None
    from_: Annotated[str, Checked(text_sender)] | None = msgspec.field(default=None, name="from")
    messaging_service_sid: (
        Annotated[str, Checked(check_service), shown_as(pattern=f"^{patterns.MESSAGING_SERVICE_SID}$")] | None
    ) = None
    send_at: Annotated[datetime, msgspec.Meta(tz=True), Checked(in_window)] | None = None
    validity_period: Annotated[int, msgspec.Meta(ge=1, le=36_000)] | None = None


OPERATIONS = (
    Operation(
        method="POST",
        id="SendSms",
        summary="Send a text message",
        body=TextRequest,
        headers=IdempotencyHeader,
        answers={201: Created},
        errors=(*SENDING, RecipientOptedOut),
        example={"to": "+12025550123", "body": "Hello from Azure"},
    ),
)


def check_together(fields: set[str]) -> Iterator[FieldIssue]:
    """Yield errors of fields that exclude or require each other."""
    if not fields & {"body", "media_url"}:
        yield FieldIssue("body", "is required without media_url")
    if "send_at" in fields and "messaging_service_sid" not in fields and not settings().twilio_messaging_service_sid:
        yield FieldIssue("messaging_service_sid", "is required with send_at")


@bp.route(route="send_sms", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_problems
@idempotent
async def send_sms(req: func.HttpRequest) -> func.HttpResponse:
    """Send a message."""
    text = read_body(req, TextRequest, check_together)
    from_, service = sender_of(text)
    await opt_outs.check(text.to, service or from_ or "")
    return await send(
        "message",
        text.to,
        from_ or "",
        lambda status_callback: twilio_client().messages.create_async(
            to=text.to,
            **without_none(
                from_=from_,
                messaging_service_sid=service,
                body=text.body,
                media_url=text.media_url,
                schedule_type="fixed" if text.send_at else None,
                send_at=text.send_at,
                validity_period=text.validity_period,
            ),
            status_callback=status_callback,
        ),
    )


def sender_of(text: TextRequest) -> tuple[str | None, str | None]:
    """Return the number and the Messaging Service to send from: the request's, else the settings' service or number."""
    app = settings()
    if text.from_ and not text.send_at:
        return text.from_, text.messaging_service_sid
    service = text.messaging_service_sid or app.twilio_messaging_service_sid
    if service:
        return text.from_, service
    if not app.twilio_from_number:
        names = "TWILIO_FROM_NUMBER", "TWILIO_MESSAGING_SERVICE_SID"
        raise NotConfigured(dict.fromkeys(names, "is missing, and the request has no sender; one of them is needed"))
    return app.twilio_from_number, None

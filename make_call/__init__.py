"""POST /api/make_call: place a call, from JSON or an HTML form.

https://www.twilio.com/docs/voice/api/call-resource

    to                  required: a number in any usual form, client:alice or sip:alice@example.com; a client may have
                        parameters for its page, client:alice?order=7, which are neither logged nor answered
    say                 words to say, about 3,700 characters             |
    twiml               a TwiML document, at most 4,000 characters       |  one of these; default: say "Hello World"
    script              a JSON list of verbs, as in /api/scripts         |
    url                 an http or https address that answers TwiML      |
    from                the caller's number; default TWILIO_FROM_NUMBER
    voice, language     with `say`: https://www.twilio.com/docs/voice/twiml/say#attributes
    timeout             seconds to ring, 1 to 600; Twilio's default is 60
    time_limit          seconds the call may last, 1 to 86,400; Twilio's default is 14,400
    send_digits         keys to press after the answer: at most 32 of 0-9 A-D # * w W
    record              true records the call
    machine_detection   Enable, or DetectMessageEnd to wait for the end of a machine's greeting

201 {sid, status, to, from, created, links: {activity}}. An error is an RFC 9457 problem: shared/errors.py.
With an Idempotency-Key, the same request within a day gets the same response, and no second call is placed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import azure.functions as func
import msgspec

from shared import twiml_builder
from shared.errors import FieldIssue, NotConfigured
from shared.phone_numbers import call_recipient, caller, without_parameters
from shared.request_body import Checked, read_body
from shared.responses import answers_problems
from shared.scripts import store as script_store
from shared.scripts.addresses import need_own_address
from shared.scripts.allowed_countries import check_request_destinations, guarded_document
from shared.scripts.reading import InvalidScript, Script, read_script
from shared.scripts.serving import make_ready, twiml_of
from shared.scripts.verbs.types import HOUSE_RULE
from shared.sending.idempotency import idempotent
from shared.sending.send import send
from shared.settings import settings
from shared.twilio.client import twilio_client, without_none
from shared.web_addresses import web_address

bp = func.Blueprint()

CONTENT_FIELDS = ("say", "twiml", "script", "url")
EVENTS = ["initiated", "ringing", "answered", "completed"]


def send_digits(text: str) -> str:
    """Return keys unchanged if Twilio accepts them; raises ValueError."""
    if not re.fullmatch(r"[0-9A-D#*wW]{1,32}", text):
        raise ValueError("expected 1 to 32 of 0-9, A-D, #, *, w (half a second) and W (a second)")
    return text


def twiml_document(text: str) -> str:
    """Return the TwiML to send with a call; raises ValueError.

    With ALLOWED_COUNTRIES it must be readable as a script, and is written anew from it.
    """
    return twiml_builder.check_inline(guarded_document(twiml_builder.check_inline(text)))


def voice_script(value: object) -> Script:
    """Return a script for a call, checked; raises InvalidScript with all its errors."""
    script = read_script(value, "voice")
    if errors := list(check_request_destinations(script)):
        raise InvalidScript(errors)
    if not script:
        raise InvalidScript([FieldIssue("$", f"{HOUSE_RULE}has no verbs")])
    script_store.source_of(script)
    twiml_of(script, "voice")
    return script


class CallRequest(msgspec.Struct):
    """The body, checked."""

    to: Annotated[str, Checked(call_recipient)]
    say: Annotated[str, Checked(twiml_builder.check_words)] | None = None
    twiml: Annotated[str, Checked(twiml_document)] | None = None
    script: Annotated[list[Any], Checked(voice_script)] | None = None
    url: Annotated[str, Checked(web_address)] | None = None
    from_: Annotated[str, Checked(caller)] | None = msgspec.field(default=None, name="from")
    voice: Annotated[str, Checked(twiml_builder.check_attribute)] | None = None
    language: Annotated[str, Checked(twiml_builder.check_attribute)] | None = None
    timeout: Annotated[int, msgspec.Meta(ge=1, le=600)] | None = None
    time_limit: Annotated[int, msgspec.Meta(ge=1, le=86_400)] | None = None
    send_digits: Annotated[str, Checked(send_digits)] | None = None
    record: bool | None = None
    machine_detection: Literal["Enable", "DetectMessageEnd"] | None = None


def check_together(fields: set[str]) -> Iterator[FieldIssue]:
    """Yield errors of fields that exclude or require each other."""
    contents = [name for name in CONTENT_FIELDS if name in fields]
    if len(contents) > 1:
        yield FieldIssue(
            contents[1], f"cannot be combined with {contents[0]}; give only one of {', '.join(CONTENT_FIELDS)}"
        )
    for name in ("voice", "language"):
        if name in fields and "say" not in fields:
            yield FieldIssue(name, "needs say")


@bp.route(route="make_call", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_problems
@idempotent
async def make_call(req: func.HttpRequest) -> func.HttpResponse:
    """Place a call."""
    call = read_body(req, CallRequest, check_together)
    from_ = call.from_ or settings().twilio_from_number
    if not from_:
        raise NotConfigured({"TWILIO_FROM_NUMBER": "is missing, and the request has no `from`"})
    content = await content_of(call)
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
            status_callback=status_callback,
            status_callback_event=EVENTS,
            status_callback_method="POST",
        ),
    )


async def content_of(call: CallRequest) -> dict[str, str]:
    """Return Twilio's parameter for what the callee hears: `twiml` if it is short and needs no address, else `url`.

    With `twiml` the callee does not wait for a webhook's cold start.
    """
    if call.url:
        return {"url": call.url}
    if call.twiml:
        return {"twiml": call.twiml}
    if call.say:
        return {"twiml": str(twiml_builder.say(call.say, voice=call.voice, language=call.language))}
    if call.script is None:
        return {"twiml": str(twiml_builder.hello())}
    document = make_ready(call.script, "voice").document
    needs_address = any(need_own_address(call.script))
    if document is not None and len(document) <= twiml_builder.INLINE_LIMIT and not needs_address:
        return {"twiml": document}
    name = await script_store.save_sent("voice", script_store.source_of(call.script))
    return {"url": settings().url(f"twiml/{name}")}

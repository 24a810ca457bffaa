"""What a call hears, in a request that places a call or changes one: `say`, `twiml`, `script` or `url`.

    say              the words to say, about 3,700 characters
    script           a list of verbs, as in scripts
    twiml            a TwiML document, at most 4,000 characters
    url              an http or https address that answers with TwiML
    voice, language  with `say`: Twilio's voices and languages

https://www.twilio.com/docs/voice/twiml/say#attributes
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from shared import twiml_builder
from shared.errors import FieldIssue
from shared.request_body import Checked, shown_as
from shared.scripts import store as script_store
from shared.scripts.addresses import need_own_address
from shared.scripts.allowed_countries import check_request_destinations, guarded_document
from shared.scripts.reading import InvalidScript, Script, read_script
from shared.scripts.serving import make_ready, twiml_of
from shared.scripts.verbs.types import HOUSE_RULE
from shared.settings import settings
from shared.web_addresses import web_address

CONTENT_FIELDS = ("say", "twiml", "script", "url")


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


class CallContent(msgspec.Struct, kw_only=True):
    """The part of a body that says what the call hears, checked."""

    say: Annotated[str, Checked(twiml_builder.check_words)] | None = None
    twiml: Annotated[str, Checked(twiml_document), shown_as(maxLength=twiml_builder.INLINE_LIMIT)] | None = None
    # Not the JSON Schema of the verbs, which is recursive: see `VERBS` of scripts/.
    script: Annotated[list[Any], Checked(voice_script), shown_as(items={"type": "object"})] | None = None
    url: Annotated[str, Checked(web_address)] | None = None
    voice: Annotated[str, Checked(twiml_builder.check_attribute)] | None = None
    language: Annotated[str, Checked(twiml_builder.check_attribute)] | None = None


def check_content(given: set[str]) -> Iterator[FieldIssue]:
    """Yield errors of fields that exclude or require each other."""
    contents = [name for name in CONTENT_FIELDS if name in given]
    if len(contents) > 1:
        yield FieldIssue(
            contents[1], f"cannot be combined with {contents[0]}; give only one of {', '.join(CONTENT_FIELDS)}"
        )
    for name in ("voice", "language"):
        if name in given and "say" not in given:
            yield FieldIssue(name, "needs say")


async def content_of(call: CallContent) -> dict[str, str]:
    """Return Twilio's parameter for what is heard: `twiml` if it is short and needs no address, else `url`.

    With `twiml` nobody waits for a webhook's cold start. Without any content, it is empty.
    """
    if call.url:
        return {"url": call.url}
    if call.twiml:
        return {"twiml": call.twiml}
    if call.say:
        return {"twiml": str(twiml_builder.say(call.say, voice=call.voice, language=call.language))}
    if call.script is None:
        return {}
    document = make_ready(call.script, "voice").document
    needs_address = any(need_own_address(call.script))
    if document is not None and len(document) <= twiml_builder.INLINE_LIMIT and not needs_address:
        return {"twiml": document}
    name = await script_store.save_sent("voice", script_store.source_of(call.script))
    return {"url": settings().url(f"twiml/{name}")}

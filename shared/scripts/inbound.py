"""Which script an inbound call or text gets: the one named for our number, else the one named for them all.

`call-15005550006` and `call`, `text-15005550006` and `text`.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Literal

import azure.functions as func

from shared.activity.log import PATIENCE_SECONDS
from shared.errors import FieldError, StorageUnavailable
from shared.phone_numbers import SHORT_CODE, is_e164
from shared.scripts.reading import Family, InvalidScript, Script
from shared.scripts.serving import ready_script, serve
from shared.scripts.verbs import voice

log = logging.getLogger(__name__)

Kind = Literal["call", "text"]

FAMILY: dict[Kind, Family] = {"call": "voice", "text": "messaging"}
# The names that mean something; one with a number as people write it, dashes and all, is meant to.
NAME = re.compile(r"(?P<kind>call|text)(?:-(?P<number>[\d-]*))?", re.ASCII)


def check_name(name: str, script: Script, family: Family) -> Iterator[FieldError]:
    """Yield what is wrong with a script of that name: a number that is none, or a script that cannot answer."""
    named = NAME.fullmatch(name)
    if named is None:
        return
    kind: Kind = "call" if named["kind"] == "call" else "text"
    number = named["number"]
    if number is not None and not is_e164(number) and not (kind == "text" and SHORT_CODE.fullmatch(number)):
        short = ", or of a short code" if kind == "text" else ""
        words = f"expected {kind}- and all digits of a number with its country code{short}, like {kind}-15005550006"
        yield FieldError("name", words)
    if not fits(script, family, kind):
        yield FieldError("name", f"is that of a script which answers {kind}s; this one is of the family {family}")


async def answer_inbound(kind: Kind, fields: Mapping[str, str]) -> func.HttpResponse | None:
    """Answer with the script for the number that was called or texted; None where none can be had.

    A script's name holds the number, so what is logged names the kind alone.
    """
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            name = await find_script(kind, fields)
    except (StorageUnavailable, TimeoutError):
        log.error("the script for a %s could not be read", kind)
        return None
    except InvalidScript as error:
        log.error("the script for a %s is wrong: %s", kind, ", ".join(fault.field for fault in error.faults))
        return None
    return await serve(name, fields) if name else None


async def find_script(kind: Kind, fields: Mapping[str, str]) -> str | None:
    """Return the name of the script; raises StorageUnavailable, InvalidScript."""
    digits = re.sub(r"\D", "", fields.get("To", ""), flags=re.ASCII)[:20]
    for name in ([f"{kind}-{digits}"] if digits else []) + [kind]:
        if ready := await ready_script(name):
            if fits(ready.script, ready.family, kind):
                return name
            log.error("the script for a %s is one of the family %s", kind, ready.family)
            return None
    return None


def fits(script: Script, family: Family, kind: Kind) -> bool:
    """Tell whether a script can answer a call, or a text; a Redirect alone can answer both."""
    return family == FAMILY[kind] or all(isinstance(verb, voice.Redirect) for verb in script)

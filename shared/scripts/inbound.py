"""Select the script that answers an inbound call or message: the one of the app's number, else the general one.

For the number +15005550006 these are `call-15005550006`, else `call`; and `text-15005550006`, else `text`.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Literal

import azure.functions as func

from shared.errors import FieldIssue, StorageUnavailable
from shared.phone_numbers import is_e164, is_short_code
from shared.scripts.reading import Family, InvalidScript, Script
from shared.scripts.serving import ready_script, serve
from shared.scripts.verbs import voice
from shared.storage.tables import PATIENCE_SECONDS

log = logging.getLogger(__name__)

Kind = Literal["call", "text"]

FAMILY: dict[Kind, Family] = {"call": "voice", "text": "messaging"}
# Reserved script names: `call`, `text`, `call-<digits>`, `text-<digits>`. Dashes between the digits match as well, so
# that a number written with dashes gets an error instead of a script that never answers.
RESERVED_NAME = re.compile(r"(?P<kind>call|text)(?:-(?P<number>[\d-]*))?", re.ASCII)


def check_name(name: str, script: Script, family: Family) -> Iterator[FieldIssue]:
    """Check a reserved name: yield an error for an invalid number, or for a script of the wrong family."""
    named = RESERVED_NAME.fullmatch(name)
    if named is None:
        return
    kind: Kind = "call" if named["kind"] == "call" else "text"
    number = named["number"]
    if number is not None and not is_e164(number) and not (kind == "text" and is_short_code(number)):
        short = ", or of a short code" if kind == "text" else ""
        words = f"expected {kind}- and all digits of a number with its country code{short}, like {kind}-15005550006"
        yield FieldIssue("name", words)
    if not fits(script, family, kind):
        yield FieldIssue("name", f"is reserved for scripts that answer {kind}s; this is a {family} script")


async def answer_inbound(kind: Kind, fields: Mapping[str, str]) -> func.HttpResponse | None:
    """Answer with the script for the app's number in `To`; None if there is none or it cannot be read.

    A script's name contains the number, so the log names only the kind.
    """
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            name = await find_script(kind, fields)
    except (StorageUnavailable, TimeoutError):
        log.error("the script for a %s could not be read", kind)
        return None
    except InvalidScript as error:
        log.error("the script for a %s is wrong: %s", kind, ", ".join(issue.field for issue in error.errors))
        return None
    return await serve(name, fields) if name else None


async def find_script(kind: Kind, fields: Mapping[str, str]) -> str | None:
    """Return the name of the script; raises StorageUnavailable, InvalidScript."""
    digits = re.sub(r"\D", "", fields.get("To", ""), flags=re.ASCII)[:20]
    for name in ([f"{kind}-{digits}"] if digits else []) + [kind]:
        if ready := await ready_script(name):
            if fits(ready.script, ready.family, kind):
                return name
            log.error("the script for a %s is a %s script", kind, ready.family)
            return None
    return None


def fits(script: Script, family: Family, kind: Kind) -> bool:
    """Return whether a script can answer this kind; a script of Redirects only can answer both."""
    return family == FAMILY[kind] or all(isinstance(verb, voice.Redirect) for verb in script)

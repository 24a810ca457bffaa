"""Which script an inbound call or text gets: the one named for our number, else the one named for them all."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import Literal

import azure.functions as func

from shared.activity_log import PATIENCE_SECONDS
from shared.errors import StorageUnavailable
from shared.script_serving import Ready, ready_script, serve
from shared.scripts import voice
from shared.scripts.reading import Family, InvalidScript

log = logging.getLogger(__name__)

Kind = Literal["call", "text"]

FAMILY: dict[Kind, Family] = {"call": "voice", "text": "messaging"}


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
            if fits(ready, kind):
                return name
            log.error("the script for a %s is one of the family %s", kind, ready.family)
            return None
    return None


def fits(ready: Ready, kind: Kind) -> bool:
    """Tell whether a script can answer a call, or a text; a Redirect alone can answer both."""
    return ready.family == FAMILY[kind] or all(isinstance(verb, voice.Redirect) for verb in ready.script)

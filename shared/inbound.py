"""Which script an inbound call or text gets: the one named for our number, else the one named for them all."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Literal

import azure.functions as func

from shared.errors import StorageUnavailable
from shared.script_serving import ready_script, serve
from shared.scripts.reading import InvalidScript

log = logging.getLogger(__name__)


async def answer_inbound(kind: Literal["call", "text"], fields: Mapping[str, str]) -> func.HttpResponse | None:
    """Answer with the script for the number that was called or texted; None where there is none, or no storage."""
    digits = re.sub(r"\D", "", fields.get("To", ""), flags=re.ASCII)[:20]
    for name in ([f"{kind}-{digits}"] if digits else []) + [kind]:
        try:
            if await ready_script(name):
                return await serve(name, fields)
        except StorageUnavailable:
            log.error("the script %s could not be read", name)
            return None
        except InvalidScript as error:
            log.error("the script %s is wrong: %s", name, error)
            return None
    return None

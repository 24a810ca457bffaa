"""Serves scripts to Twilio: from memory where it can, filled from the request, and never with silence.

A caller waits on the line, so whatever is wrong, with the script, the storage or the request, is answered in TwiML.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

import azure.functions as func
from twilio.twiml.messaging_response import MessagingResponse

from shared.activity.log import PATIENCE_SECONDS, log_what_happened
from shared.errors import FieldError, StorageUnavailable
from shared.scripts import store as script_store
from shared.scripts.allowed_countries import check_destinations
from shared.scripts.filling import fill, has_placeholders, with_absolute_addresses
from shared.scripts.reading import Family, InvalidScript, Script
from shared.scripts.writing import write_twiml
from shared.settings import settings
from shared.twiml_builder import sorry, twiml_response

log = logging.getLogger(__name__)

REMEMBERED_SECONDS = 3.0
MOST_REMEMBERED = 1000
# https://www.twilio.com/docs/api/errors/11750
LONGEST_TWIML = 64 * 1024
# More digits than these may be a phone number.
DIGITS_TO_SHOW = 6


@dataclass(frozen=True, slots=True)
class Ready:
    """A script made ready: its document when no request changes that, else the script to fill."""

    family: Family
    script: Script
    document: str | None


remembered: dict[tuple[script_store.Owner, str], tuple[float, Ready | None]] = {}


async def ready_script(name: str, owner: script_store.Owner = "script") -> Ready | None:
    """Return a kept script, or None when there is none of that name; raises StorageUnavailable, InvalidScript."""
    known = remembered.get((owner, name))
    if known and known[0] > time.monotonic():
        return known[1]
    kept = await script_store.find(name, owner)
    ready = make_ready(kept.script(), kept.family) if kept else None
    if len(remembered) >= MOST_REMEMBERED:
        remembered.clear()
    remembered[owner, name] = (time.monotonic() + REMEMBERED_SECONDS, ready)
    return ready


def forget(name: str) -> None:
    """Read a script anew the next time, since it has just been changed here; other instances follow in seconds."""
    remembered.pop(("script", name), None)


async def serve(name: str, fields: Mapping[str, str], owner: script_store.Owner = "script") -> func.HttpResponse:
    """Answer one of Twilio's requests with the script of that name, and log what the request tells of."""
    answer, _ = await asyncio.gather(answer_with(name, fields, owner), log_what_happened(fields))
    return answer


async def answer_with(name: str, fields: Mapping[str, str], owner: script_store.Owner) -> func.HttpResponse:
    """Answer with a script, or with an apology."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            ready = await ready_script(name, owner)
        if ready is not None:
            return twiml_response(document_for(ready, fields))
        log.error("there is no script %s", for_log(name))
    except (StorageUnavailable, TimeoutError):
        log.error("the script %s could not be read", for_log(name))
    except InvalidScript as error:
        # The places only: a caller's text may stand in what is said about them.
        places = ", ".join(fault.field for fault in error.faults)
        log.error("the script %s makes no sense for this request: %s", for_log(name), places)
    return twiml_response(sorry() if "CallSid" in fields else MessagingResponse())


def for_log(name: str) -> str:
    """Return a script's name as the log may hold it: `call-15005550006` names somebody's number."""
    digits = re.findall(r"\d", name)
    if len(digits) <= DIGITS_TO_SHOW or script_store.SENT.fullmatch(name):
        return name
    return re.sub(r"\d", "#", name)


def make_ready(script: Script, family: Family) -> Ready:
    """Return a script with its addresses made absolute, written already where no request changes it."""
    absolute = with_absolute_addresses(script, settings().public_base_url)
    document = None if has_placeholders(absolute) else str(write_twiml(absolute, family))
    return Ready(family, absolute, document)


def twiml_of(script: Script, family: Family) -> str:
    """Return the TwiML that a script becomes, placeholders and all; raises InvalidScript where it is too long."""
    ready = make_ready(script, family)
    return check_twiml(ready.document or str(write_twiml(ready.script, family)))


def document_for(ready: Ready, fields: Mapping[str, str]) -> str:
    """Return the TwiML for one request; raises InvalidScript when what it brings makes no sense in the script."""
    if ready.document is not None:
        return check_twiml(ready.document)
    filled = fill(ready.script, fields)
    if faults := list(check_destinations(filled)):
        raise InvalidScript(faults)
    return check_twiml(str(write_twiml(filled, ready.family)))


def check_twiml(document: str) -> str:
    """Return a document that Twilio will read; raises InvalidScript."""
    size = len(document.encode())
    if size > LONGEST_TWIML:
        words = f"is {size:,} bytes long as TwiML, of which Twilio reads at most {LONGEST_TWIML:,}"
        raise InvalidScript([FieldError("$", words)])
    return document

"""Serve scripts to Twilio: cached, filled from the request, and always answered with TwiML.

A caller waits on the line, so an error in the script, the storage or the request is answered with a spoken apology.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import azure.functions as func
from twilio.twiml.messaging_response import MessagingResponse

from shared.errors import FieldIssue, StorageUnavailable
from shared.masking import without_number
from shared.scripts import store as script_store
from shared.scripts.filling import fill, has_placeholders, with_absolute_addresses
from shared.scripts.reading import Family, InvalidScript, Script
from shared.scripts.writing import write_twiml
from shared.settings import settings
from shared.storage.tables import PATIENCE_SECONDS
from shared.ttl_cache import TtlCache
from shared.twiml_builder import apology, twiml_response

log = logging.getLogger(__name__)

# https://www.twilio.com/docs/api/errors/11750
LONGEST_TWIML = 64 * 1024


@dataclass(frozen=True, slots=True)
class Ready:
    """A script ready to serve; `document` is its TwiML if that is the same for every request."""

    family: Family
    script: Script
    document: str | None


ready_scripts: TtlCache[tuple[script_store.Owner, str], Ready | None] = TtlCache(seconds=3)


async def ready_script(name: str, owner: script_store.Owner = "script") -> Ready | None:
    """Return a stored script, or None if there is none of that name; raises StorageUnavailable, InvalidScript."""
    return await ready_scripts.get((owner, name), lambda: read_ready(name, owner))


async def read_ready(name: str, owner: script_store.Owner) -> Ready | None:
    """Read a script from storage, as `ready_script` does without its cache."""
    stored = await script_store.find(name, owner)
    return make_ready(stored.script(), stored.family, name) if stored else None


def forget(name: str) -> None:
    """Read a script from storage the next time: it was changed by this instance; others use it within seconds."""
    ready_scripts.forget(("script", name))


async def serve(name: str, fields: Mapping[str, str], owner: script_store.Owner = "script") -> func.HttpResponse:
    """Answer one of Twilio's requests with the script of that name, or with an apology."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            ready = await ready_script(name, owner)
        if ready is not None:
            return twiml_response(document_for(ready, fields, name))
        log.error("there is no script %s", for_log(name))
    except (StorageUnavailable, TimeoutError):
        log.error("the script %s could not be read", for_log(name))
    except InvalidScript as error:
        # Only the places: the details may contain text of the caller.
        places = ", ".join(issue.field for issue in error.errors)
        log.error("the script %s has errors for this request: %s", for_log(name), places)
    return twiml_response(apology() if "CallSid" in fields else MessagingResponse())


def for_log(name: str) -> str:
    """Return a script's name for the log, without phone numbers; a script sent with a call has a random name."""
    return name if script_store.SENT.fullmatch(name) else without_number(name)


def make_ready(script: Script, family: Family, name: str = "") -> Ready:
    """Return a script with absolute addresses, and with its TwiML if that is the same for every request.

    Without a name it has no address of its own, so it must not contain relative ones.
    """
    absolute = with_absolute_addresses(script, settings().public_base_url, settings().url(f"twiml/{name}"))
    document = None if has_placeholders(absolute) else str(write_twiml(absolute, family))
    return Ready(family, absolute, document)


def twiml_of(script: Script, family: Family, name: str = "") -> str:
    """Return a script's TwiML with its placeholders unfilled; raises InvalidScript if it is too long."""
    ready = make_ready(script, family, name)
    return check_twiml(ready.document or str(write_twiml(ready.script, family)))


def document_for(ready: Ready, fields: Mapping[str, str], name: str) -> str:
    """Return the TwiML for one request; raises InvalidScript if the request's fields are not valid in the script."""
    if ready.document is not None:
        return check_twiml(ready.document)
    filled, issues = fill(ready.script, fields)
    for issue in issues:
        log.warning("the script %s, %s: %s", for_log(name), issue.field, issue.detail)
    return check_twiml(str(write_twiml(filled, ready.family)))


def check_twiml(document: str) -> str:
    """Return a document unchanged; raises InvalidScript if it is longer than Twilio accepts."""
    size = len(document.encode())
    if size > LONGEST_TWIML:
        words = f"is {size:,} bytes long as TwiML; Twilio accepts at most {LONGEST_TWIML:,}"
        raise InvalidScript([FieldIssue("$", words)])
    return document

"""Opt-outs: recorded when a text message says STOP, and checked before each send.

Twilio rejects a message to such a recipient too (error 21610). The app answers the same error without asking Twilio.
An opt-out is between one recipient and one sender; a sender is a number or a Messaging Service.
https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Literal

from shared.clock import now, rfc3339
from shared.errors import StorageUnavailable
from shared.storage.tables import OPT_OUTS, delete, get, read_partition, upsert
from shared.time_limit import time_limit
from shared.ttl_cache import TtlCache
from shared.twilio.error_codes import OPTED_OUT, failure_for

log = logging.getLogger(__name__)

Keyword = Literal["STOP", "START", "HELP"]

# Twilio acts on these words when they are the whole message: https://help.twilio.com/articles/223134027
WORDS: dict[str, Keyword] = {
    **dict.fromkeys(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), "STOP"),
    **dict.fromkeys(("START", "YES", "UNSTOP"), "START"),
    **dict.fromkeys(("HELP", "INFO"), "HELP"),
}
# Twilio's message for 21610.
TWILIO_MESSAGE = "Attempt to send to unsubscribed recipient"

# The recipients who opted out of a sender's messages, so that a send does not wait for storage; None for a sender with
# more of them than MAX_CACHED. An opt-out recorded by another instance takes effect here when the entry expires
# (at Twilio at once).
MAX_CACHED = 1000
# Then the message is sent without a check: Twilio checks too.
CHECK_SECONDS = 1.0
opted_out: TtlCache[str, frozenset[str] | None] = TtlCache(seconds=10)


def keyword_of(fields: Mapping[str, str]) -> Keyword | None:
    """Return the keyword of an inbound message: Twilio's OptOutType, else the body, or None."""
    return WORDS.get(fields.get("OptOutType", "").upper()) or WORDS.get(fields.get("Body", "").strip().upper())


async def record(keyword: Keyword, fields: Mapping[str, str]) -> None:
    """Record an opt-out (STOP) or remove it (START). If storage is unavailable, Twilio's own list still applies."""
    recipient = key(fields.get("From", ""))
    for sender in {key(fields.get("To", "")), key(fields.get("MessagingServiceSid", ""))} - {""}:
        try:
            if keyword == "STOP":
                await upsert(OPT_OUTS, {"PartitionKey": sender, "RowKey": recipient, "since": rfc3339(now())})
            elif keyword == "START":
                await delete(OPT_OUTS, sender, recipient)
        except StorageUnavailable:
            log.error("an opt-out or opt-in could not be recorded: storage is unavailable")
        opted_out.forget(sender)


async def check(recipient: str, sender: str) -> None:
    """Raise RecipientOptedOut if `recipient` opted out of messages from `sender`."""
    try:
        with time_limit(CHECK_SECONDS):
            found = await has_opted_out(key(recipient), key(sender))
    except StorageUnavailable:
        log.error("opt-outs could not be checked: storage is unavailable; Twilio's own list applies")
        return
    if found:
        raise failure_for(OPTED_OUT, TWILIO_MESSAGE, 400)


async def has_opted_out(recipient: str, sender: str) -> bool:
    """Return whether an opt-out is recorded; raises StorageUnavailable."""
    recipients = await opted_out.get(sender, lambda: read_opted_out(sender))
    if recipients is None:
        return await get(OPT_OUTS, sender, recipient) is not None
    return recipient in recipients


async def read_opted_out(sender: str) -> frozenset[str] | None:
    """Return all recipients who opted out of messages from `sender`, or None if they are too many to cache."""
    found = await read_partition(OPT_OUTS, sender, ["RowKey"], MAX_CACHED + 1)
    return frozenset(row["RowKey"] for row in found) if len(found) <= MAX_CACHED else None


def key(address: str) -> str:
    """Return a number or SID as a table key: without `+`, which would need escaping in the request's URL."""
    return "".join(character for character in address if character.isalnum())[:64]

"""Who wants no texts from us: noted when a text says so, and looked at before each send.

Twilio refuses them as well (21610); we do so before it is asked, in its words. An opt-out holds between one recipient
and one sender, a number or a Messaging Service. https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Literal

from shared.clock import now, rfc3339
from shared.errors import StorageUnavailable
from shared.storage.tables import OPT_OUTS, delete, get, read_partition, upsert
from shared.twilio.error_codes import OPTED_OUT, failure_for

log = logging.getLogger(__name__)

Keyword = Literal["STOP", "START", "HELP"]

# https://help.twilio.com/articles/223134027 lists the words of which Twilio takes notice; they are whole texts.
WORDS: dict[str, Keyword] = {
    **dict.fromkeys(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), "STOP"),
    **dict.fromkeys(("START", "YES", "UNSTOP"), "START"),
    **dict.fromkeys(("HELP", "INFO"), "HELP"),
}
TWILIOS_WORDS = "Attempt to send to unsubscribed recipient"

# A sender's opt-outs are read at once and remembered, so that a send waits for no storage; an opt-out that another
# instance has noted counts here that much later (at Twilio at once). Where there are more, each is looked up.
REMEMBERED_SECONDS = 10.0
MOST_REMEMBERED = 1000

remembered: dict[str, tuple[float, frozenset[str] | None]] = {}


def keyword_of(fields: Mapping[str, str]) -> Keyword | None:
    """Return what a text asks for: what Twilio says it does (OptOutType), else by its words."""
    told = fields.get("OptOutType", "").upper()
    return WORDS.get(told) or WORDS.get(fields.get("Body", "").strip().upper())


async def note(keyword: Keyword, fields: Mapping[str, str]) -> None:
    """Note an opt-out, or lift it. Where storage is out of reach Twilio's own list still holds."""
    recipient = key(fields.get("From", ""))
    for sender in {key(fields.get("To", "")), key(fields.get("MessagingServiceSid", ""))} - {""}:
        try:
            if keyword == "STOP":
                await upsert(OPT_OUTS, {"PartitionKey": sender, "RowKey": recipient, "since": rfc3339(now())})
            elif keyword == "START":
                await delete(OPT_OUTS, sender, recipient)
        except StorageUnavailable:
            log.error("an opt-out or opt-in could not be noted")
        remembered.pop(sender, None)


async def check(recipient: str, sender: str) -> None:
    """Raise RecipientOptedOut when `recipient` wants no texts from `sender`, in Twilio's words."""
    try:
        opted_out = await has_opted_out(key(recipient), key(sender))
    except StorageUnavailable:
        log.error("opt-outs could not be looked at; Twilio's own list decides")
        return
    if opted_out:
        raise failure_for(OPTED_OUT, TWILIOS_WORDS, 400)


async def has_opted_out(recipient: str, sender: str) -> bool:
    """Tell whether an opt-out is noted; raises StorageUnavailable."""
    read, recipients = remembered.get(sender, (float("-inf"), None))
    if read < time.monotonic() - REMEMBERED_SECONDS:
        found = await read_partition(OPT_OUTS, sender, ["RowKey"], MOST_REMEMBERED + 1)
        recipients = frozenset(row["RowKey"] for row in found) if len(found) <= MOST_REMEMBERED else None
        remembered[sender] = (time.monotonic(), recipients)
    if recipients is None:
        return await get(OPT_OUTS, sender, recipient) is not None
    return recipient in recipients


def key(address: str) -> str:
    """Return a number or SID as a key of the table: `+` is left out, since it does not travel well in addresses."""
    return "".join(character for character in address if character.isalnum())[:64]

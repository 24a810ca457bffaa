"""An event of a call or message, and its name, which is its identity.

An event that arrives twice, or late, has the same name and can be merged into its row again without harm; the last
copy's time of receipt is kept. Nothing needs to be read first, and the order does not matter.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import msgspec

from shared.clock import now, rfc3339

# An event is one property of its row:
# https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
LONGEST_PROPERTY = 65_536  # bytes of UTF-16
LONGEST_FIELD = 1000
MOST_FIELDS = 25

# The caller has pressed keys or said something.
GATHERED = "gathered"

# Fields that every callback repeats, or that the row contains already.
REPEATED = frozenset(
    (
        "AccountSid",
        "ApiVersion",
        "CallSid",
        "CallStatus",
        "CallDuration",
        "CallbackSource",
        "Called",
        "Caller",
        "Direction",
        "ErrorCode",
        "From",
        "MessageSid",
        "MessageStatus",
        "SequenceNumber",
        "SmsMessageSid",
        "SmsSid",
        "SmsStatus",
        "Timestamp",
        "To",
    )
)
# What was said or written, and tokens: never stored in the log.
PRIVATE = frozenset(
    (
        "Address",
        "Body",
        "ButtonPayload",
        "ButtonText",
        "CallToken",
        "Label",
        "Latitude",
        "Longitude",
        "ProfileName",
        "SpeechResult",
        "StableSpeechResult",
        "TranscriptionData",
        "TranscriptionText",
        "UnstableSpeechResult",
    )
)


class Event(msgspec.Struct, omit_defaults=True, frozen=True):
    """One event as it is stored, as JSON.

    created     the app's own first event, with Twilio's answer to the send; all others are callbacks
    status      Twilio's status of the call or message
    what        what else happened, in words: "dial busy"
    at          Twilio's time, RFC 3339 in UTC, if it sent one
    received    the time of receipt, RFC 3339 in UTC
    sequence    Twilio's number of a call's event, from 0; -1 if it sent none
    duration    seconds
    settled_as  the SID that an unknown outcome turned out to have
    fields      all other fields that Twilio sent
    """

    created: bool = False
    status: str = ""
    what: str = ""
    at: str = ""
    received: str = ""
    sequence: int = -1
    to: str = ""
    from_: str = msgspec.field(default="", name="from")
    direction: str = ""
    duration: int | None = None
    segments: int | None = None
    error_code: int | None = None
    settled_as: str = ""
    fields: dict[str, str] = {}


ENCODER = msgspec.json.Encoder()
DECODER = msgspec.json.Decoder(Event)


def to_json(event: Event) -> str:
    """Return an event as it is stored; without its `fields` if it is too long for a property."""
    text = ENCODER.encode(event).decode()
    if len(text.encode("utf-16-le")) <= LONGEST_PROPERTY or not event.fields:
        return text
    return to_json(msgspec.structs.replace(event, fields={}))


def from_json(text: str) -> Event:
    """Return a stored event."""
    return DECODER.decode(text)


def event_of(form: Mapping[str, str]) -> Event:
    """Return the event that a callback reports: a new status, or something else (`what_happened`)."""
    form = {name[:LONGEST_FIELD]: value[:LONGEST_FIELD] for name, value in form.items()}
    more = {name: value for name, value in form.items() if value and name not in REPEATED | PRIVATE}
    if re.fullmatch(r"[0-9*#]{2,}", more.get("Digits", "")):
        # One key is a choice in a menu; more may be a card number or a PIN.
        more["Digits"] = f"{len(more['Digits'])} keys"
    what = what_happened(form)
    status = form.get("CallStatus") or form.get("MessageStatus") or form.get("SmsStatus") or ""
    sequence = None if what else as_number(form.get("SequenceNumber"))
    return Event(
        status="" if what else status,
        what=what,
        at=twilio_time(form.get("Timestamp", "")),
        received=rfc3339(now()),
        sequence=-1 if sequence is None else sequence,
        to=form.get("To", ""),
        from_=form.get("From", ""),
        direction=form.get("Direction", ""),
        duration=None if what else as_number(form.get("CallDuration")),
        error_code=as_number(form.get("ErrorCode")),
        fields=dict(list(more.items())[:MOST_FIELDS]),
    )


def arrival_of(form: Mapping[str, str]) -> Event:
    """Return the first event of an inbound call or message."""
    return msgspec.structs.replace(
        event_of(form),
        created=True,
        status=form.get("CallStatus") or "received",
        what="",
        sequence=-1,
        direction="inbound",
        segments=as_number(form.get("NumSegments")),
    )


def what_happened(form: Mapping[str, str]) -> str:
    """Return in words what a callback reports instead of a status, or "" if it reports a status.

    https://www.twilio.com/docs/voice/twiml lists the callbacks' fields for each verb.
    """
    for field, words in (
        ("RecordingStatus", "recording"),
        ("TranscriptionStatus", "transcription"),
        ("DialCallStatus", "dial"),
        ("QueueResult", "queue"),
    ):
        if form.get(field):
            return f"{words} {form[field]}"
    if form.get("ConferenceSid"):
        return f"conference {form.get('StatusCallbackEvent') or 'event'}"
    if form.get("AnsweredBy") and form.get("MachineDetectionDuration") and "SequenceNumber" not in form:
        return f"answered by {form['AnsweredBy']}"
    if "Digits" in form or "SpeechResult" in form:
        return GATHERED if "RecordingUrl" not in form else "recorded"
    return ""


def name_of(event: Event) -> str:
    """Return the event's name: its sequence number (calls), its status (messages), else a hash of its content.

    The app's own first event has a name that no callback has, whatever its status.

    A table's property names consist of letters, digits and underscores, so any other character of a status is written
    as `_`, and a hash distinguishes such statuses.
    """
    if event.created:
        return "event_created"
    if event.sequence >= 0:
        return f"event_{event.sequence:04d}"
    if event.what or not event.status:
        # The result of a Gather has neither a time nor a SID, and a caller may press the same key twice.
        content = event if event.what == GATHERED else msgspec.structs.replace(event, received="")
        return f"event_{hashlib.sha256(ENCODER.encode(content)).hexdigest()[:16]}"
    name = re.sub(r"\W", "_", event.status, flags=re.ASCII)[:64]
    if name != event.status.replace("-", "_"):
        name += "_" + hashlib.sha256(event.status.encode()).hexdigest()[:8]
    return f"event_status_{name}"


def as_number(text: str | None) -> int | None:
    """Return the number in a callback's field; None if it is not a number, or has ten digits or more."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None


def twilio_time(text: str) -> str:
    """Return Twilio's RFC 2822 time as RFC 3339 in UTC; "" if it is not a time."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return ""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""An event of a call, message or conference, and its name, which is a hash of its content.

An event that arrives twice, or late, has the same name and can be merged into its row again without harm; the last
copy's time of receipt is kept. An event of different content has another name, so neither overwrites the other, and
the reader decides which counts (shared/activity/state.py). Nothing needs to be read first, and the order does not
matter.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from shared.clock import now, rfc3339
from shared.phone_numbers import without_parameters

# An event is one property of its row:
# https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
LONGEST_PROPERTY = 65_536  # bytes of UTF-16
LONGEST_FIELD = 1000
MOST_FIELDS = 25

# The caller has pressed keys or said something.
GATHERED = "gathered"

# Twilio's documented fields that an event keeps. Any other may contain what was said, written or typed, or a token, so
# none is stored until it is listed here.
# https://www.twilio.com/docs/voice/twiml#request-parameters
# https://www.twilio.com/docs/voice/api/call-resource#statuscallback
# https://www.twilio.com/docs/voice/twiml/conference#statuscallback
# https://www.twilio.com/docs/messaging/guides/webhook-request
DOCUMENTED = """
    AnsweredBy MachineDetectionDuration ForwardedFrom ParentCallSid SipResponseCode SipCallId SipDomain StirVerstat
    FromCity FromState FromZip FromCountry ToCity ToState ToZip ToCountry
    Duration BridgedTo DialCallStatus DialCallSid DialCallDuration DialBridged DialSipResponseCode HangupCause
    Digits FinishedOnKey Confidence Language
    RecordingSid RecordingUrl RecordingStatus RecordingDuration RecordingChannels RecordingStartTime RecordingSource
    RecordingTrack RecordingFileSize
    TranscriptionSid TranscriptionStatus TranscriptionType TranscriptionUrl TranscriptionEvent TranscriptionEngine
    TranscriptionError TranscriptionErrorCode LanguageCode Track SpeechModel
    StreamSid StreamName StreamEvent StreamError StreamErrorCode
    SiprecSid SiprecName SiprecEvent SiprecError SiprecErrorCode
    ConferenceSid FriendlyName StatusCallbackEvent Muted Hold Coaching EndConferenceOnExit StartConferenceOnEnter
    CallSidToCoach CallSidEndingConference ReasonConferenceEnded Reason ReasonParticipantLeft ParticipantCallStatus
    ReasonAnnouncementFailed
    QueueSid QueueResult QueueTime QueuePosition AvgQueueTime CurrentQueueSize MaxQueueSize DequeingCallSid
    ReferCallStatus ReferSipResponseCode NotifySipResponseCode
    SessionId SessionStatus SessionDuration VirtualAgentStatus VirtualAgentErrorCode VirtualAgentProvider
    VerificationStatus OutgoingCallerIdSid
    MessagingServiceSid NumMedia NumSegments OptOutType RawDlrDoneDate ErrorMessage EventType
    ChannelInstallSid ChannelPrefix ChannelStatusCode
"""
NUMBERED = ("MediaUrl", "MediaContentType")
KEPT = frozenset([*DOCUMENTED.split(), *(f"{name}{number}" for name in NUMBERED for number in range(10))])
# Conferences that have begun or ended, in the words of https://www.twilio.com/docs/voice/api/conference-resource.
CONFERENCE_STATUSES = {"conference-start": "in-progress", "conference-end": "completed"}
WAITING = "queue position"


class Event(msgspec.Struct, omit_defaults=True, frozen=True):
    """One event as it is stored, as JSON.

    created     the app's own first event, with Twilio's answer to the send; all others are callbacks
    status      Twilio's status of the call, message or conference
    settled     the status is Twilio's answer to the app's question, because no callback had brought a final one
    what        what else happened, in words: "dial busy"
    at          Twilio's time, RFC 3339 in UTC, if it sent one
    received    the time of receipt, RFC 3339 in UTC
    sequence    Twilio's number of the event, from 0; -1 if it sent none
    series      what the number counts: the SID of a conference, transcription or stream; "" for a call's status
    duration    seconds
    settled_as  the SID that an unknown outcome turned out to have
    fields      the other fields that Twilio sent and that are in KEPT
    """

    created: bool = False
    status: str = ""
    settled: bool = False
    what: str = ""
    at: str = ""
    received: str = ""
    sequence: int = -1
    series: str = ""
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


def event_of(form: Mapping[str, str], kind: str = "call") -> Event:
    """Return the event that a callback reports: a new status, or something else (`what_happened`)."""
    form = {name: value[:LONGEST_FIELD] for name, value in form.items()}
    kept = {name: value for name, value in form.items() if value and name in KEPT}
    if re.fullmatch(r"[0-9*#A-D]{2,}", kept.get("Digits", "")):
        # One key is a choice in a menu; more may be a card number or a PIN.
        kept["Digits"] = f"{len(kept['Digits'])} keys"
    what = what_happened(form)
    if what.startswith(WAITING):
        # Twilio asks for music again and again: one event for each position.
        kept = {"QueueSid": form.get("QueueSid", "")}
    status = form.get("CallStatus") or form.get("MessageStatus") or form.get("SmsStatus") or ""
    if kind == "conference":
        status = CONFERENCE_STATUSES.get(form.get("StatusCallbackEvent", ""), "")
        what = "" if status else what
        if form.get("CallSid"):
            kept["CallSid"] = form["CallSid"]
    series = series_of(form)
    sequence = None if what and not series else as_number(form.get("SequenceNumber") or form.get("SequenceId"))
    return Event(
        status="" if what else status,
        what=what,
        at=twilio_time(form.get("Timestamp", "")),
        received=rfc3339(now()),
        sequence=-1 if sequence is None else sequence,
        series=series,
        to=without_parameters(form.get("To", "")),
        from_=form.get("From", ""),
        direction=form.get("Direction", ""),
        duration=None if what else as_number(form.get("CallDuration")),
        error_code=as_number(form.get("ErrorCode")),
        fields=dict(list(kept.items())[:MOST_FIELDS]),
    )


def series_of(form: Mapping[str, str]) -> str:
    """Return the SID of what numbers or dates its own events: a conference, a transcription, a stream."""
    for event, sid in (
        ("StatusCallbackEvent", "ConferenceSid"),
        ("TranscriptionEvent", "TranscriptionSid"),
        ("StreamEvent", "StreamSid"),
        ("SiprecEvent", "SiprecSid"),
    ):
        if form.get(event) and form.get(sid):
            return form[sid]
    return ""


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
        ("TranscriptionEvent", ""),
        ("StreamEvent", ""),
        ("SiprecEvent", ""),
        ("RecordingStatus", "recording "),
        ("TranscriptionStatus", "transcription "),
        ("DialCallStatus", "dial "),
        ("QueueResult", "queue "),
        ("ReferCallStatus", "refer "),
        ("SessionStatus", "session "),
        ("VirtualAgentStatus", "virtual agent "),
    ):
        if form.get(field):
            return f"{words}{form[field]}"
    if form.get("ConferenceSid") and form.get("StatusCallbackEvent"):
        return f"conference {form['StatusCallbackEvent']}"
    if form.get("DequeingCallSid"):
        return "queue connected"
    if form.get("QueuePosition"):
        return f"{WAITING} {form['QueuePosition']}"
    if form.get("AnsweredBy") and form.get("MachineDetectionDuration") and "SequenceNumber" not in form:
        return f"answered by {form['AnsweredBy']}"
    if "Digits" in form or "SpeechResult" in form:
        return GATHERED if "RecordingUrl" not in form else "recorded"
    return ""


def name_of(event: Event) -> str:
    """Return the event's name, a hash of its content: letters and digits, as a table's property names are.

    The time of receipt is no part of it, so that a callback that arrives again has the same name. The result of a
    Gather has neither a time nor a SID, and a caller may press the same key twice, so there the receipt counts.
    """
    content = event if event.what == GATHERED else msgspec.structs.replace(event, received="")
    return f"event_{hashlib.sha256(ENCODER.encode(content)).hexdigest()[:16]}"


def as_number(text: str | None) -> int | None:
    """Return the number in a callback's field; None if it is not a number, or has ten digits or more."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None


def twilio_time(text: str) -> str:
    """Return Twilio's time, ISO 8601 or RFC 2822, as RFC 3339 in UTC; "" if it is not a time."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, TypeError, OverflowError):
            continue
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return ""

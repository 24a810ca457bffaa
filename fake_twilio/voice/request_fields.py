"""The status callbacks of calls and texts, with the form fields that Twilio sends.

https://www.twilio.com/docs/voice/api/call-resource#statuscallback
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
"""

import math

from .call import Call
from .exchange import Exchange
from .formats import now, rfc2822
from .message import Message
from .recording import Recording
from .webhook import Webhook

Fields = tuple[tuple[str, str], ...]
"""Parameters of a request, in their order."""

SIP_RESPONSES = {"completed": "200", "busy": "486", "no-answer": "487", "canceled": "487", "failed": "404"}


def place_fields(side: str, number: str) -> Fields:
    """Where a number is at home; all but the country is blank, as it mostly is."""
    country = "US" if number.startswith("+1") else ""
    return (*((side + place, "") for place in ("City", "State", "Zip")), (f"{side}Country", country))


def call_fields(call: Call) -> list[tuple[str, str]]:
    """What every request about a call says."""
    fields = [
        ("CallSid", call.sid),
        ("AccountSid", call.account_sid),
        ("From", call.from_),
        ("To", call.to),
        ("Caller", call.from_),
        ("Called", call.to),
        ("CallStatus", call.status),
        ("ApiVersion", "2010-04-01"),
        ("Direction", call.direction),
    ]
    for side, number in (("From", call.from_), ("To", call.to), ("Caller", call.from_), ("Called", call.to)):
        fields += place_fields(side, number)
    if call.parent_call_sid:
        fields.append(("ParentCallSid", call.parent_call_sid))
    if call.token:
        fields += [("CallToken", call.token), ("StirVerstat", "TN-Validation-Passed-A")]
    if call.answered_by:
        fields.append(("AnsweredBy", call.answered_by))
    return fields


def post_call_event(exchange: Exchange, call: Call, event: str) -> None:
    """Tell the app of `initiated`, `ringing`, `answered` or `completed`, if it has asked for it."""
    url = call.parameters.get("StatusCallback")
    events = [value.lower() for value in call.parameters.all("StatusCallbackEvent")] or ["completed"]
    if not url or event not in events:
        return
    fields = call_fields(call)
    if event == "completed":
        seconds = call.duration or 0
        fields += [
            ("CallDuration", str(seconds)),
            ("Duration", str(math.ceil(seconds / 60))),
            ("SipResponseCode", SIP_RESPONSES[call.status]),
        ]
        if call.recording:
            fields += recording_fields(exchange, call.recording)
    fields += [
        ("Timestamp", rfc2822(now()) or ""),
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", str(call.sequence)),
    ]
    call.sequence += 1
    method = call.parameters.get("StatusCallbackMethod").upper() or "POST"
    webhook = Webhook(call.sid, "status", call.status, url, method, tuple(fields))
    exchange.sender.post(webhook, call.number, last=event == "completed")


def recording_fields(exchange: Exchange, recording: Recording) -> Fields:
    """Where a recording is."""
    duration = recording.duration
    return (
        ("RecordingUrl", exchange.base_url + recording.path),
        ("RecordingSid", recording.sid),
        *((("RecordingDuration", str(duration)),) if duration else ()),
    )


def post_machine_detection(exchange: Exchange, call: Call) -> None:
    """Tell the app who answered, if it has asked to be told beside the call."""
    url = call.parameters.get("AsyncAmdStatusCallback")
    if not url:
        return
    fields = (
        ("CallSid", call.sid),
        ("AccountSid", call.account_sid),
        ("AnsweredBy", call.answered_by or "unknown"),
        ("MachineDetectionDuration", "0"),
    )
    method = call.parameters.get("AsyncAmdStatusCallbackMethod").upper() or "POST"
    exchange.sender.post(Webhook(call.sid, "status", "machine detection", url, method, fields), call.number)


def post_message_status(exchange: Exchange, message: Message) -> None:
    """Tell the app of a text's new status."""
    url = message.parameters.get("StatusCallback")
    if not url:
        return
    fields = [
        ("SmsSid", message.sid),
        ("SmsStatus", message.status),
        ("MessageStatus", message.status),
        ("To", message.to),
        ("MessageSid", message.sid),
        ("AccountSid", message.account_sid),
        ("From", message.from_ or ""),
        ("ApiVersion", "2010-04-01"),
    ]
    if message.messaging_service_sid:
        fields.append(("MessagingServiceSid", message.messaging_service_sid))
    if message.error_code:
        fields.append(("ErrorCode", str(message.error_code)))
    if message.status in ("delivered", "undelivered"):
        fields.append(("RawDlrDoneDate", now().strftime("%y%m%d%H%M")))
    method = message.parameters.get("StatusCallbackMethod").upper() or "POST"
    exchange.sender.post(
        Webhook(message.sid, "status", message.status, url, method, tuple(fields)), message.number, last=message.over
    )

"""The status callbacks of calls and texts, with the form fields that Twilio sends.

https://www.twilio.com/docs/voice/api/call-resource#statuscallback
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
"""

import math

from .call import Call
from .exchange import Exchange
from .formats import now, rfc2822
from .message import Message
from .webhook import Webhook

SIP_RESPONSES = {"completed": "200", "busy": "486", "no-answer": "487", "canceled": "487", "failed": "404"}


def call_fields(call: Call) -> list[tuple[str, str]]:
    """What every request about a call says; the places are blank, as they mostly are."""
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
        fields += [(side + place, "") for place in ("City", "State", "Zip")]
        fields.append((f"{side}Country", "US" if number.startswith("+1") else ""))
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
        if call.recording_sid:
            fields += recording_fields(exchange, call)
    fields += [
        ("Timestamp", rfc2822(now()) or ""),
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", str(call.sequence)),
    ]
    call.sequence += 1
    method = call.parameters.get("StatusCallbackMethod").upper() or "POST"
    webhook = Webhook(call.sid, "status", call.status, url, method, tuple(fields))
    exchange.post(webhook, call.number, last=event == "completed")


def recording_fields(exchange: Exchange, call: Call) -> list[tuple[str, str]]:
    """Where the recording of a call is."""
    path = f"/2010-04-01/Accounts/{call.account_sid}/Recordings/{call.recording_sid}"
    return [
        ("RecordingUrl", exchange.base_url + path),
        ("RecordingSid", call.recording_sid or ""),
        ("RecordingDuration", str(call.duration or 0)),
    ]


def post_recording(exchange: Exchange, call: Call) -> None:
    """Tell the app that a recording can be fetched, if it has asked for that."""
    url = call.parameters.get("RecordingStatusCallback")
    events = [value.lower() for value in call.parameters.all("RecordingStatusCallbackEvent")] or ["completed"]
    if not url or not call.recording_sid or "completed" not in events:
        return
    fields = [
        ("AccountSid", call.account_sid),
        ("CallSid", call.sid),
        *recording_fields(exchange, call),
        ("RecordingStatus", "completed"),
        ("RecordingChannels", "2" if call.parameters.get("RecordingChannels").lower() == "dual" else "1"),
        ("RecordingStartTime", rfc2822(call.answered) or ""),
        ("RecordingSource", "OutboundAPI"),
        ("ErrorCode", "0"),
    ]
    method = call.parameters.get("RecordingStatusCallbackMethod").upper() or "POST"
    exchange.post(Webhook(call.sid, "status", "recording completed", url, method, tuple(fields)), call.number)


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
    exchange.post(Webhook(call.sid, "status", "machine detection", url, method, fields), call.number)


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
    exchange.post(
        Webhook(message.sid, "status", message.status, url, "POST", tuple(fields)), message.number, last=message.over
    )

"""Changes of a call's status, and their callbacks."""

import math

from fake_twilio.dates import now, rfc2822
from fake_twilio.model.call import Call
from fake_twilio.simulator import Simulator
from fake_twilio.voice.request_fields import call_fields, recording_fields
from fake_twilio.webhooks.webhook import Webhook

SIP_RESPONSES = {"completed": "200", "busy": "486", "no-answer": "487", "canceled": "487", "failed": "404"}


def become(simulator: Simulator, call: Call, status: str) -> None:
    """Change the status."""
    call.status = status
    call.updated = now()
    simulator.changes.tell()


def pick_up(simulator: Simulator, call: Call) -> None:
    """Answer the call, unless it was answered."""
    if call.answered:
        return
    call.answered = now()
    become(simulator, call, "in-progress")
    post_call_event(simulator, call, "answered")


def detect_machine(simulator: Simulator, call: Call) -> None:
    """Report that a person has answered; there are no machines here."""
    if call.parameters.get("MachineDetection") and not call.parameters.get("SendDigits"):
        call.answered_by = "human"
        if call.parameters.get("AsyncAmd").lower() == "true":
            post_machine_detection(simulator, call)


def finish(simulator: Simulator, call: Call, status: str) -> None:
    """End the call with its final status; the event is always `completed`."""
    line = call.line
    for tap in line.taps:
        tap.stop()
    if call.line.recording:
        call.line.recording.end()
    line.taps, line.call_input, line.waiting_for = [], None, None
    call.ended = now()
    become(simulator, call, status)
    post_call_event(simulator, call, "completed")
    for request in line.after_hangup:
        request()
    line.after_hangup = []


def post_call_event(simulator: Simulator, call: Call, event: str) -> None:
    """Send the callback `initiated`, `ringing`, `answered` or `completed`, if the app asked for it."""
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
        if call.line.recording:
            fields += recording_fields(simulator, call.line.recording)
    fields += [
        ("Timestamp", rfc2822(now()) or ""),
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", str(call.control.sequence)),
    ]
    call.control.sequence += 1
    method = call.parameters.get("StatusCallbackMethod").upper() or "POST"
    webhook = Webhook(call.sid, "status", call.status, url, method, tuple(fields))
    simulator.sender.post(webhook, call.number, last=event == "completed")


def post_machine_detection(simulator: Simulator, call: Call) -> None:
    """Send the asynchronous callback of machine detection, if the app asked for it."""
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
    simulator.sender.post(Webhook(call.sid, "status", "machine detection", url, method, fields), call.number)

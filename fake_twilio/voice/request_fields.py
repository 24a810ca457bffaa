"""Parameters that Twilio sends about calls and recordings.

https://www.twilio.com/docs/voice/api/call-resource#statuscallback
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
"""

from fake_twilio.model.call import Call
from fake_twilio.model.recording import Recording
from fake_twilio.simulator import Simulator
from fake_twilio.webhooks.fields import Fields, place_fields


def call_fields(call: Call) -> list[tuple[str, str]]:
    """Return the parameters of every request about a call."""
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


def recording_fields(simulator: Simulator, recording: Recording) -> Fields:
    """Return the parameters about a recording."""
    duration = recording.duration
    return (
        ("RecordingUrl", simulator.base_url + recording.path),
        ("RecordingSid", recording.sid),
        *((("RecordingDuration", str(duration)),) if duration else ()),
    )

"""Status callbacks of recordings (https://www.twilio.com/docs/voice/twiml/record#recordingstatuscallback)."""

from uuid import uuid4

from fake_twilio.dates import rfc2822
from fake_twilio.model.call import Call
from fake_twilio.model.recording import Recording
from fake_twilio.simulator import Simulator
from fake_twilio.voice.request_fields import call_fields, recording_fields
from fake_twilio.webhooks.callback_settings import CallbackSettings
from fake_twilio.webhooks.fields import Fields
from fake_twilio.webhooks.webhook import Webhook


def post_recording(simulator: Simulator, call: Call, recording: Recording, callback: CallbackSettings) -> None:
    """Report that a recording has started or is complete, if the app asked for that event."""
    if not callback.wants(recording.status):
        return
    subject = ("ConferenceSid", recording.conference_sid) if recording.conference_sid else ("CallSid", call.sid)
    fields = (
        ("AccountSid", call.account_sid),
        subject,
        *recording_fields(simulator, recording),
        ("RecordingStatus", recording.status),
        ("RecordingChannels", str(recording.channels)),
        ("RecordingStartTime", rfc2822(recording.started) or ""),
        ("RecordingSource", recording.source),
        ("RecordingTrack", "both"),
        ("ErrorCode", "0"),
    )
    event = f"recording {recording.status}"
    simulator.sender.post(Webhook(call.sid, "status", event, callback.url, callback.method, fields), call.number)


def post_call_recording(simulator: Simulator, call: Call) -> None:
    """Report the recording that the create of the call asked for."""
    if call.line.recording:
        callback = CallbackSettings.of(call.parameters, "RecordingStatusCallback", "completed")
        post_recording(simulator, call, call.line.recording, callback)


def post_transcription(simulator: Simulator, call: Call, recording: Recording, url: str) -> None:
    """Report a transcription: the words typed as speech; without any, it has failed."""
    sid = f"TR{uuid4().hex}"
    base = f"{simulator.base_url}/2010-04-01/Accounts/{call.account_sid}"
    said: Fields = (("TranscriptionText", " ".join(recording.words)),) if recording.words else ()
    fields = (
        *call_fields(call),
        ("TranscriptionSid", sid),
        *said,
        ("TranscriptionStatus", "completed" if recording.words else "failed"),
        ("TranscriptionType", "fast"),
        ("TranscriptionUrl", f"{base}/Recordings/{recording.sid}/Transcriptions/{sid}"),
        ("RecordingSid", recording.sid),
        ("RecordingUrl", simulator.base_url + recording.path),
    )
    simulator.sender.post(Webhook(call.sid, "status", "transcription", url, "POST", fields), call.number)

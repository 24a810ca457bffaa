"""What the app is told of recordings (https://www.twilio.com/docs/voice/twiml/record#recordingstatuscallback)."""

from uuid import uuid4

from .call import Call
from .callback import Callback
from .callbacks import Fields, call_fields, recording_fields
from .exchange import Exchange
from .formats import rfc2822
from .recording import Recording
from .webhook import Webhook


def post_recording(exchange: Exchange, call: Call, recording: Recording, callback: Callback) -> None:
    """Tell the app that a recording has begun, or can be fetched, if it has asked for that."""
    if not callback.wants(recording.status):
        return
    conference = (("ConferenceSid", recording.conference_sid),) if recording.conference_sid else ()
    fields = (
        ("AccountSid", call.account_sid),
        ("CallSid", call.sid),
        *conference,
        *recording_fields(exchange, recording),
        ("RecordingStatus", recording.status),
        ("RecordingChannels", str(recording.channels)),
        ("RecordingStartTime", rfc2822(recording.started) or ""),
        ("RecordingSource", recording.source),
        ("RecordingTrack", "both"),
        ("ErrorCode", "0"),
    )
    event = f"recording {recording.status}"
    exchange.sender.post(Webhook(call.sid, "status", event, callback.url, callback.method, fields), call.number)


def post_call_recording(exchange: Exchange, call: Call) -> None:
    """Tell the app of the recording that it asked for when it placed the call."""
    if call.recording:
        callback = Callback.of(call.parameters, "RecordingStatusCallback", "completed")
        post_recording(exchange, call, call.recording, callback)


def post_transcription(exchange: Exchange, call: Call, recording: Recording, url: str) -> None:
    """Tell the app what was said: the words that were typed on the phone. Where there are none, it failed."""
    sid = f"TR{uuid4().hex}"
    base = f"{exchange.base_url}/2010-04-01/Accounts/{call.account_sid}"
    said: Fields = (("TranscriptionText", " ".join(recording.words)),) if recording.words else ()
    fields = (
        *call_fields(call),
        ("TranscriptionSid", sid),
        *said,
        ("TranscriptionStatus", "completed" if recording.words else "failed"),
        ("TranscriptionType", "fast"),
        ("TranscriptionUrl", f"{base}/Recordings/{recording.sid}/Transcriptions/{sid}"),
        ("RecordingSid", recording.sid),
        ("RecordingUrl", exchange.base_url + recording.path),
    )
    exchange.sender.post(Webhook(call.sid, "status", "transcription", url, "POST", fields), call.number)

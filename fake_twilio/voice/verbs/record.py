"""Record (https://www.twilio.com/docs/voice/twiml/record)."""

import asyncio
from xml.etree.ElementTree import Element

from fake_twilio.dates import now
from fake_twilio.model.call_input import SILENCE, CallInput
from fake_twilio.model.recording import Recording
from fake_twilio.twiml.source import Source
from fake_twilio.voice.recording_callbacks import post_recording, post_transcription
from fake_twilio.voice.request_fields import recording_fields
from fake_twilio.voice.session import HangUp, Session
from fake_twilio.voice.verbs.attributes import flag, whole_number
from fake_twilio.webhooks.fields import Fields

ANY_KEY = "1234567890*#"


async def record(session: Session, element: Element) -> Source | None:
    """Record until a key, the maximum length, or a hang-up. A transcription has the words typed as speech."""
    transcribe = flag(element, "transcribe")
    if element.get("transcribeCallback") and not transcribe:
        session.fault(None, "Record: transcribeCallback is ignored without transcribe='true'")
    longest = whole_number(element, "maxLength", 120 if transcribe else 3600) or 3600
    keys = element.get("finishOnKey", ANY_KEY)
    beep = flag(element, "playBeep", True)
    waiting_for = {"verb": "Record", "max_length": longest, "finish_on_key": keys, "beep": beep}
    detail = "the emulator records a tone; silence does not end it"
    recording = Recording(session.call.account_sid, session.call.sid, "RecordVerb")
    callback = session.callback(element, "recordingStatusCallback", "completed")
    digits: str | None = ""
    with session.step("Record", detail=detail, length=None) as step:
        session.simulator.keep_recording(session.call, recording)
        post_recording(session.simulator, session.call, recording, callback)
        try:
            with session.listening(CallInput("" if keys == "-1" else keys, words=True), waiting_for) as call_input:
                digits = await listen(session, call_input, recording, longest)
        except asyncio.CancelledError:
            digits = "hangup"
            raise
        finally:
            recording.end()
            recording.absent = digits is None and not recording.words
            step.about["length"] = recording.duration
            post_recording(session.simulator, session.call, recording, callback)
            if recording.absent:
                session.simulator.drop_recording(recording)
            elif transcribe:
                transcribe_to = session.callback(element, "transcribeCallback", "completed")
                if transcribe_to.url:
                    post_transcription(session.simulator, session.call, recording, transcribe_to.url)
            fields = (*recording_fields(session.simulator, recording), ("Digits", digits or ""))
            if digits == "hangup":
                session.request_after_hangup(lambda: next_document(session, element, fields))
    # As at Twilio, an empty recording requests no action: the next verb runs.
    return None if recording.absent else next_document(session, element, fields)


async def listen(session: Session, call_input: CallInput, recording: Recording, longest: int) -> str | None:
    """Wait for the key that ends the recording; return None after silence, "" after the maximum length."""
    while True:
        passed = (now() - recording.started).total_seconds()
        heard = await session.listen(call_input, max(0.0, longest - passed / (session.simulator.pace.factor or 1.0)))
        if heard is None or heard == SILENCE:
            return None if heard else ""
        if heard.key:
            return heard.key
        recording.words.append(heard.words)


def next_document(session: Session, element: Element, fields: Fields) -> Source | None:
    """Return the action; without one, the running document again."""
    if not element.get("action", "").strip():
        if not session.document_url:
            session.fault(
                None, "Record: no action, and the document came with the call: there is no address for the recording"
            )
            raise HangUp
        return session.source(session.document_url, element.get("method", "POST"), fields)
    return session.action(element, fields)

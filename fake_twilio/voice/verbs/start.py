"""Start (https://www.twilio.com/docs/voice/twiml/start)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from uuid import uuid4
from xml.etree.ElementTree import Element

from fake_twilio.dates import now
from fake_twilio.model.line import Tap
from fake_twilio.model.recording import Recording
from fake_twilio.twiml.source import Source
from fake_twilio.voice.recording_callbacks import post_recording
from fake_twilio.voice.session import Session
from fake_twilio.webhooks.fields import Fields


@dataclass(frozen=True)
class Kind:
    """One noun of Start."""

    detail: str
    """What the emulator does of it, and what it does not."""
    begin: Callable[[Session, Element], Tap]


def stream(session: Session, noun: Element) -> Tap:
    """Report a stream (https://www.twilio.com/docs/voice/twiml/stream#statuscallback)."""
    url, sid = noun.get("url", ""), f"MZ{uuid4().hex}"
    if not url.startswith("wss://"):
        session.fault(31920, f"Start: the Stream's url {url!r} is not a wss:// address")
    callback = session.callback(noun, "statusCallback", "stream")
    name = noun.get("name", "")

    def tell(event: str) -> None:
        if callback.wants("stream"):
            about = (("StreamSid", sid), ("StreamName", name or sid), ("StreamEvent", event))
            session.post(callback, event, (*common_fields(session), *about))

    tell("stream-started")
    return Tap("Stream", name, stop=lambda: tell("stream-stopped"))


def transcription(session: Session, noun: Element) -> Tap:
    """Report the words typed as speech (https://www.twilio.com/docs/voice/twiml/transcription)."""
    sid, sequence = f"GT{uuid4().hex}", count(1)
    callback = session.callback(noun, "statusCallbackUrl", "transcription")
    # This noun's attribute for the method has another form of name.
    method = noun.get("statusCallbackMethod", "POST").upper()

    def tell(event: str, *about: tuple[str, str]) -> None:
        if callback.url:
            names = (("TranscriptionSid", sid), ("TranscriptionEvent", event), ("SequenceId", str(next(sequence))))
            language = ("LanguageCode", noun.get("languageCode", "en-US"))
            fields = (*common_fields(session), *names, language, *about)
            session.post(type(callback)(callback.url, method, callback.events), event, fields)

    def hear(words: str) -> None:
        data = json.dumps({"transcript": words, "confidence": 0.95})
        tell("transcription-content", ("Track", "inbound_track"), ("TranscriptionData", data), ("Final", "true"))

    tell("transcription-started")
    return Tap("Transcription", noun.get("name", ""), stop=lambda: tell("transcription-stopped"), hear=hear)


def recording(session: Session, noun: Element) -> Tap:
    """Record the call (https://www.twilio.com/docs/voice/twiml/recording)."""
    call = session.call
    channels = 1 if noun.get("channels") == "mono" else 2
    made = Recording(call.account_sid, call.sid, "StartCallRecordingTwiML", channels=channels)
    callback = session.callback(noun, "recordingStatusCallback", "completed")
    session.simulator.keep_recording(call, made)
    post_recording(session.simulator, call, made, callback)

    def stop() -> None:
        made.end()
        post_recording(session.simulator, call, made, callback)

    return Tap("Recording", "", stop=stop)


def siprec(session: Session, noun: Element) -> Tap:
    """Do nothing: there is no recording server."""
    return Tap("Siprec", noun.get("name", ""), stop=lambda: None)


def common_fields(session: Session) -> Fields:
    """Return the parameters of every such callback."""
    timestamp = now().isoformat(timespec="microseconds").replace("+00:00", "Z")
    return (("AccountSid", session.call.account_sid), ("CallSid", session.call.sid), ("Timestamp", timestamp))


TAPS = {
    "Recording": Kind("the recording is a tone", recording),
    "Siprec": Kind("there is no recording server: nothing is sent", siprec),
    "Stream": Kind("its callbacks are sent, but no WebSocket is opened and no audio is sent", stream),
    "Transcription": Kind("what is typed as speech is transcribed; what the app says is not", transcription),
}


async def start(session: Session, element: Element) -> Source | None:
    """Start the nouns in the background, and continue immediately."""
    for noun in element:
        tap = TAPS.get(noun.tag)
        detail = tap.detail if tap else f"<{noun.tag}> is not simulated: skipped"
        with session.step("Start", detail=f"{noun.tag}: {detail}"):
            if tap:
                session.call.line.taps.append(tap.begin(session, noun))
    return session.action(element, ())

"""The `record` of Dial (https://www.twilio.com/docs/voice/twiml/dial#record)."""

from xml.etree.ElementTree import Element

from fake_twilio.model.recording import Recording
from fake_twilio.voice.recording_callbacks import post_recording
from fake_twilio.voice.session import Session


class Recorder:
    """Records from the answer, or from ringing, if the verb asks for it."""

    def __init__(self, session: Session, element: Element) -> None:
        self.session = session
        self.callback = session.callback(element, "recordingStatusCallback", "completed")
        wanted = element.get("record", "do-not-record")
        self.wanted = {"true": "record-from-answer", "false": "do-not-record"}.get(wanted, wanted)
        self.recording: Recording | None = None

    def begin(self, moment: str) -> None:
        """Start to record at `ringing` or `answer`, if the verb asks for that moment."""
        if self.recording or not self.wanted.startswith(f"record-from-{moment}"):
            return
        call = self.session.call
        channels = 2 if self.wanted.endswith("-dual") else 1
        self.recording = Recording(call.account_sid, call.sid, "DialVerb", channels=channels)
        self.session.simulator.keep_recording(call, self.recording)
        post_recording(self.session.simulator, call, self.recording, self.callback)

    def end(self) -> Recording | None:
        """End the recording and return it."""
        if self.recording:
            self.recording.end()
            post_recording(self.session.simulator, self.session.call, self.recording, self.callback)
        return self.recording

"""The outcome of a Dial, for its action (https://www.twilio.com/docs/voice/twiml/dial#action)."""

from dataclasses import dataclass

from fake_twilio.model.recording import Recording
from fake_twilio.voice.request_fields import recording_fields
from fake_twilio.voice.session import Session
from fake_twilio.webhooks.fields import Fields


@dataclass
class Outcome:
    """The outcome, filled in during the Dial."""

    status: str = "no-answer"
    sid: str = ""
    """The SID of the other leg."""
    duration: int = 0
    bridged: bool = False
    recording: Recording | None = None

    def cut(self) -> None:
        """Record that the caller has hung up."""
        if self.status == "no-answer":
            self.status = "canceled"

    def fields(self, session: Session) -> Fields:
        """Return DialCallStatus and the other parameters."""
        leg = (("DialCallSid", self.sid),) if self.sid else ()
        duration = (("DialCallDuration", str(self.duration)),) if self.bridged else ()
        recording = recording_fields(session.simulator, self.recording) if self.recording else ()
        bridged = ("DialBridged", str(self.bridged).lower())
        return (("DialCallStatus", self.status), *leg, *duration, bridged, *recording)

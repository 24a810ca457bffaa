"""What came of a Dial, as its action is told (https://www.twilio.com/docs/voice/twiml/dial#action)."""

from dataclasses import dataclass

from ..callbacks import Fields, recording_fields
from ..recording import Recording
from ..session import Session


@dataclass
class Outcome:
    """Filled in as things happen."""

    status: str = "no-answer"
    sid: str = ""
    """The other leg."""
    duration: int = 0
    bridged: bool = False
    recording: Recording | None = None

    def cut(self) -> None:
        """The caller has hung up."""
        if self.status == "no-answer":
            self.status = "canceled"

    def fields(self, session: Session) -> Fields:
        """DialCallStatus and its kin."""
        leg = (("DialCallSid", self.sid),) if self.sid else ()
        duration = (("DialCallDuration", str(self.duration)),) if self.bridged else ()
        recording = recording_fields(session.exchange, self.recording) if self.recording else ()
        bridged = ("DialBridged", str(self.bridged).lower())
        return (("DialCallStatus", self.status), *leg, *duration, bridged, *recording)

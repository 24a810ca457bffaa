"""A call in a test, seen from its phone."""

from collections.abc import Callable

from fake_twilio.model.call import Call
from fake_twilio.model.line import Step
from fake_twilio.model.recording import Recording
from fake_twilio.testing.simulator_thread import SimulatorThread


class PhoneCall:
    """A call, seen from its phone."""

    def __init__(self, thread: SimulatorThread, call: Call) -> None:
        self.thread = thread
        self.call = call
        self.sid = call.sid

    @property
    def status(self) -> str:
        """Twilio's current status of the call."""
        return self.thread.ask(lambda: self.call.status)

    @property
    def steps(self) -> list[Step]:
        """The verbs that the call has run so far."""
        return self.thread.ask(lambda: list(self.call.line.steps))

    @property
    def recordings(self) -> list[Recording]:
        """The recordings of this call, oldest first, including running ones."""
        return self.thread.ask(lambda: list(self.call.line.recordings))

    def answer(self) -> None:
        """Answer the call."""
        self.decide("in-progress")

    def decline(self) -> None:
        """Decline the call; it ends as busy."""
        self.decide("busy")

    def ring_out(self) -> None:
        """Do not answer: the call ends as no-answer, without the wait."""
        self.decide("no-answer")

    def decide(self, outcome: str) -> None:
        """End the ringing."""
        if not self.thread.ask(lambda: self.call.decide(outcome)):
            raise AssertionError(f"the call does not ring, it is {self.status}")

    def hang_up(self) -> None:
        """End the call."""
        self.thread.ask(lambda: self.call.interrupt(None))

    def press(self, keys: str) -> None:
        """Press keys. Keys that no verb waits for are lost: call `wait_until_listening` first."""

        def press() -> None:
            self.call.press(keys)
            self.thread.simulator.changes.tell()

        self.thread.ask(press)

    def say(self, words: str) -> None:
        """Speak: to a Gather that listens to speech, into a recording, for a transcription."""
        self.be_heard(lambda: self.call.speak(words), f"to {words!r}")

    def keep_silent(self) -> None:
        """Stay silent: the verb that listens gives up, without the wait."""
        self.be_heard(self.call.keep_silent, "to silence")

    def be_heard(self, how: Callable[[], bool], what: str) -> None:
        """Do something that a verb must be listening for."""
        if not self.thread.ask(how):
            raise AssertionError(f"nothing listens {what} in the call, which is {self.status}\n{self.thread.story()}")

    def heard(self) -> str:
        """Return the words that the app has spoken so far."""
        return self.thread.ask(self.call.heard)

    def wait_until(self, status: str, timeout: float = 5.0) -> None:
        """Wait for a status; fail immediately when the call ends with another one."""
        self.thread.wait_for(lambda: self.call.status == status or self.call.over, f"the call to be {status}", timeout)
        if self.status != status:
            raise AssertionError(f"the call is {self.status}, not {status}\n{self.thread.story()}")

    def wait_until_heard(self, words: str, timeout: float = 5.0) -> None:
        """Wait until the app has spoken these words."""
        self.thread.wait_for(lambda: words in self.call.heard(), f"the words {words!r}", timeout)

    def wait_until_listening(self, timeout: float = 5.0) -> None:
        """Wait until a Gather waits for keys or speech."""
        self.wait_until_waiting("Gather", timeout)

    def wait_until_recording(self, timeout: float = 5.0) -> None:
        """Wait until a Record records."""
        self.wait_until_waiting("Record", timeout)

    def wait_until_waiting(self, verb: str, timeout: float) -> None:
        """Wait until this verb waits for the person."""

        def look() -> bool:
            waiting_for = self.call.line.waiting_for
            return waiting_for is not None and waiting_for["verb"] == verb

        self.thread.wait_for(look, f"a {verb} to listen", timeout)

    def wait_until_connected_to(self, number: str, timeout: float = 5.0) -> None:
        """Wait until the phone at `number` can be heard."""
        self.thread.wait_for(
            lambda: number in self.call.line.connected_to, f"{self.call.person} to be connected to {number}", timeout
        )

    def wait_until_in_queue(self, name: str, timeout: float = 5.0) -> None:
        """Wait until the call waits in this queue."""
        self.thread.wait_for(lambda: self.call.line.queue == name, f"the call to wait in {name!r}", timeout)

    def wait_until_in_conference(self, name: str, timeout: float = 5.0) -> None:
        """Wait until the call is in this conference."""
        self.thread.wait_for(lambda: self.call.line.conference == name, f"the call to be in {name!r}", timeout)

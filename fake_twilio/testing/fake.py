"""The emulator in a test: `with FakeTwilio.running() as fake:`."""

from fake_twilio.model.call import Call
from fake_twilio.model.message import Message
from fake_twilio.model.owned_number import OwnedNumber
from fake_twilio.rest_failures import Kind, RestFailure
from fake_twilio.testing.phone import Phone
from fake_twilio.testing.simulator_thread import SimulatorThread
from fake_twilio.testing.softphone import Softphone


class FakeTwilio(SimulatorThread):
    """An emulator on 127.0.0.1, with methods for tests."""

    def inject(
        self,
        kind: Kind,
        *,
        times: int = 1,
        accepted: bool = False,
        seconds: float = 0.0,
        retry_after: str | None = None,
    ) -> None:
        """Let the next creates fail: `late`, `hang`, `drop`, 429, 500 or 503."""
        failure = RestFailure(kind, accepted, seconds, retry_after)
        self.ask(lambda: self.simulator.rest_failures.coming.extend([failure] * times))

    def phone(self, number: str) -> Phone:
        """Return the phone at a number."""
        return Phone(self, number)

    def softphone(self, token: str) -> Softphone:
        """Return a device that has connected with an access token; close it in the end."""
        return Softphone(self, token)

    def serve_numbers_from(self, app_url: str) -> None:
        """Connect the account's numbers to the app at this address."""
        api = f"{app_url}/api"
        for number in self.simulator.numbers.values():
            number.voice_url, number.sms_url = f"{api}/answer_call", f"{api}/receive_sms"
            number.voice_fallback_url = number.sms_fallback_url = f"{api}/fallback"
            number.status_callback = f"{api}/status_callback"

    def number(self, number: str) -> OwnedNumber:
        """Return one of the account's numbers; its addresses may be changed."""
        return self.simulator.numbers[number]

    def call(self, sid: str) -> Call:
        """Return a call of the simulator."""
        return self.simulator.calls[sid]

    def message(self, sid: str) -> Message:
        """Return a message of the simulator."""
        return self.simulator.messages[sid]

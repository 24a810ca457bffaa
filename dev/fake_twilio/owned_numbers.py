"""Our numbers, and what Twilio asks the app when somebody calls or texts them.

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
"""

from dataclasses import dataclass

from .form import Form


@dataclass
class OwnedNumber:
    """One number of ours."""

    number: str
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"

    @classmethod
    def served_by(cls, number: str, app_url: str) -> "OwnedNumber":
        """A number that is set up for the app at `app_url`."""
        api = f"{app_url.rstrip('/')}/api"
        return cls(
            number,
            voice_url=f"{api}/answer_call",
            voice_fallback_url=f"{api}/fallback",
            sms_url=f"{api}/receive_sms",
            sms_fallback_url=f"{api}/fallback",
            status_callback=f"{api}/status_callback",
        )

    def call_parameters(self) -> Form:
        """What a call to this number has instead of the parameters of a create."""
        return Form(
            [
                ("Url", self.voice_url),
                ("Method", self.voice_method),
                ("FallbackUrl", self.voice_fallback_url),
                ("FallbackMethod", self.voice_fallback_method),
                ("StatusCallback", self.status_callback),
                ("StatusCallbackMethod", self.status_callback_method),
            ]
        )

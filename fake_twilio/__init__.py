"""A fake Twilio: REST API, phones, TwiML and signed webhooks on 127.0.0.1. It shares no code with the app.

In tests: `with FakeTwilio.running() as fake:`. On a laptop: `python -m fake_twilio`.
"""

from .account import Account
from .chaos import Chaos, Plan
from .fake import FakeTwilio
from .faults import Fault
from .phone_call import PhoneCall
from .phone_in_tests import Phone

__all__ = ["Account", "Chaos", "FakeTwilio", "Fault", "Phone", "PhoneCall", "Plan"]

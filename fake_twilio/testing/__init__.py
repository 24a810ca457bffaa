"""The emulator in tests: `with FakeTwilio.running() as fake:`."""

from fake_twilio.chaos import Chaos, Plan
from fake_twilio.faults import Fault
from fake_twilio.model.account import MAGIC_SENDER, Account
from fake_twilio.testing.call import PhoneCall
from fake_twilio.testing.fake import FakeTwilio
from fake_twilio.testing.phone import Phone
from fake_twilio.testing.softphone import Softphone

__all__ = ["MAGIC_SENDER", "Account", "Chaos", "FakeTwilio", "Fault", "Phone", "PhoneCall", "Plan", "Softphone"]

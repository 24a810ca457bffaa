"""Status callbacks as Twilio sends them: the form of a call's event, signed with Twilio's own library."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlencode, urlsplit

from twilio.request_validator import RequestValidator

from bench.load import post
from bench.services import NOBODY, PUBLIC_PORT
from dev.app_settings import settings
from shared.sending.send import STARTED
from shared.settings import load

EVENTS = ("initiated", "ringing", "in-progress", "completed")
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
PLACE = {"City": "SAN FRANCISCO", "Country": "US", "State": "CA", "Zip": "94103"}


APP = load(settings(PUBLIC_PORT, NOBODY, NOBODY))
SIGNER = RequestValidator(APP.twilio_auth_token)


def callback(sid: str, started: int, sequence: int, status: str) -> bytes:
    """Return the request with which Twilio reports one event of a call."""
    fields = {
        "AccountSid": APP.twilio_account_sid,
        "ApiVersion": "2010-04-01",
        "CallSid": sid,
        "CallStatus": status,
        "CallbackSource": "call-progress-events",
        "Direction": "outbound-api",
        "From": APP.twilio_from_number,
        "SequenceNumber": str(sequence),
        "Timestamp": format_datetime(datetime.now(UTC)),
        "To": "+14155550123",
        **{f"{end}{part}": text for end in ("Called", "Caller", "From", "To") for part, text in PLACE.items()},
    }
    if status == "completed":
        fields |= {"CallDuration": "12", "Duration": "1"}
    url = f"{APP.url('status_callback')}?{STARTED}={started}"
    parts = urlsplit(url)
    headers = {
        "User_Agent": "TwilioProxy/1.1",
        "I_Twilio_Idempotency_Token": "5b9bbb0e-6d6b-4f4c-9d8b-6e0f5c8a3b1d",
        "X_Home_Region": "us1",
        "X_Twilio_Signature": SIGNER.compute_signature(url, fields),
    }
    return post(f"{parts.path}?{parts.query}", urlencode(fields).encode(), FORM, **headers)


def calls(first: int, count: int, started: int) -> Iterator[bytes]:
    """Yield all events of `count` calls, in order."""
    for number in range(first, first + count):
        for sequence, status in enumerate(EVENTS):
            yield callback(f"CA{number:032x}", started, sequence, status)

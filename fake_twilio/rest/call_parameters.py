"""Parameters of `POST Calls.json` (https://www.twilio.com/docs/voice/api/call-resource#create-a-call)."""

from collections.abc import Collection

from fake_twilio.addresses import CLIENT, E164, SIP
from fake_twilio.form import Form
from fake_twilio.rest.checks import Check, anything, at_most, boolean, check_all, choice, integer, method, pattern, url
from fake_twilio.rest.errors import TwilioError

MAGIC_TO = {"+15005550001": 21217, "+15005550002": 21214, "+15005550003": 21215, "+15005550004": 21216}
"""Magic numbers that Twilio refuses to call, with the error code (https://www.twilio.com/docs/iam/test-credentials)."""

MAGIC_FROM = {"+15005550001": 21212}

DOCUMENT: dict[str, Check] = {
    "Url": url(21205),
    "Method": method,
    "Twiml": at_most(32018, 4000),
    "FallbackUrl": url(21205),
    "FallbackMethod": method,
    "StatusCallback": url(21609),
    "StatusCallbackMethod": method,
    "TimeLimit": integer(13216, 1, 86400),
}

UPDATE: dict[str, Check] = DOCUMENT | {"Status": choice("canceled", "completed")}

CREATE: dict[str, Check] = DOCUMENT | {
    "To": anything,
    "From": anything,
    "ApplicationSid": anything,
    "StatusCallbackEvent": choice("initiated", "ringing", "answered", "completed", code=21626),
    "SendDigits": pattern(21206, r"[0-9A-D#*wW]{0,32}"),
    "Timeout": integer(21208, 1, 600),
    "Record": boolean,
    "RecordingChannels": choice("mono", "dual"),
    "RecordingTrack": choice("inbound", "outbound", "both"),
    "Trim": choice("trim-silence", "do-not-trim"),
    "RecordingStatusCallback": url(21609),
    "RecordingStatusCallbackMethod": method,
    "RecordingStatusCallbackEvent": choice("in-progress", "completed", "absent", code=21626),
    "RecordingConfigurationId": anything,
    "MachineDetection": choice("enable", "detectmessageend", code=21234),
    "MachineDetectionTimeout": integer(21234, 3, 59),
    "MachineDetectionSpeechThreshold": integer(21234, 1000, 6000),
    "MachineDetectionSpeechEndThreshold": integer(21234, 500, 5000),
    "MachineDetectionSilenceTimeout": integer(21234, 2000, 10000),
    "AsyncAmd": choice("true", "false", code=21234),
    "AsyncAmdStatusCallback": url(21609),
    "AsyncAmdStatusCallbackMethod": method,
    "SipAuthUsername": anything,
    "SipAuthPassword": anything,
    "CallerId": anything,
    "CallReason": anything,
    "CallToken": anything,
    "Byoc": anything,
    "Passports": anything,
    "ClientNotificationUrl": anything,
}


def check_new_call(form: Form, callers: Collection[str]) -> list[str]:
    """Raise Twilio's error for the first invalid parameter; return the names of unknown parameters.

    `callers` are the numbers that calls may come from.
    """
    check_ends(form.get("To"), form.get("From"), callers)
    if not (form.get("Url") or form.get("Twiml") or form.get("ApplicationSid")):
        raise TwilioError(21205, "Url parameter is required")
    return check_all(form, CREATE)


def check_ends(to: str, from_: str, callers: Collection[str]) -> None:
    """Check that To can be called, and that From is one of the callers."""
    if not to:
        raise TwilioError(21201)
    if not from_:
        raise TwilioError(21213)
    if to in MAGIC_TO:
        raise TwilioError(MAGIC_TO[to], to)
    to_a_number = bool(E164.fullmatch(to))
    if not (to_a_number or CLIENT.fullmatch(to) or SIP.fullmatch(to)) or to == from_:
        raise TwilioError(21211, to)
    if from_ in MAGIC_FROM:
        raise TwilioError(MAGIC_FROM[from_], from_)
    if E164.fullmatch(from_):
        if from_ not in callers:
            raise TwilioError(21210, from_)
    elif to_a_number or not (CLIENT.fullmatch(from_) or SIP.fullmatch(from_)):
        # A call to a phone number needs a number as caller; clients and SIP addresses do not.
        raise TwilioError(21212, from_)

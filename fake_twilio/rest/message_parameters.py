"""Parameters of `POST Messages.json` (https://www.twilio.com/docs/messaging/api/message-resource)."""

import re
from datetime import UTC, datetime, timedelta

from fake_twilio.addresses import E164, sid_pattern
from fake_twilio.dates import now
from fake_twilio.form import Form
from fake_twilio.model.account import Account
from fake_twilio.rest.checks import Check, anything, at_most, boolean, check_all, choice, integer, url
from fake_twilio.rest.errors import TwilioError

MAGIC_TO = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
"""Magic numbers that Twilio refuses to text, with the error code (https://www.twilio.com/docs/iam/test-credentials)."""

MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
SERVICE = re.compile(sid_pattern("MG"))
SHORT_CODE = re.compile(r"\d{3,8}")
ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11}")
UPDATE: dict[str, Check] = {"Body": anything, "Status": choice("canceled")}

CREATE: dict[str, Check] = {
    "To": anything,
    "From": anything,
    "MessagingServiceSid": anything,
    "Body": at_most(21617, 1600),
    "MediaUrl": url(21620),
    "ContentSid": anything,
    "ContentVariables": anything,
    "StatusCallback": url(21609),
    "ApplicationSid": anything,
    "ValidityPeriod": integer(21624, 1, 36000),
    "ScheduleType": choice("fixed"),
    "SendAt": anything,
    "ContentRetention": choice("retain", "discard"),
    "AddressRetention": choice("retain", "obfuscate"),
    "RiskCheck": choice("enable", "disable"),
    "ProvideFeedback": boolean,
    "ForceDelivery": boolean,
    "SmartEncoded": boolean,
    "ShortenUrls": boolean,
    "SendAsMms": boolean,
    "MaxPrice": anything,
    "Attempt": anything,
    "PersistentAction": anything,
    "TrafficType": anything,
    "MessageIntent": anything,
    "FallbackFrom": anything,
}


def service_of(form: Form) -> str:
    """Return the Messaging Service that sends a message, or an empty string."""
    from_ = form.get("From")
    return form.get("MessagingServiceSid") or (from_ if SERVICE.fullmatch(from_) else "")


def check_new_message(form: Form, account: Account) -> list[str]:
    """Raise Twilio's error for the first invalid parameter; return the names of unknown parameters."""
    to = form.get("To")
    if not to:
        raise TwilioError(21604)
    if to in MAGIC_TO:
        raise TwilioError(MAGIC_TO[to], to)
    if not E164.fullmatch(to.removeprefix("whatsapp:")):
        raise TwilioError(21211, to)
    check_sender(form, account)
    if not (form.get("Body") or form.get("MediaUrl") or form.get("ContentSid")):
        raise TwilioError(21602)
    if len(form.all("MediaUrl")) > 10:
        raise TwilioError(21623)
    unknown = check_all(form, CREATE)
    check_schedule(form)
    return unknown


def check_sender(form: Form, account: Account) -> None:
    """Check that there is a sender and that it belongs to the account."""
    to, from_, service = form.get("To"), form.get("From"), service_of(form)
    if not (from_ or service):
        raise TwilioError(21603)
    if service and service != account.messaging_service_sid:
        raise TwilioError(21701, service)
    if not from_ or from_ == service:
        return
    if from_ in MAGIC_FROM:
        raise TwilioError(MAGIC_FROM[from_], from_)
    if from_.startswith("whatsapp:"):
        raise TwilioError(63007)
    if from_ == to:
        raise TwilioError(21211, to)
    if E164.fullmatch(from_) or SHORT_CODE.fullmatch(from_):
        if from_ not in account.numbers:
            raise TwilioError(21606, from_)
    elif not ALPHANUMERIC.fullmatch(from_):
        raise TwilioError(21212, from_)
    elif to.startswith("+1"):
        # Alphanumeric senders do not exist in North America.
        raise TwilioError(21612, to)


def check_schedule(form: Form) -> None:
    """Check the schedule: it needs a Messaging Service and a time within Twilio's limits."""
    if not form.get("ScheduleType"):
        return
    if not form.get("SendAt"):
        raise TwilioError(35111)
    if not service_of(form):
        raise TwilioError(35118)
    moment = send_at(form)
    if moment is None or not timedelta(seconds=300) <= moment - now() <= timedelta(days=35):
        raise TwilioError(35114, form.get("SendAt"))


def send_at(form: Form) -> datetime | None:
    """Return the scheduled time, or None if there is none that Twilio can parse."""
    if not form.get("ScheduleType"):
        return None
    try:
        moment = datetime.fromisoformat(form.get("SendAt"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

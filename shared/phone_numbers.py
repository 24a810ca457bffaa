"""Phone numbers as people write them, made E.164, and the other addresses that Twilio knows.

https://www.twilio.com/docs/glossary/what-e164

Each function takes text and returns the address to give Twilio, or raises ValueError in words about that text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.errors import CountryNotAllowed
from shared.settings import settings

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

CLIENT = re.compile(r"client:[^\s,;\x00-\x1f]{1,256}")
SIP = re.compile(r"sips?:[^\s@<>\"]+@[^\s@<>\"]+", re.IGNORECASE)
SHORT_CODE = re.compile(r"\d{3,8}")
# https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id
ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}")


def text_recipient(text: str) -> str:
    """Return the number a text goes to; raises CountryNotAllowed where ALLOWED_COUNTRIES forbids it."""
    return e164(allowed(parse(text)))


def call_recipient(text: str) -> str:
    """Return what a call goes to: a number as for a text, or `client:…` or `sip:…` as it is."""
    return client_or_sip(text) or text_recipient(text)


def caller(text: str) -> str:
    """Return what a call comes from: a number, `client:…` or `sip:…`."""
    return client_or_sip(text) or e164(parse(text))


def text_sender(text: str) -> str:
    """Return what a text comes from: a number, a short code or an alphanumeric sender."""
    if SHORT_CODE.fullmatch(text) or ALPHANUMERIC.fullmatch(text):
        return text
    return e164(parse(text))


def parse(text: str) -> PhoneNumber:
    """Read a number in any usual form; without a country code it is one of DEFAULT_COUNTRY."""
    # 20 ms of metadata: imported at the first number, so that no webhook's cold start waits for it.
    import phonenumbers

    try:
        number = phonenumbers.parse(text, settings().default_country)
    except phonenumbers.NumberParseException:
        raise ValueError("expected a phone number like +15005550006") from None
    # What people dial within one town only is possible too, but has no E.164.
    possible = phonenumbers.is_possible_number_with_reason(number)
    if number.extension or possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise ValueError("is not a possible phone number; expected one like +15005550006")
    return number


def allowed(number: PhoneNumber) -> PhoneNumber:
    """Return the number when its country may be called; one whose country cannot be told may not."""
    import phonenumbers

    countries = settings().allowed_countries
    if countries:
        country = phonenumbers.region_code_for_number(number)
        if country not in countries:
            if country is None:
                raise CountryNotAllowed("The number is of no known country, and ALLOWED_COUNTRIES is set.")
            raise CountryNotAllowed(f"ALLOWED_COUNTRIES does not hold the number's country ({country}).")
    return number


def e164(number: PhoneNumber) -> str:
    """Return the number in Twilio's form."""
    import phonenumbers

    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def is_e164(digits: str) -> bool:
    """Tell whether digits are those of a possible number in Twilio's form, of which only the `+` is missing."""
    try:
        return e164(parse(f"+{digits}")) == f"+{digits}"
    except ValueError:
        return False


def client_or_sip(text: str) -> str | None:
    """Return a `client:…` or `sip:…` address (https://www.twilio.com/docs/voice/api/call-resource), else None."""
    if text.startswith("client:"):
        if not CLIENT.fullmatch(text):
            raise ValueError("expected client: and 1 to 256 characters without spaces or commas")
        return text
    if text.lower().startswith(("sip:", "sips:")):
        if not SIP.fullmatch(text):
            raise ValueError("expected a SIP address like sip:alice@example.com")
        return text
    return None

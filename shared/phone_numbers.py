"""Phone numbers in E.164, made from any usual form, and the other addresses that Twilio accepts.

https://www.twilio.com/docs/glossary/what-e164

Each function takes text and returns the address to pass to Twilio, or raises ValueError with the reason.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared import patterns
from shared.errors import CountryNotAllowed
from shared.settings import settings

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber


def text_recipient(text: str) -> str:
    """Return the recipient of a text message in E.164; raises CountryNotAllowed if ALLOWED_COUNTRIES excludes it."""
    return e164(allowed(parse(text)))


def call_recipient(text: str) -> str:
    """Return the callee: a number as for a text message, or `client:…` or `sip:…` unchanged."""
    return client_or_sip(text) or text_recipient(text)


def caller(text: str) -> str:
    """Return the caller: a number in E.164, or `client:…` or `sip:…` unchanged."""
    return client_or_sip(text) or e164(parse(text))


def text_sender(text: str) -> str:
    """Return the sender of a text message: a number in E.164, a short code or an alphanumeric sender."""
    if is_short_code(text) or re.fullmatch(patterns.ALPHANUMERIC_SENDER, text):
        return text
    return e164(parse(text))


def parse(text: str) -> PhoneNumber:
    """Parse a number in any usual form; without a country code it is a number of DEFAULT_COUNTRY."""
    # 20 ms of metadata: imported at the first number, so that no webhook's cold start includes it.
    import phonenumbers

    try:
        number = phonenumbers.parse(text, settings().default_country)
    except phonenumbers.NumberParseException:
        raise ValueError("expected a phone number like +15005550006") from None
    # A number that can only be dialled within one town is possible too, but has no E.164 form.
    possible = phonenumbers.is_possible_number_with_reason(number)
    if number.extension or possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise ValueError("is not a possible phone number; expected one like +15005550006")
    return number


def allowed(number: PhoneNumber) -> PhoneNumber:
    """Return the number if its country is allowed; a number of an unknown country is not."""
    import phonenumbers

    countries = settings().allowed_countries
    if countries:
        country = phonenumbers.region_code_for_number(number)
        if country not in countries:
            if country is None:
                raise CountryNotAllowed("The number's country is unknown, and ALLOWED_COUNTRIES is set.")
            raise CountryNotAllowed(f"ALLOWED_COUNTRIES does not contain the number's country ({country}).")
    return number


def e164(number: PhoneNumber) -> str:
    """Return the number in E.164, the form that Twilio uses."""
    import phonenumbers

    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def is_e164(digits: str) -> bool:
    """Return whether `+` and these digits are a possible number in E.164."""
    try:
        return e164(parse(f"+{digits}")) == f"+{digits}"
    except ValueError:
        return False


def is_short_code(text: str) -> bool:
    """Return whether `text` has the form of a short code."""
    return re.fullmatch(patterns.SHORT_CODE, text) is not None


def client_or_sip(text: str) -> str | None:
    """Return a `client:…` or `sip:…` address (https://www.twilio.com/docs/voice/api/call-resource), else None."""
    if text.startswith("client:"):
        if not re.fullmatch(patterns.CLIENT, text):
            raise ValueError("expected client: and 1 to 256 characters without spaces or commas")
        return text
    if text.lower().startswith(("sip:", "sips:")):
        if not re.fullmatch(patterns.SIP, text):
            raise ValueError("expected a SIP address like sip:alice@example.com")
        return text
    return None

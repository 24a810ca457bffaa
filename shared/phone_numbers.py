"""Phone numbers in E.164, made from any usual form, and the other addresses that Twilio accepts.

https://www.twilio.com/docs/glossary/what-e164

Each function takes text and returns the address to pass to Twilio, or raises ValueError with the reason.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from shared import patterns
from shared.errors import CountryNotAllowed
from shared.settings import settings

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber


# The whole text must be digits with the usual separators between them: spaces, dashes, dots, slashes and brackets.
NUMBER = re.compile(r"\+?[\d\s().\[\]/~\u2010-\u2015\u2212-]*")
EXTENSION = re.compile(r"[;,]?\s*(?:ext(?:n|ension)?[.:=]?|x|#)\s*\d{1,10}", re.IGNORECASE)
CHANNEL = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9]{1,19}):")
LONGEST_NUMBER = 64
EXPECTED = "expected a phone number like +15005550006"
# Types of numbers that cost more than their country: premium rate, shared cost, personal.
# Twilio's own test numbers are in the personal range +1 500: https://www.twilio.com/docs/iam/test-credentials
COSTLY = {4: "a premium-rate number", 5: "a shared-cost number", 7: "a personal number"}
TEST_NUMBER = re.compile(r"\+1500555\d{4}")


def text_recipient(text: str) -> str:
    """Return the recipient of a text message in E.164; raises CountryNotAllowed where the settings exclude it."""
    return e164(allowed(parse(text)))


def call_recipient(text: str) -> str:
    """Return the callee: a number as for a text message, `client:…`, or `sip:…` with an allowed host."""
    address = client_or_sip(text)
    if address is None:
        return text_recipient(text)
    check_sip_host(address)
    return address


def without_parameters(address: str) -> str:
    """Return a callee without the custom parameters of a client: `client:alice` for `client:alice?order=7`."""
    return address.partition("?")[0] if address.startswith("client:") else address


def caller(text: str) -> str:
    """Return the caller: a number in E.164, or `client:…` or `sip:…` unchanged."""
    return client_or_sip(text) or number(text)


def text_sender(text: str) -> str:
    """Return the sender of a text message: a number in E.164, a short code or an alphanumeric sender."""
    if is_short_code(text) or re.fullmatch(patterns.ALPHANUMERIC_SENDER, text):
        return text
    if re.fullmatch(patterns.LONG_SENDER, text):
        raise ValueError(f"is {len(text)} characters long; an alphanumeric sender has at most 11")
    return number(text)


def number(text: str) -> str:
    """Return a number of any country in E.164."""
    return e164(parse(text))


def parse(text: str) -> PhoneNumber:
    """Parse a text that is a number in any usual form; without a country code it is a number of DEFAULT_COUNTRY.

    Full-width digits, `tel:` and invisible marks of text direction are accepted, letters are not.
    """
    # 20 ms of metadata: imported at the first number, so that no webhook's cold start includes it.
    import phonenumbers

    plain = without_marks(text)
    if channel := CHANNEL.match(plain):
        raise ValueError(f"is an address of the channel {channel['name']}, which is not supported; {EXPECTED}")
    if EXTENSION.search(plain) and NUMBER.fullmatch(EXTENSION.sub("", plain)):
        raise ValueError("contains an extension; give the number alone, and for a call the extension as send_digits")
    if not NUMBER.fullmatch(plain) or not re.search(r"\d", plain) or len(plain) > LONGEST_NUMBER:
        raise ValueError(EXPECTED)
    try:
        parsed = phonenumbers.parse(plain, None if plain.startswith("+") else settings().default_country)
    except phonenumbers.NumberParseException:
        raise ValueError(EXPECTED) from None
    # A number that can only be dialled within one town is possible too, but has no E.164 form.
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise ValueError("is not a possible phone number; expected one like +15005550006")
    return parsed


def without_marks(text: str) -> str:
    """Return a number without `tel:` and invisible characters, its full-width characters made ordinary ones."""
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return re.sub("^tel:", "", unicodedata.normalize("NFKC", visible).strip(), flags=re.IGNORECASE)


def allowed(parsed: PhoneNumber) -> PhoneNumber:
    """Return the number if the settings allow to call or text it; raises CountryNotAllowed.

    Its country must be in ALLOWED_COUNTRIES, where that is set. A number that costs more than others of its country
    needs ALLOW_PREMIUM_NUMBERS.
    """
    import phonenumbers

    kind = COSTLY.get(phonenumbers.number_type(parsed))
    if kind and not settings().allow_premium_numbers and not TEST_NUMBER.fullmatch(e164(parsed)):
        raise CountryNotAllowed(f"The number is {kind}, and ALLOW_PREMIUM_NUMBERS is not true.")
    countries = settings().allowed_countries
    if countries:
        country = phonenumbers.region_code_for_number(parsed)
        if country not in countries:
            if country is None:
                raise CountryNotAllowed("The number's country is unknown, and ALLOWED_COUNTRIES is set.")
            raise CountryNotAllowed(f"ALLOWED_COUNTRIES does not contain the number's country ({country}).")
    return parsed


def check_sip_host(address: str) -> None:
    """Raise CountryNotAllowed for a SIP address whose host is not in ALLOWED_SIP_HOSTS, where countries are limited.

    A SIP host can pass a call on to any country.
    """
    if re.fullmatch(patterns.SIP, address) and settings().allowed_countries:
        host = re.split("[;?]", address.rpartition("@")[2])[0].partition(":")[0].lower()
        if host not in settings().allowed_sip_hosts:
            raise CountryNotAllowed("ALLOWED_COUNTRIES is set, and ALLOWED_SIP_HOSTS does not contain the SIP host.")


def e164(number: PhoneNumber) -> str:
    """Return the number in E.164, the form that Twilio uses."""
    import phonenumbers

    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def is_e164(digits: str) -> bool:
    """Return whether `+` and these digits are a possible number in E.164."""
    try:
        return number(f"+{digits}") == f"+{digits}"
    except ValueError:
        return False


def is_short_code(text: str) -> bool:
    """Return whether `text` has the form of a short code."""
    return re.fullmatch(patterns.SHORT_CODE, text) is not None


def client_or_sip(text: str) -> str | None:
    """Return a `client:…` or `sip:…` address (https://www.twilio.com/docs/voice/api/call-resource), else None."""
    if text.startswith("client:"):
        if not re.fullmatch(patterns.CLIENT_WITH_PARAMETERS, text):
            raise ValueError("expected client: and 1 to 256 characters without spaces or commas")
        return text
    if text.lower().startswith(("sip:", "sips:")):
        if not re.fullmatch(patterns.SIP, text):
            raise ValueError("expected a SIP address like sip:alice@example.com")
        return text
    if re.fullmatch(patterns.SIP, f"sip:{text}"):
        raise ValueError(f"expected sip:{text} for a SIP address, or a phone number like +15005550006")
    return None

"""Check the numbers and SIP addresses that a script calls or texts against the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from xml.etree import ElementTree

from shared.errors import CountryNotAllowed, FieldIssue
from shared.phone_numbers import check_sip_host, text_recipient
from shared.scripts.addresses import need_own_address
from shared.scripts.filling import has_placeholders
from shared.scripts.from_twiml import script_of
from shared.scripts.reading import InvalidScript
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import walk
from shared.scripts.verbs.types import PLACEHOLDER
from shared.scripts.writing import write_twiml
from shared.settings import settings


def check_allowed_countries(script: Sequence[Element]) -> Iterator[FieldIssue]:
    """Yield an error for each number that the settings do not allow.

    A number with a placeholder is skipped; it is checked after the script is filled, when no placeholder is left.
    """
    for place, number in numbers_in(script):
        if not PLACEHOLDER.search(number):
            yield from issues_of(text_recipient, place, number)


def check_request_destinations(script: Sequence[Element]) -> Iterator[FieldIssue]:
    """Yield an error for each number and SIP address that a script in a request may not call."""
    yield from check_allowed_countries(script)
    for place, element in walk(script):
        if address := getattr(element, "sip_url", None):
            yield from issues_of(check_sip_host, f"{place}.sip_url", address)


def guarded_document(document: str) -> str:
    """Return the TwiML to send instead of one that came with a request; raises InvalidScript for what is not allowed.

    Where countries are limited it is written anew from the script that it is read as, so that it holds only what was
    checked. Otherwise it stays as it is, without numbers that are not allowed anywhere.
    """
    if not settings().allowed_countries:
        if errors := list(check_numbers(ElementTree.fromstring(document))):
            raise InvalidScript(errors)
        return document
    script, family = script_of(document)
    if has_placeholders(script):
        raise InvalidScript([FieldIssue("$", "with ALLOWED_COUNTRIES it has no placeholders; only scripts fill them")])
    if errors := [*check_request_destinations(script), *need_own_address(script)]:
        raise InvalidScript(errors)
    return str(write_twiml(script, family))


def check_numbers(document: ElementTree.Element) -> Iterator[FieldIssue]:
    """Yield an error for each number in TwiML that the settings do not allow. Text that is no number is not checked."""
    for element in document.iter():
        text = element.text if element.tag in ("Dial", "Number") else element.get("to")
        try:
            text_recipient(text or "")
        except CountryNotAllowed as error:
            yield FieldIssue("$", f"{element.tag}: {error}")
        except ValueError:
            continue


def issues_of(check: Callable[[str], object], place: str, value: str) -> Iterator[FieldIssue]:
    """Yield the reason for which a check rejects a value."""
    try:
        check(value)
    except (ValueError, CountryNotAllowed) as error:
        yield FieldIssue(place, str(error))


def numbers_in(script: Sequence[Element]) -> Iterator[tuple[str, str]]:
    """Yield the place and the number of each recipient of a call or message."""
    for place, element in walk(script):
        for field in ("number", "phone_number", "to"):
            if number := getattr(element, field, None):
                yield f"{place}.{field}", number

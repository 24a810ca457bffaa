"""Check the numbers that a script dials or texts against ALLOWED_COUNTRIES."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.errors import CountryNotAllowed, FieldIssue
from shared.phone_numbers import text_recipient
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import walk
from shared.scripts.verbs.types import PLACEHOLDER
from shared.settings import settings


def check_allowed_countries(script: Sequence[Element]) -> Iterator[FieldIssue]:
    """Yield an error for each number of a country that is not allowed.

    A number with a placeholder is skipped; it is checked after the script is filled, when no placeholder is left.
    """
    if not settings().allowed_countries:
        return
    for place, number in numbers_in(script):
        if PLACEHOLDER.search(number):
            continue
        try:
            text_recipient(number)
        except (ValueError, CountryNotAllowed) as error:
            yield FieldIssue(place, str(error))


def numbers_in(script: Sequence[Element]) -> Iterator[tuple[str, str]]:
    """Yield the place and the number of each recipient of a call or message."""
    for place, element in walk(script):
        for field in ("number", "phone_number", "to"):
            if number := getattr(element, field, None):
                yield f"{place}.{field}", number

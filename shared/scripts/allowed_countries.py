"""Whom a script calls: its numbers have to be of the countries in ALLOWED_COUNTRIES."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.errors import CountryNotAllowed, FieldError
from shared.phone_numbers import text_recipient
from shared.scripts.verbs import nouns, voice
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.types import PLACEHOLDER
from shared.settings import settings


def check_destinations(script: Sequence[Element]) -> Iterator[FieldError]:
    """Yield a fault for each number that may not be called.

    One with a placeholder is checked when the script has been filled; `fill` leaves no placeholder.
    """
    if not settings().allowed_countries:
        return
    for place, number in numbers_in(script):
        if PLACEHOLDER.search(number):
            continue
        try:
            text_recipient(number)
        except (ValueError, CountryNotAllowed) as error:
            yield FieldError(place, str(error))


def numbers_in(script: Sequence[Element]) -> Iterator[tuple[str, str]]:
    """Yield the place and the number of everything that is called or texted."""
    for index, verb in enumerate(script):
        if isinstance(verb, voice.Dial):
            if verb.number:
                yield f"$[{index}].number", verb.number
            for inner, noun in enumerate(verb.nouns or []):
                if isinstance(noun, nouns.Number):
                    yield f"$[{index}].nouns[{inner}].phone_number", noun.phone_number
        elif to := getattr(verb, "to", None):
            yield f"$[{index}].to", to

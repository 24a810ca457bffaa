"""The addresses in a script, and the address of the script itself, to which some of them are relative."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urljoin

from shared.errors import FieldIssue
from shared.scripts.verbs import voice
from shared.scripts.verbs.element import Address, Element
from shared.scripts.verbs.shape import markers_of, shape_of, walk
from shared.scripts.verbs.types import is_relative
from shared.web_addresses import is_own_path


def addresses_in(script: Sequence[Element]) -> Iterator[tuple[str, str]]:
    """Yield each address in a script with its place."""
    for place, element in walk(script):
        for name, info in shape_of(type(element)).fields.items():
            value = getattr(element, info.name)
            if isinstance(value, str) and Address in markers_of(info.type):
                yield f"{place}.{name}", value


def absolute(value: str, base: str, document: str) -> str:
    """Return an address of a script that is served at `document`, made absolute; `base` is the app's own address."""
    if is_own_path(value):
        return f"{base}{value}"
    return urljoin(document, value) if is_relative(value) else value


def need_own_address(script: Sequence[Element]) -> Iterator[FieldIssue]:
    """Yield what works only in a document that has an address: TwiML that is sent with a call has none."""
    for place, value in addresses_in(script):
        if is_relative(value):
            yield FieldIssue(place, "is relative to the document's address, which TwiML sent with a call does not have")
    for place, element in walk(script):
        match element:
            case voice.Gather(action=None) | voice.Record(action=None):
                field, words = "action", "is required"
            case voice.Redirect(url=None):
                field, words = "url", "is required"
            case _:
                continue
        yield FieldIssue(f"{place}.{field}", f"{words}: TwiML sent with a call has no address to request again")

"""Scripts support every verb, noun and attribute of Twilio's library, or name it as deliberately omitted."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from twilio.twiml import TwiML
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Connect, VoiceResponse

from shared.scripts.reading import FAMILIES
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.omitted import OMITTED
from shared.scripts.verbs.shape import shape_of, xml_name
from shared.scripts.writing import NAMED_BY_CHILD


def children_of(element: TwiML) -> Iterator[TwiML]:
    """Yield what the library's methods add to an element, with a value for each parameter."""
    for name, method in inspect.getmembers(type(element), inspect.isfunction):
        if not hasattr(TwiML, name):
            parameters = [name for name in inspect.signature(method).parameters if name not in ("self", "kwargs")]
            yield method(element, **dict.fromkeys(parameters, "x"))


def missing(element: TwiML, within: dict[str, type[Element]], seen: set[Any], path: str) -> Iterator[str]:
    """Yield what the library can put into an element and a script cannot."""
    for child in children_of(element):
        place = f"{path} > {child.name}"
        if child.name in OMITTED or (element.name, child.name) in NAMED_BY_CHILD.items():
            continue
        if child.name not in within:
            yield place
            continue
        kind = within[child.name]
        shape = shape_of(kind)
        known = {xml_name(info) for info in shape.attributes.values()}
        yield from (f"{place} {attribute}" for attribute in child.attrs if attribute not in known)
        if child.value and not shape.content:
            yield f"{place} text"
        if (type(child), kind) not in seen:
            seen.add((type(child), kind))
            yield from missing(child, shape.within, seen, place)


@pytest.mark.parametrize(("document", "family"), [(VoiceResponse(), "voice"), (MessagingResponse(), "messaging")])
def test_whatever_the_library_can_write_a_script_can_contain(document: TwiML, family: Any) -> None:
    """A newer library fails this test, not a user's document."""
    assert list(missing(document, FAMILIES[family], set(), "Response")) == []


def test_a_newer_library_would_be_noticed() -> None:
    """A new verb, a new attribute, new text, a new nested noun."""

    class Newer(VoiceResponse):  # type: ignore[misc]
        def sing(self, **kwargs: Any) -> TwiML:
            return self.nest(TwiML())

        def echo(self, pitch: Any = None, **kwargs: Any) -> TwiML:
            made = self.nest(TwiML(pitch=pitch))
            made.name, made.value = "Echo", "x"
            return made

        def connect(self, **kwargs: Any) -> TwiML:
            class Connecting(Connect):  # type: ignore[misc]
                def planet(self, **kwargs: Any) -> TwiML:
                    return self.nest(TwiML())

            made = self.nest(Connecting())
            made.name = "Connect"
            return made

    assert set(missing(Newer(), FAMILIES["voice"], set(), "Response")) == {
        "Response > TwiML",
        "Response > Echo pitch",
        "Response > Echo text",
        "Response > Connect > TwiML",
    }


def names_of(element: TwiML, seen: set[type]) -> Iterator[str]:
    """Yield the names of all elements that the library can put into an element."""
    for child in children_of(element):
        yield child.name
        if type(child) not in seen:
            seen.add(type(child))
            yield from names_of(child, seen)


def test_what_is_omitted_exists_and_has_a_reason() -> None:
    """An omission of what the library no longer has is deleted."""
    assert OMITTED.keys() <= set(names_of(VoiceResponse(), set()))
    assert all(OMITTED.values())

"""Scripts: every verb and attribute at, below and above its limits; from JSON to TwiML and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from fake_twilio.twiml.check import check
from shared.scripts.from_twiml import script_of
from shared.scripts.reading import Family, InvalidScript, read_script
from shared.scripts.schema import json_schema
from shared.scripts.verbs import messaging, voice
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import shape_of, tag_of
from shared.scripts.writing import write_twiml
from tests.support.script_samples import URL, Path, content_samples, errors_in, paths, placed, samples, scripts

VERBS: list[tuple[Family, type[Element]]] = [
    *(("voice", verb) for verb in voice.VERBS),
    *(("messaging", verb) for verb in messaging.VERBS),
]


def twiml(script: list[Any], family: Family = "voice") -> str:
    """Return the TwiML of a script."""
    return str(write_twiml(read_script(script, family), family))


def errors_in_twiml(document: str, family: Family) -> list[str]:
    """Return the errors that the emulator finds in a document; it does not know placeholders."""
    return [error for error in check(ElementTree.fromstring(document), family) if "{{" not in error]


PATHS = list(paths())


def case(family: Family, path: Path) -> Any:
    """Return the parameters of a test about one element, in the elements that contain it."""
    return pytest.param(family, path, id="-".join(tag_of(kind) for kind in path))


def attribute_samples(path: Path) -> Iterator[tuple[str, list[Any], list[Any]]]:
    """Yield the name of each attribute of an element, and values that it accepts and rejects."""
    for name, info in shape_of(path[-1]).attributes.items():
        if (path[0], path[-1], name) != (voice.Gather, voice.Play, "digits"):
            yield name, *samples(path[-1], name, info)


# One test for each element and not for each value: there are 1,600 values.
ELEMENTS = pytest.mark.parametrize(("family", "path"), [case(*one) for one in PATHS])


@ELEMENTS
def test_an_attribute_within_its_limits_is_valid_twiml(family: Family, path: Path) -> None:
    """It has Twilio's name, and the emulator's independent table of TwiML's rules finds no error."""
    for name, good, _ in attribute_samples(path):
        for value in good:
            script, _ = placed(path, **{name: value})
            document = twiml(script, family)

            assert errors_in_twiml(document, family) == [], (name, value)
            assert f'="{escape(shown(value))}"' in document, (name, value)


def shown(value: Any) -> str:
    """Return a value of an attribute as TwiML has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(value) if isinstance(value, list) else str(value)


@ELEMENTS
def test_an_attribute_outside_its_limits_is_an_error_with_its_place(family: Family, path: Path) -> None:
    """It is the only error."""
    for name, _, bad in attribute_samples(path):
        for value in bad:
            script, place = placed(path, **{name: value})

            assert list(errors_in(script, family)) == [f"{place}.{name}"], (name, value)


@pytest.mark.parametrize(("family", "path"), [case(*one) for one in PATHS if shape_of(one[1][-1]).content])
def test_the_text_of_an_element_has_limits_too(family: Family, path: Path) -> None:
    """Words, numbers, names and URLs."""
    name, good, bad = content_samples(path[-1])
    for value in good:
        script, _ = placed(path, **{name: value})
        assert read_script(script, family)
    for value in bad:
        script, place = placed(path, **{name: value})
        assert list(errors_in(script, family)) == [f"{place}.{name}"], value


def test_a_script_is_byte_for_byte_what_twilios_builder_writes() -> None:
    """The app writes TwiML with the builder."""
    by_hand = VoiceResponse()
    by_hand.say("Welcome <friend>", voice="Polly.Amy", language="en-GB")
    gather = Gather(num_digits=1, action="/api/twiml/menu", input="dtmf speech", barge_in=True)
    gather.say("Press one & wait")
    gather.pause(length=2)
    by_hand.append(gather)
    dial = Dial(caller_id="+15005550006", timeout=20, action="/api/twiml/after")
    dial.number("+15551234567", status_callback_event="initiated answered", status_callback=URL)
    client = dial.client()
    client.identity("bob")
    client.parameter(name="tier", value="gold")
    by_hand.append(dial)

    assert twiml(
        [
            {"verb": "Say", "text": "Welcome <friend>", "voice": "Polly.Amy", "language": "en-GB"},
            {
                "verb": "Gather",
                "num_digits": 1,
                "action": "/api/twiml/menu",
                "input": ["dtmf", "speech"],
                "barge_in": True,
                "verbs": [{"verb": "Say", "text": "Press one & wait"}, {"verb": "Pause", "length": 2}],
            },
            {
                "verb": "Dial",
                "caller_id": "+15005550006",
                "timeout": 20,
                "action": "/api/twiml/after",
                "nouns": [
                    {
                        "noun": "Number",
                        "phone_number": "+15551234567",
                        "status_callback_event": ["initiated", "answered"],
                        "status_callback": URL,
                    },
                    {
                        "noun": "Client",
                        "identity": "bob",
                        "nouns": [{"noun": "Parameter", "name": "tier", "value": "gold"}],
                    },
                ],
            },
        ]
    ) == str(by_hand)


def test_a_messaging_script_is_what_twilios_builder_writes_too() -> None:
    """A text alone, and a text with a picture."""
    by_hand = MessagingResponse()
    by_hand.message("Thank you")
    with_picture = by_hand.message(to="+15551234567")
    with_picture.body("Look")
    with_picture.media(URL)

    assert twiml(
        [
            {"verb": "Message", "body": "Thank you"},
            {
                "verb": "Message",
                "to": "+15551234567",
                "nouns": [{"noun": "Body", "message": "Look"}, {"noun": "Media", "url": URL}],
            },
        ],
        "messaging",
    ) == str(by_hand)


def is_valid(script: object) -> bool:
    """Return whether `read_script` accepts a script."""
    try:
        read_script(script, "voice")
    except InvalidScript:
        return False
    return True


@given(scripts())
def test_a_valid_script_is_valid_twiml_that_can_be_read_back(script: list[Any]) -> None:
    """A valid script goes to TwiML and back unchanged; each error of an invalid one has a place."""
    if not is_valid(script):
        assert all(place.startswith("$[") for place in errors_in(script))
        return
    document = twiml(script)

    assert errors_in_twiml(document, "voice") == []
    back, family = script_of(document)
    assert family == "voice"
    assert str(write_twiml(back, "voice")) == document


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(
                st.one_of(
                    st.sampled_from(["verb", "noun", "verbs", "nouns", "text", "ssml", "action"]), st.text(max_size=5)
                ),
                st.one_of(inner, st.sampled_from(["Say", "Gather", "Dial", "Number"])),
                max_size=4,
            ),
        ),
        max_leaves=20,
    )
)
def test_any_other_json_is_rejected_with_places(value: Any) -> None:
    """Never with another exception."""
    if not is_valid(value):
        found = errors_in(value)
        assert found
        assert all(place.startswith("$") and words for place, words in found.items())


@pytest.mark.parametrize("family", ["voice", "messaging"])
def test_the_schema_has_every_verb_with_its_fields(family: Family) -> None:
    """It is generated from the same structs, so an editor knows what the app accepts."""
    schema = json_schema(family)
    shapes = {shape_of(verb).name: set(shape_of(verb).fields) | {"verb"} for name, verb in VERBS if name == family}

    by_name = {
        definition["properties"]["verb"]["enum"][0]: set(definition["properties"])
        for definition in schema["$defs"].values()
        if "verb" in definition["properties"]
    }
    for name, fields in shapes.items():
        assert by_name[name] == fields
    json.dumps(schema)

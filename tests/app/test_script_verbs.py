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
from shared.scripts.verbs import messaging, nouns, voice
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import shape_of, tag_of
from shared.scripts.writing import write_twiml
from tests.support.script_samples import REQUIRED, URL, content_samples, errors_in, samples, scripts, verb_with

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


def holders() -> Iterator[tuple[Family, type[Element], type[Element]]]:
    """Yield each verb, and each noun with the verb that contains it."""
    for family, verb in VERBS:
        yield family, verb, verb
        for noun in shape_of(verb).within.values():
            yield family, verb, noun


def placed(verb: type[Element], kind: type[Element], **fields: Any) -> tuple[list[Any], str]:
    """Return a script with one element that has these fields, and the place of that element."""
    if kind is verb:
        return [verb_with(kind, **fields)], "$[0]"
    holder, shape, inner = shape_of(verb), shape_of(kind), dict[str, Any]()
    assert holder.children is not None
    if shape.content and shape.content.required:
        inner[shape.content.encode_name] = content_samples(kind)[1][0]
    for name, info in shape.attributes.items():
        if info.required:
            inner[name] = samples(kind, name, info)[0][0]
    if kind in REQUIRED:
        inner.update(REQUIRED[kind])
    if kind is nouns.Stream:
        inner.setdefault("url", "wss://example.com/")
    if kind is voice.Play and "digits" in fields:
        inner.pop("url", None)
    inner |= {shape.tag_field: shape.name, **fields}
    children = holder.children.encode_name
    within: list[Any] = [inner] if children != "ssml" else ["Hello ", inner]
    whole = verb_with(verb, **{children: within})
    if kind is nouns.Task:
        whole = {"verb": "Enqueue", "workflow_sid": "WW" + "0" * 32, children: within}
    if kind is messaging.Body:
        whole.pop("body")
    return [whole], f"$[0].{children}[{len(within) - 1}]"


GOOD = [
    pytest.param(family, verb, kind, name, value, id=f"{tag_of(verb)}-{tag_of(kind)}-{name}-{str(value)[:20]}")
    for family, verb, kind in holders()
    for name, info in {**shape_of(kind).attributes}.items()
    for value in samples(kind, name, info)[0]
]
BAD = [
    pytest.param(family, verb, kind, name, value, id=f"{tag_of(verb)}-{tag_of(kind)}-{name}-{str(value)[:20]}")
    for family, verb, kind in holders()
    for name, info in {**shape_of(kind).attributes}.items()
    for value in samples(kind, name, info)[1]
]


@pytest.mark.parametrize(("family", "verb", "kind", "name", "value"), GOOD)
def test_an_attribute_within_its_limits_is_valid_twiml(
    family: Family, verb: type[Element], kind: type[Element], name: str, value: Any
) -> None:
    """It has Twilio's name, and the emulator's independent table of TwiML's rules finds no error."""
    script, _ = placed(verb, kind, **{name: value})
    document = twiml(script, family)

    assert errors_in_twiml(document, family) == []
    shown = " ".join(value) if isinstance(value, list) else str(value).lower() if value in (True, False) else str(value)
    if not isinstance(value, bool) and isinstance(value, int):
        shown = str(value)
    assert f'="{escape(shown)}"' in document


@pytest.mark.parametrize(("family", "verb", "kind", "name", "value"), BAD)
def test_an_attribute_outside_its_limits_is_an_error_with_its_place(
    family: Family, verb: type[Element], kind: type[Element], name: str, value: Any
) -> None:
    """It is the only error."""
    script, place = placed(verb, kind, **{name: value})

    assert list(errors_in(script, family)) == [f"{place}.{name}"]


@pytest.mark.parametrize(
    ("family", "verb", "kind"), [one for one in holders() if shape_of(one[2]).content], ids=lambda item: str(item)[-30:]
)
def test_the_text_of_an_element_has_limits_too(family: Family, verb: type[Element], kind: type[Element]) -> None:
    """Words, numbers, names and URLs."""
    name, good, bad = content_samples(kind)
    for value in good:
        script, _ = placed(verb, kind, **{name: value})
        assert read_script(script, family)
    for value in bad:
        script, place = placed(verb, kind, **{name: value})
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

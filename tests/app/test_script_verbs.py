"""Scripts: every verb and attribute at, below and above its limits; JSON, TwiML and back."""

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
from shared.scripts.filling import fill
from shared.scripts.from_twiml import script_of
from shared.scripts.reading import Family, InvalidScript, read_script
from shared.scripts.schema import json_schema
from shared.scripts.verbs import messaging, nouns, voice
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import shape_of, tag_of
from shared.scripts.writing import write_twiml
from tests.support.script_samples import COMPANY, URL, content_samples, samples, scripts, verb_with

VERBS: list[tuple[Family, type[Element]]] = [
    *(("voice", verb) for verb in voice.VERBS),
    *(("messaging", verb) for verb in messaging.VERBS),
]


def twiml(script: list[Any], family: Family = "voice") -> str:
    """Return the TwiML of a script."""
    return str(write_twiml(read_script(script, family), family))


def places(script: object, family: Family = "voice") -> dict[str, str]:
    """Return the faults of a script by their place."""
    with pytest.raises(InvalidScript) as raised:
        read_script(script, family)
    return {fault.field: fault.detail for fault in raised.value.errors}


def holders() -> Iterator[tuple[Family, type[Element], type[Element]]]:
    """Yield each verb, and each noun with the verb that it stands in."""
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
    if kind in COMPANY:
        inner.update(COMPANY[kind])
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
def test_an_attribute_within_its_limits_is_taken_by_us_and_by_twilio(
    family: Family, verb: type[Element], kind: type[Element], name: str, value: Any
) -> None:
    """It is written under Twilio's name, and an independent table of TwiML's rules finds nothing wrong."""
    script, _ = placed(verb, kind, **{name: value})
    document = twiml(script, family)

    faults = [fault for fault in check(ElementTree.fromstring(document), family) if "{{" not in fault]
    assert faults == []
    shown = " ".join(value) if isinstance(value, list) else str(value).lower() if value in (True, False) else str(value)
    if not isinstance(value, bool) and isinstance(value, int):
        shown = str(value)
    assert f'="{escape(shown)}"' in document


@pytest.mark.parametrize(("family", "verb", "kind", "name", "value"), BAD)
def test_an_attribute_outside_its_limits_is_refused_with_its_place(
    family: Family, verb: type[Element], kind: type[Element], name: str, value: Any
) -> None:
    """One fault, at the very place."""
    script, place = placed(verb, kind, **{name: value})

    assert list(places(script, family)) == [f"{place}.{name}"]


@pytest.mark.parametrize(
    ("family", "verb", "kind"), [one for one in holders() if shape_of(one[2]).content], ids=lambda item: str(item)[-30:]
)
def test_the_text_of_an_element_has_limits_too(family: Family, verb: type[Element], kind: type[Element]) -> None:
    """Words, numbers, names and addresses."""
    name, good, bad = content_samples(kind)
    for value in good:
        script, _ = placed(verb, kind, **{name: value})
        assert read_script(script, family)
    for value in bad:
        script, place = placed(verb, kind, **{name: value})
        assert list(places(script, family)) == [f"{place}.{name}"], value


def test_a_script_is_byte_for_byte_what_a_person_writes_with_twilios_builder() -> None:
    """The builder does the writing."""
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


def test_a_message_is_what_a_person_writes_too() -> None:
    """Words alone, and words with pictures."""
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
    """Tell whether `read_script` takes a script."""
    try:
        read_script(script, "voice")
    except InvalidScript:
        return False
    return True


@given(scripts())
def test_a_valid_script_is_twiml_that_twilio_takes_and_comes_back_from_it(script: list[Any]) -> None:
    """An invalid one has a place for each fault; a valid one goes to TwiML and back unchanged."""
    if not is_valid(script):
        assert all(place.startswith("$[") for place in places(script))
        return
    document = twiml(script)

    assert [fault for fault in check(ElementTree.fromstring(document), "voice") if "{{" not in fault] == []
    back, family = script_of(document)
    assert family == "voice"
    assert str(write_twiml(back, "voice")) == document


KEYS = ["verb", "noun", "verbs", "nouns", "text", "ssml", "action"]


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
def test_any_json_is_a_script_or_refused_with_places(value: Any) -> None:
    """Never another exception."""
    if not is_valid(value):
        found = places(value)
        assert found
        assert all(place.startswith("$") and words for place, words in found.items())


BOB = {"noun": "Client", "identity": "bob"}
TASK = {"noun": "Task", "body": "{}"}
WORKFLOW = "WW" + "0" * 32


@pytest.mark.parametrize(
    ("script", "place", "words"),
    [
        ({"verb": "Say"}, "$", "expected a list, got an object"),
        ([5], "$[0]", "expected an object with `verb`, got a number"),
        ([{}], "$[0].verb", "got nothing"),
        ([{"verb": "Sya"}], "$[0].verb", 'got "Sya"'),
        ([{"verb": "Message", "body": "x"}], "$[0].verb", "expected one of Say"),
        ([{"verb": "Say", "text": "x", "txt": "y"}], "$[0].txt", "Say has text, ssml, voice, language, loop"),
        ([{"verb": "Gather"}], "$[0].action", "is required"),
        (
            [{"verb": "Gather", "action": "/a", "num_digits": 0}],
            "$[0].num_digits",
            "expected a whole number from 1 to 1,000, got 0",
        ),
        ([{"verb": "Gather", "action": "/a", "verbs": [{"verb": "Dial"}]}], "$[0].verbs[0].verb", 'got "Dial"'),
        ([{"verb": "Gather", "action": "/a", "hints": "x"}], "$[0].hints", "needs speech"),
        ([{"verb": "Say", "text": "x"}, {"verb": "Reject"}], "$[1]", "only be the first"),
        ([{"verb": "Hangup"}, {"verb": "Say", "text": "x"}], "$[1]", "never reached"),
        ([{"verb": "Redirect", "url": "/a"}, {"verb": "Hangup"}], "$[1]", "never reached"),
        ([{"verb": "Record"}, {"verb": "Say", "text": "x"}], "$[1]", "never reached"),
        ([{"verb": "Dial", "number": "+15551234567", "action": "/a"}, {"verb": "Hangup"}], "$[1]", "never reached"),
        ([{"verb": "Say", "text": "x", "loop": 0}, {"verb": "Hangup"}], "$[1]", "never reached"),
        ([{"verb": "Say"}], "$[0].text", "is required"),
        ([{"verb": "Say", "text": "x", "ssml": ["y"]}], "$[0].ssml", "cannot be combined with text"),
        ([{"verb": "Say", "ssml": [{"ssml": "break"}]}], "$[0].ssml", "is blank"),
        ([{"verb": "Say", "ssml": ["x" * 4097]}], "$[0].ssml", "at most 4,096"),
        ([{"verb": "Say", "ssml": ["a\x07"]}], "$[0].ssml[0]", "XML forbids"),
        ([{"verb": "Play"}], "$[0].url", "is required"),
        ([{"verb": "Dial"}], "$[0].number", "is required"),
        (
            [{"verb": "Dial", "number": "+15551234567", "nouns": [{"noun": "Client", "identity": "b"}]}],
            "$[0].nouns",
            "cannot be combined with number",
        ),
        (
            [
                {
                    "verb": "Dial",
                    "nouns": [{"noun": "Conference", "name": "a"}, {"noun": "Number", "phone_number": "+15551234567"}],
                }
            ],
            "$[0].nouns",
            "the only noun",
        ),
        ([{"verb": "Dial", "nouns": [BOB] * 11}], "$[0].nouns", "at most 10"),
        ([{"verb": "Record", "transcribe_callback": "/a"}], "$[0].transcribe_callback", "needs transcribe"),
        ([{"verb": "Record", "transcribe": True, "max_length": 121}], "$[0].max_length", "at most 120"),
        ([{"verb": "Dial", "nouns": [BOB] * 101}], "$[0].nouns", "expected 0 to 100 items, got 101"),
        ([{"verb": "Enqueue"}], "$[0].name", "is required"),
        (
            [{"verb": "Enqueue", "name": "a", "workflow_sid": WORKFLOW}],
            "$[0].workflow_sid",
            "cannot be combined with name",
        ),
        ([{"verb": "Enqueue", "name": "a", "nouns": [TASK]}], "$[0].nouns", "a Task needs workflow_sid"),
        ([{"verb": "Echo"}, {"verb": "Hangup"}], "$[1]", "Echo lasts until the caller hangs up"),
        ([{"verb": "Play", "url": "/a", "digits": "1"}], "$[0].digits", "cannot be combined with url"),
        ([{"verb": "Say", "text": " "}], "$[0].text", "is blank"),
        ([{"verb": "Start", "nouns": []}], "$[0].nouns", "expected 1 item, got 0"),
        ([], "$", "has no verbs"),
        ([{"verb": []}], "$[0].verb", "got []"),
        ([{"verb": "Say", "text": {"a": 1}}], "$[0].text", "got an object"),
        ([{"verb": "Start", "nouns": [{"noun": "Stream"}]}], "$[0].nouns[0].url", "is required"),
        ([{"verb": "Pause"}] * 501, "$", "at most 500"),
        (
            [{"verb": "Say", "text": "Hello {{From"}],
            "$[0].text",
            "contains {{ at position 6, which does not begin a placeholder",
        ),
        ([{"verb": "Say", "text": "{{From}} and {{To}"}], "$[0].text", "at position 13"),
        ([{"verb": "Say", "text": "{{}}"}], "$[0].text", "at position 0"),
        ([{"verb": "Say", "text": "{{first name}}"}], "$[0].text", "at position 0"),
        ([{"verb": "Say", "text": "{{{From}}}"}], "$[0].text", "at position 0"),
        ([{"verb": "Say", "text": "x", "voice": "{{ {{Body}} }}"}], "$[0].voice", "at position 0"),
        ([{"verb": "Say", "ssml": ["Hello ", "{{From}"]}], "$[0].ssml[1]", "at position 0"),
        ([{"verb": "Say", "ssml": [{"ssml": "p", "words": "{{ From"}]}], "$[0].ssml[0].words", "at position 0"),
        ([{"verb": "Redirect", "url": "/next?to={{To"}], "$[0].url", "at position 9"),
        ([{"verb": "Redirect", "url": "/next?to={{the number}}"}], "$[0].url", "at position 9"),
        ([{"verb": "Dial", "number": "{{ {{Body}} }}"}], "$[0].number", "at position 0"),
        (
            [{"verb": "Dial", "nouns": [{"noun": "Sip", "sip_url": "sip:{{From}}@example.com"}]}],
            "$[0].nouns[0].sip_url",
            "expected a SIP address",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(script: Any, place: str, words: str) -> None:
    """Where, and what is expected there."""
    found = places(script)

    assert list(found) == [place]
    assert words in found[place]


@pytest.mark.parametrize(
    ("within", "place"),
    [
        ('<Say verb="Dial">+15551234567</Say>', "$[0].@verb"),
        ('<Say text="other">Hello</Say>', "$[0].@text"),
        ('<Dial number="+15551234567"/>', "$[0].@number"),
        ('<Gather action="/a" verbs="x"/>', "$[0].@verbs"),
        ('<Dial><Number noun="Client">+15551234567</Number></Dial>', "$[0].nouns[0].@noun"),
        ('<Gather action="/a" numDigits="1" num-digits="2"/>', "$[0].@num-digits"),
        ("Hello<Hangup/>", "$[0]"),
        ("<Hangup/>Hello", "$[1]"),
        ("<Hangup>Hello</Hangup>", "$[0].text()"),
        ("<Hangup><Say>Hello</Say></Hangup>", "$[0].text()"),
        ('<Gather action="/a">Hello</Gather>', "$[0].verbs[0]"),
        ("<Dial><Number>+15551234567</Number>+447700900123</Dial>", "$[0].nouns[1]"),
        ("<Dial><Client>alice<Identity>bob</Identity></Client></Dial>", "$[0].nouns[0].nouns[0].noun"),
        ("", "$"),
    ],
)
def test_what_a_script_cannot_hold_of_a_document_is_a_fault(within: str, place: str) -> None:
    """Neither read as something else nor left out in silence."""
    with pytest.raises(InvalidScript) as raised:
        script_of(f"<Response>{within}</Response>")

    assert place in [fault.field for fault in raised.value.errors]


FIELDS = {"Body": "yes", "RecordingUrl": "https://api.example.com/RE1"}


def filled(verb: dict[str, Any], family: Family = "voice", **fields: str) -> str:
    """Return the TwiML of one verb, filled."""
    return str(write_twiml(fill(read_script([verb], family), {**FIELDS, **fields}), family)).partition("?>")[2]


@pytest.mark.parametrize("value", ["{{x}}", "{{Body}}", "+15551234567{{x}}", "{{+15551234567}} "])
def test_a_value_that_holds_a_placeholder_passes_no_check(value: str) -> None:
    """It is filled, so what it must be it must be now."""
    with pytest.raises(InvalidScript) as raised:
        filled({"verb": "Dial", "number": "{{Body}}"}, Body=value)

    assert [fault.field for fault in raised.value.errors] == ["number"]


@pytest.mark.parametrize("value", ["{{RecordingUrl}}", "{{", "https://example.com/{{From}}"])
def test_no_braces_come_out_of_filling(value: str) -> None:
    """An address that is a placeholder as a whole is the one value that may hold any."""
    with pytest.raises(InvalidScript) as raised:
        filled({"verb": "Play", "url": "{{RecordingUrl}}"}, RecordingUrl=value)

    assert [fault.field for fault in raised.value.errors] == ["url"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("{{Body}}{{ Body }}", "yesyes"), ("{Body}", "{Body}"), ("{ {{Body}} }", "{ yes }"), ("a }} b", "a }} b")],
)
def test_one_brace_is_a_brace_and_two_closing_ones_are_two(text: str, said: str) -> None:
    """Only two opening ones begin something."""
    assert filled({"verb": "Say", "text": text}) == f"<Response><Say>{said}</Say></Response>"


def test_a_value_is_percent_encoded_in_every_address() -> None:
    """Also in a stream's, also its slashes."""
    value = "a/b?c&d"
    stream = {"noun": "Stream", "url": "wss://example.com/{{Body}}"}

    assert 'url="wss://example.com/a%2Fb%3Fc%26d"' in filled({"verb": "Connect", "nouns": [stream]}, Body=value)
    assert ">/next/a%2Fb%3Fc%26d<" in filled({"verb": "Redirect", "url": "/next/{{Body}}"}, Body=value)


def test_a_value_is_bounded() -> None:
    """256 characters, of which none is a brace."""
    assert filled({"verb": "Say", "text": "{{Body}}."}, Body="{" + "x" * 300) == (
        f"<Response><Say>{'x' * 256}.</Say></Response>"
    )


MEDIA = {"noun": "Media", "url": URL}
BLANK = {"noun": "Body", "message": "{{Nothing}}"}


@pytest.mark.parametrize(
    ("message", "document"),
    [
        ({"body": "{{Nothing}}"}, "<Response />"),
        ({"nouns": [BLANK]}, "<Response />"),
        (
            {"body": "{{Nothing}}", "nouns": [MEDIA]},
            f"<Response><Message><Media>{URL}</Media></Message></Response>",
        ),
        ({"nouns": [BLANK, MEDIA]}, f"<Response><Message><Media>{URL}</Media></Message></Response>"),
        ({"body": "{{Body}}"}, "<Response><Message>yes</Message></Response>"),
    ],
)
def test_a_message_without_words_still_has_its_pictures(message: dict[str, Any], document: str) -> None:
    """It is left out where nothing is in it."""
    assert filled({"verb": "Message", **message}, "messaging") == document


def test_all_faults_are_reported_at_once() -> None:
    """In every part of the script."""
    script = [
        {"verb": "Say", "text": "", "loop": -1},
        {"verb": "Gather", "num_digits": 0, "verbs": [{"verb": "Say"}, {"verb": "Hangup"}]},
        "Hello",
    ]

    assert set(places(script)) == {
        "$[0].text",
        "$[0].loop",
        "$[1].action",
        "$[1].num_digits",
        "$[1].verbs[1].verb",
        "$[2]",
    }


@pytest.mark.parametrize("family", ["voice", "messaging"])
def test_the_schema_has_every_verb_with_its_fields(family: Family) -> None:
    """It is made of the same structs, so an editor knows what the app takes."""
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

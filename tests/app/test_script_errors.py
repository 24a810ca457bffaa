"""Errors of scripts: the place of each, and what is expected there."""

from __future__ import annotations

from typing import Any

import pytest

from shared.scripts.from_twiml import script_of
from shared.scripts.reading import InvalidScript
from shared.scripts.verbs.types import HOUSE_RULE
from tests.support.script_samples import errors_in

BOB = {"noun": "Client", "identity": "bob"}


@pytest.mark.parametrize(
    ("script", "place", "words"),
    [
        ({"verb": "Say"}, "$", "expected a list, got an object"),
        ([5], "$[0]", "expected an object with `verb`, got a number"),
        ([{}], "$[0].verb", "got nothing"),
        ([{"verb": "Sya"}], "$[0].verb", 'got "Sya"'),
        ([{"verb": "Message", "body": "x"}], "$[0].verb", "Message cannot be used in a call; use Sms"),
        ([{"verb": "Pay"}], "$[0].verb", "this app's rule: Pay is not supported"),
        ([{"verb": "Say", "text": "x", "txt": "y"}], "$[0].txt", "Say has text, ssml, voice, language, loop"),
        (
            [{"verb": "Gather", "action": "/a", "num_digits": 0}],
            "$[0].num_digits",
            "expected a whole number of at least 1, got 0",
        ),
        (
            [{"verb": "Gather", "action": "/a", "verbs": [{"verb": "Dial"}]}],
            "$[0].verbs[0].verb",
            "Dial cannot be used in Gather",
        ),
        (
            [{"verb": "Gather", "verbs": [{"verb": "Play", "digits": "1"}]}],
            "$[0].verbs[0].digits",
            "cannot be played in a Gather",
        ),
        ([{"verb": "Dial", "nouns": [{"noun": "Sip"}]}], "$[0].nouns[0].sip_url", "is required without a Uri"),
        ([{"verb": "Say", "ssml": ["a", {"ssml": "p"}]}], "$[0].ssml[1].words", "is required without parts"),
        (
            [{"verb": "Say", "ssml": [{"ssml": "p", "words": "a", "parts": ["b"]}]}],
            "$[0].ssml[0].parts",
            "cannot be combined with words",
        ),
        (
            [{"verb": "Say", "ssml": [{"ssml": "p", "parts": ["x" * 4000, {"ssml": "s", "words": "x" * 97}]}]}],
            "$[0].ssml",
            "is 4,097 characters long; at most 4,096",
        ),
        ([{"verb": "Say", "ssml": [{"ssml": "p", "parts": ["{{From"]}]}], "$[0].ssml[0].parts[0]", "at position 0"),
        (
            [{"verb": "Say", "ssml": [{"ssml": "w", "parts": [{"ssml": "p", "words": "a"}]}]}],
            "$[0].ssml[0].parts[0].ssml",
            "p cannot be used in w",
        ),
        (
            [{"verb": "Connect", "nouns": [{"noun": "Stream", "url": "wss://a.example/", "track": "both_tracks"}]}],
            "$[0].nouns[0].track",
            "inbound_track",
        ),
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
        ([{"verb": "Dial", "nouns": [BOB] * 101}], "$[0].nouns", "expected 0 to 100 items, got 101"),
        ([{"verb": "Enqueue"}], "$[0].name", "is required"),
        ([{"verb": "Play", "url": "/a", "digits": "1"}], "$[0].digits", "cannot be combined with url"),
        ([{"verb": "Say", "text": " "}], "$[0].text", "is blank"),
        ([{"verb": "Start", "nouns": []}], "$[0].nouns", "expected 1 to 100 items, got 0"),
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
def test_an_error_has_its_place_and_what_is_expected_there(script: Any, place: str, words: str) -> None:
    """One error, one place."""
    found = errors_in(script)

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
        ("<Hangup>Hello</Hangup>", "$[0].nouns[0]"),
        ("<Echo>Hello</Echo>", "$[0]"),
        ('<Gather action="/a">Hello</Gather>', "$[0].verbs[0]"),
        ("<Dial><Number>+15551234567</Number>+447700900123</Dial>", "$[0].nouns[1]"),
        ("<Dial><Client>alice<Identity>bob</Identity></Client></Dial>", "$[0].nouns[0].nouns[0].noun"),
        ("<Dial><Client><Identity a='b'>bob</Identity></Client></Dial>", "$[0].nouns[0].nouns[0].noun"),
        ("<Dial><Client><Identity>bob</Identity> and alice</Client></Dial>", "$[0].nouns[0].identity"),
    ],
)
def test_a_part_of_a_document_that_no_script_can_contain_is_an_error(within: str, place: str) -> None:
    """It is neither read as something else nor dropped silently."""
    with pytest.raises(InvalidScript) as raised:
        script_of(f"<Response>{within}</Response>")

    assert place in [error.field for error in raised.value.errors]


def test_all_errors_of_a_script_are_reported_together() -> None:
    """In every part of the script."""
    script = [
        {"verb": "Say", "text": "", "loop": -1},
        {"verb": "Gather", "num_digits": 0, "verbs": [{"verb": "Say"}, {"verb": "Hangup"}]},
        "Hello",
    ]

    assert set(errors_in(script)) == {
        "$[0].text",
        "$[0].loop",
        "$[1].num_digits",
        "$[1].verbs[1].verb",
        "$[2]",
    }


@pytest.mark.parametrize(
    ("within", "place", "words"),
    [
        ("<Say>Hi</Say><Message>Hello</Message>", "$[1].verb", "Message cannot be used in a call; use Sms"),
        ("<Message>Hi</Message><Foo/>", "$[1].verb", "expected one of Message, Redirect in a reply to a message"),
        ("<Message>Hi</Message><Body>Hello</Body>", "$[1].verb", "Body cannot be used in a reply to a message"),
        ("<Pay/>", "$[0].verb", "this app's rule: Pay is not supported: it takes payment card numbers"),
        ("<Connect><Autopilot>UA1</Autopilot></Connect>", "$[0].nouns[0].noun", "this app's rule: Autopilot is not"),
        ("<Leave><Say>Hello</Say></Leave>", "$[0]", "Say cannot be used in Leave"),
        ("<Leave>Hello</Leave>", "$[0]", "Leave cannot contain text"),
        ("<Hangup><Say>Hello</Say></Hangup>", "$[0].nouns[0].noun", "Say cannot be used in Hangup"),
        ("<Gather><Dial>+15551234567</Dial></Gather>", "$[0].verbs[0].verb", "Dial cannot be used in Gather"),
        ("<Gather>Hello</Gather>", "$[0].verbs[0]", "Gather contains no text of its own"),
        ("<Dial><Number><Say>Hi</Say>+15551234567</Number></Dial>", "$[0].nouns[0]", "Say cannot be used in Number"),
        ("Hello", "$[0]", "a call contains no text of its own"),
        (
            "<Say colour='red'>Hi</Say>",
            "$[0].@colour",
            "Say has no such attribute (Twilio's warning 12200); it has voice",
        ),
        ("<Echo colour='red'/>", "$[0].@colour", "it has none"),
    ],
)
def test_an_error_in_twiml_names_the_element_and_its_parent(within: str, place: str, words: str) -> None:
    """In terms of XML, not of JSON."""
    with pytest.raises(InvalidScript) as raised:
        script_of(f"<Response>{within}</Response>")

    assert words in {error.field: error.detail for error in raised.value.errors}[place]


@pytest.mark.parametrize(
    "script",
    [
        [{"verb": "Pay"}],
        [{"verb": "Pause"}] * 501,
        [{"verb": "Dial", "nouns": [BOB] * 101}],
        [{"verb": "Record", "recording_configuration_id": "x" * 4001}],
        [{"verb": "Redirect", "url": f"/{'x' * 4000}"}],
        [{"verb": "Redirect", "url": ""}],
        [{"verb": "Say", "text": "{{ name }"}],
        [{"verb": "Play", "url": "/a", "digits": "1"}],
        [{"verb": "Dial", "number": "+15551234567", "nouns": [BOB]}],
        [{"verb": "Enqueue"}],
    ],
    ids=lambda script: str(script)[:60],
)
def test_an_error_that_twilio_would_not_report_says_whose_rule_it_is(script: Any) -> None:
    """Limits and combinations that only this app rejects."""
    assert any(detail.startswith(HOUSE_RULE) for detail in errors_in(script).values())


def nested(levels: int) -> str:
    """Return TwiML with that many levels of elements."""
    return f"<Response><Say>{'<prosody>' * (levels - 1)}a{'</prosody>' * (levels - 1)}</Say></Response>"


def test_elements_are_nested_in_at_most_twenty_levels() -> None:
    """However deep a document is, it is read or rejected with a reason."""
    assert script_of(nested(20))
    for levels in (21, 100, 2000):
        with pytest.raises(InvalidScript) as raised:
            script_of(nested(levels))
        [error] = raised.value.errors
        assert error.detail.startswith(HOUSE_RULE)

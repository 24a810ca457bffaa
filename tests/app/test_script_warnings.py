"""Warnings: what Twilio accepts in a script although it is probably a mistake."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from shared.scripts.reading import InvalidScript, read_script
from shared.scripts.verbs.shape import walk
from shared.scripts.warnings import warnings_of
from tests.support.script_samples import scripts

OWN_PATH = "/api/twiml/menu"
SAY = {"verb": "Say", "text": "x"}
DIAL = {"verb": "Dial", "number": "+15551234567"}
ACTION = {"action": "/a"}
RELAY = {"verb": "Connect", "nouns": [{"noun": "ConversationRelay", "url": "wss://a.example/?a=b"}]}
REFER = {"verb": "Refer", "nouns": [{"noun": "Sip", "sip_url": "sip:a@example.com"}]}
WORKFLOW = {"workflow_sid": "WW" + "0" * 32}


def warnings(script: list[dict[str, Any]]) -> dict[str, str]:
    """Return the warnings about a script by place."""
    return {warning.field: warning.detail for warning in warnings_of(read_script(script, "voice"), OWN_PATH)}


ENDS = [
    {"verb": "Redirect", "url": "/a"},
    {"verb": "Redirect"},
    {"verb": "Hangup"},
    {"verb": "Reject"},
    {"verb": "Gather", "action_on_empty_result": True, **ACTION},
    {**DIAL, **ACTION},
    {"verb": "Enqueue", "name": "a", **ACTION},
    {**RELAY, **ACTION},
    {**REFER, **ACTION},
    {"verb": "Leave"},
    {"verb": "Echo"},
]
GOES_ON = [
    SAY,
    {"verb": "Gather", **ACTION},
    {"verb": "Play", "digits": "1", "loop": 0},
    DIAL,
    {"verb": "Enqueue", "name": "a"},
    RELAY,
    REFER,
]


@pytest.mark.parametrize("verb", ENDS, ids=lambda verb: str(verb)[:60])
def test_a_verb_after_the_end_is_never_reached(verb: dict[str, Any]) -> None:
    """One warning, however many follow; none about the last verb."""
    assert "is never reached: $[0] " in warnings([verb, SAY, SAY])["$[1]"]
    assert "$[2]" not in warnings([verb, SAY, SAY])
    assert warnings([verb]) == {}


@pytest.mark.parametrize("verb", GOES_ON, ids=lambda verb: str(verb)[:60])
def test_a_verb_after_one_that_goes_on_is_reached(verb: dict[str, Any]) -> None:
    """No warning."""
    assert warnings([verb, SAY]) == {}


@pytest.mark.parametrize(
    ("script", "place", "words"),
    [
        ([], "$", "has no verbs"),
        ([{"verb": "Record", **ACTION}, SAY], "$[1]", "only if the recording is empty"),
        ([{"verb": "Say", "text": "x", "loop": 0}, SAY], "$[1]", "only after $[0] has been repeated 1,000 times"),
        ([{"verb": "Play", "url": "/a", "loop": 0}, SAY], "$[1]", "only after $[0]"),
        ([SAY, {"verb": "Reject"}], "$[1]", "is billed"),
        ([{"verb": "Gather"}], "$[0].action", "Twilio requests this document again"),
        ([{"verb": "Record"}], "$[0].action", "Twilio requests this document again"),
        ([{"verb": "Gather", "hints": "x", **ACTION}], "$[0].hints", "without speech"),
        ([{"verb": "Gather", "input": ["dtmf"], "speech_timeout": "3", **ACTION}], "$[0].speech_timeout", "speech"),
        ([{"verb": "Gather", "partial_result_callback": "/a", **ACTION}], "$[0].partial_result_callback", "speech"),
        ([{"verb": "Gather", "input": ["speech"], "num_digits": 1, **ACTION}], "$[0].num_digits", "without dtmf"),
        ([{"verb": "Gather", "input": ["speech"], "finish_on_key": "1", **ACTION}], "$[0].finish_on_key", "dtmf"),
        (
            [{"verb": "Gather", "input": ["speech"], "speech_model": "x", "speech_timeout": "auto", **ACTION}],
            "$[0].speech_timeout",
            "13327",
        ),
        ([{"verb": "Record", "transcribe_callback": "/a", **ACTION}], "$[0].transcribe_callback", "transcribe"),
        (
            [{"verb": "Record", "transcribe": False, "transcribe_callback": "/a", **ACTION}],
            "$[0].transcribe_callback",
            "transcribe",
        ),
        ([{"verb": "Record", "transcribe": True, "max_length": 121, **ACTION}], "$[0].max_length", "120"),
        ([{"verb": "Enqueue", "name": "a", **WORKFLOW}], "$[0].name", "not needed"),
        ([{"verb": "Enqueue", "name": "a", "nouns": [{"noun": "Task", "body": "{}"}]}], "$[0].nouns", "no effect"),
        (
            [{"verb": "Start", "nouns": [{"noun": "Stream", "url": "wss://a.example/?a=b"}]}],
            "$[0].nouns[0].url",
            "query",
        ),
        ([{"verb": "Redirect", "url": "next.xml"}], "$[0].url", "it means /api/twiml/next.xml"),
        ([{"verb": "Play", "url": "example.com/a.mp3"}], "$[0].url", "it means /api/twiml/example.com/a.mp3"),
        (
            [{"verb": "Gather", "action": "next", "verbs": [{"verb": "Play", "url": "a.mp3"}]}],
            "$[0].verbs[0].url",
            "a.mp3",
        ),
    ],
)
def test_what_is_probably_a_mistake_is_a_warning(script: list[Any], place: str, words: str) -> None:
    """At its place, and nothing else; the script is accepted."""
    found = warnings(script)

    assert list(found) == [place]
    assert words in found[place]


@pytest.mark.parametrize(
    "url", ["next", "?a=b", "../answer_call", "./next?a=b.c", "next-{{Digits}}", "/a.xml", "{{RecordingUrl}}"]
)
def test_an_address_that_a_script_can_have_is_no_mistake(url: str) -> None:
    """Relative ones, and what Twilio sends."""
    assert warnings([{"verb": "Redirect", "url": url}]) == {}


@given(scripts())
def test_every_warning_is_about_a_part_of_the_script(script: list[Any]) -> None:
    """Whatever the script: its place begins with that of an element."""
    try:
        read = read_script(script, "voice")
    except InvalidScript:
        return
    places = [place for place, _ in walk(read)]

    assert all(any(one.field.startswith(place) for place in places) for one in warnings_of(read, OWN_PATH))

"""Scripts for tests: valid and invalid values of each attribute, and arbitrary scripts."""

from __future__ import annotations

import secrets
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest
from hypothesis import strategies as st
from msgspec.structs import FieldInfo

from shared.scripts.reading import Family, InvalidScript, read_script
from shared.scripts.verbs import messaging, nouns, voice
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import shape_of

URL = "https://example.com/a?b=1"
SID = "AP" + "0" * 32

MENU = [
    {"verb": "Gather", "num_digits": 1, "action": "/api/twiml/menu", "verbs": [{"verb": "Say", "text": "Press one."}]},
    {"verb": "Say", "text": "Goodbye, {{From}}."},
]


def new_name() -> str:
    """Return a script's name that no other test uses."""
    return f"menu-{secrets.token_hex(6)}"


def errors_in(script: object, family: Family = "voice") -> dict[str, str]:
    """Return the errors of a script by their place."""
    with pytest.raises(InvalidScript) as raised:
        read_script(script, family)
    return {error.field: error.detail for error in raised.value.errors}


# By the field's name: valid texts, invalid texts.
TEXTS: dict[str, tuple[list[str], list[str]]] = {
    "action": ([URL, "/api/twiml/next"], ["", "example.com", "ftp://example.com/", "//example.com", "https://a b/"]),
    "alias": (["World Wide Web"], [""]),
    "application_sid": ([SID], ["AP1"]),
    "body": (["Hello <you> & you", "x" * 1600], ["", "x" * 1601, "\x07"]),
    "caller_id": (["+15005550006", "client:bob", "{{To}}"], ["5005550006", "bob", "{{From}}\x01"]),
    "finish_on_key": (["#", "", "5"], ["a", "ü"]),
    "hints": (["yes, no"], ["", "x" * 1001]),
    "identity": (["bob", "bob@example.com"], ["", "two words", "x" * 257, "{{From}}", "bob\x01"]),
    "language": (["en-GB", "de", "cmn-CN"], ["", "English!", "en_GB"]),
    "language_code": (["en-GB"], ["English!"]),
    "message": (["Hello"], ["", "x" * 1601]),
    "name": (["support", "room 1"], ["", "x" * 129, "\x00"]),
    "number": (["+15551234567", "{{From}}"], ["5551234567", "+0", ""]),
    "ph": (["pi.kahn"], [""]),
    "phone_number": (["+15551234567", "{{From}}"], ["5551234567", "client:bob"]),
    "pitch": (["high", "+10%"], ["10", "higher"]),
    "rate": (["fast", "85%"], ["faster"]),
    "ring_tone": (["uk", "us-old"], ["xx", "UK"]),
    "send_digits": (["ww12#"], ["1,2", "x"]),
    "digits": (["1w2#*"], ["abc", ""]),
    "sip_url": (["sip:alice@example.com", "sips:alice@example.com"], ["alice", "{{SipUri}}", "sip:a\x01@example.com"]),
    "speech_timeout": (["auto", "3"], ["0", "soon"]),
    "text": (["Hello, {{From}}", "x" * 4096], ["", "  ", "x" * 4097, "bell \x07"]),
    "time": (["200ms", "1.5s"], ["200", "1m"]),
    "to": (["+15551234567", "{{From}}"], ["bob"]),
    "from": (["+15005550006"], ["bob"]),
    "url": (
        [URL, "/audio.mp3", "https://example.com/{{CallSid}}", "{{RecordingUrl}}"],
        ["", "a.mp3", "{{Body}}", "http://"],
    ),
    "value": (["gold"], [""]),
    "voice": (["alice", "Polly.Joanna", "Google.en-GB-Chirp3-HD-Aoede"], ["", "Joanna", '"><x', "{{Voice}}\x01"]),
    "volume": (["loud", "+6dB"], ["louder"]),
    "wait_url": (
        ["", URL, "/api/twimlet/holdmusic", "/{{CallSid}}"],
        ["music", "https://{{Body}}/", "https:///", "/a\x01{{CallSid}}", "//example.com"],
    ),
    "words": (["one two"], ["", "\x00"]),
    "xml_lang": (["fr-FR"], ["French!"]),
}
STREAM_URL = (
    ["wss://example.com/audio", "wss://example.com/{{CallSid}}"],
    ["https://example.com/", "/audio", "ws://example.com/", "wss://{{Body}}/", "{{StreamUrl}}"],
)
ENQUEUE_WAIT_URL = ([URL, "/api/twimlet/holdmusic"], ["music"])
SIDS = ([SID], ["x", "AP1"])
LISTS = {
    "input": [["dtmf"], ["speech"], ["dtmf", "speech"]],
    "recording_status_callback_event": [["completed"], ["in-progress", "completed", "absent"]],
    "status_callback_event": [["initiated", "ringing", "answered", "completed"], ["answered"]],
}
CONFERENCE_EVENTS = [["start", "end", "join", "leave"], ["speaker"]]


def parts_of(annotation: Any) -> list[Any]:
    """Return the members of a field's type, without None."""
    if get_origin(annotation) is not None and type(None) in get_args(annotation):
        return [part for part in get_args(annotation) if part is not type(None)]
    return [annotation]


def samples(kind: type[Element], name: str, info: FieldInfo) -> tuple[list[Any], list[Any]]:
    """Return valid and invalid values of an attribute."""
    [annotation] = parts_of(info.type)
    plain = annotation.__origin__ if hasattr(annotation, "__metadata__") else annotation
    if plain is bool:
        return [True, False], ["true", 1]
    if plain is int:
        [limits] = [item for item in annotation.__metadata__ if isinstance(item, msgspec.Meta)]
        low, high = int(limits.ge or 0), int(limits.le or 0)
        return [low, high], [low - 1, high + 1, str(low), float(low) + 0.5]
    if get_origin(plain) is Literal:
        return list(get_args(plain)), ["nonsense", 5]
    if get_origin(plain) is list:
        lists = CONFERENCE_EVENTS if (kind, name) == (nouns.Conference, "status_callback_event") else LISTS[name]
        return list(lists), [[], ["nonsense"], [*lists[0], lists[0][0]], lists[0][0]]
    if kind is nouns.Stream and name == "url":
        return STREAM_URL[0], STREAM_URL[1]
    if kind is nouns.Task and name == "body":
        return ['{"skill": "sales"}'], ["", "x" * 4001]
    if kind is voice.Record and name == "finish_on_key":
        return ["#", "0123456789*#"], ["", "a"]
    if kind is voice.Enqueue and name == "wait_url":
        return ENQUEUE_WAIT_URL[0], ENQUEUE_WAIT_URL[1]
    if name in ("coach", "byoc", "intelligence_service") or name.endswith("_sid"):
        return SIDS[0], SIDS[1]
    if name.endswith(("callback", "callback_url", "_url")) and name not in TEXTS:
        name = "action"
    return TEXTS.get(name, (["text"], ["", "\x00"]))


def content_samples(kind: type[Element]) -> tuple[str, list[Any], list[Any]]:
    """Return the name of an element's text, its valid and its invalid values."""
    content = shape_of(kind).content
    assert content is not None
    return content.encode_name, *samples(kind, content.encode_name, content)


# Fields that make a verb valid, besides the attribute that is tested.
REQUIRED: dict[type[Element], dict[str, Any]] = {
    voice.Say: {"text": "Hello"},
    voice.Play: {"url": URL},
    voice.Gather: {"action": "/api/twiml/next", "input": ["dtmf", "speech"]},
    voice.Record: {"transcribe": True, "max_length": 60},
    voice.Dial: {"number": "+15551234567"},
    voice.Enqueue: {"name": "support"},
    voice.Queue: {"name": "support"},
    voice.Redirect: {"url": URL},
    voice.Sms: {"message": "Hello"},
    voice.Refer: {"nouns": [{"noun": "Sip", "sip_url": "sip:a@example.com"}]},
    voice.Start: {"nouns": [{"noun": "Stream", "url": "wss://example.com/"}]},
    voice.Stop: {"nouns": [{"noun": "Stream", "name": "tap"}]},
    voice.Connect: {"nouns": [{"noun": "Stream", "url": "wss://example.com/"}]},
    messaging.Message: {"body": "Hello"},
}
EXCLUDED_BY = {
    (voice.Play, "digits"): "url",
    (voice.Enqueue, "workflow_sid"): "name",
    (voice.Say, "ssml"): "text",
    (voice.Dial, "nouns"): "number",
}


def verb_with(kind: type[Element], **fields: Any) -> dict[str, Any]:
    """Return the JSON of a verb with these fields; the rest of it is valid."""
    made = {"verb": shape_of(kind).name, **REQUIRED.get(kind, {})}
    for name in fields:
        made.pop(EXCLUDED_BY.get((kind, name), ""), None)
    if kind is voice.Record and "max_length" in fields:
        made["transcribe"] = False
    return {**made, **fields}


def elements(kind: type[Element]) -> st.SearchStrategy[dict[str, Any]]:
    """Return arbitrary JSON of a verb or noun, with each part valid."""
    shape = shape_of(kind)
    optional = {
        name: st.sampled_from(samples(kind, name, info)[0])
        for name, info in shape.attributes.items()
        if not info.required
    }
    required: dict[str, st.SearchStrategy[Any]] = {shape.tag_field: st.just(shape.name)}
    for name, info in shape.attributes.items():
        if info.required:
            required[name] = st.sampled_from(samples(kind, name, info)[0])
    if shape.content and shape.content.required:
        name, good, _ = content_samples(kind)
        required[name] = st.sampled_from(good)
    return st.fixed_dictionaries(required, optional=optional)


def inner(kind: type[Element], name: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return arbitrary children of `kind` with the name `name`."""
    return st.lists(elements(shape_of(kind).within[name]), min_size=1, max_size=3)


def dialling(noun: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return arbitrary Dials with nouns of one kind; some kinds must be the only noun."""
    most = 1 if noun in ("Conference", "Queue", "Application") else 3
    return st.tuples(elements(voice.Dial), inner(voice.Dial, noun)).map(
        lambda both: {**both[0], "nouns": both[1][:most]}
    )


def scripts() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return arbitrary voice scripts of valid verbs, which may be invalid in combination."""
    said = elements(voice.Say).map(lambda verb: {"text": "Hello", **verb})
    ssml = st.lists(
        st.one_of(st.sampled_from(["Hello", " and "]), *[elements(one) for one in shape_of(voice.Say).within.values()]),
        min_size=1,
        max_size=4,
    )
    spoken = elements(voice.Say).flatmap(lambda verb: ssml.map(lambda parts: {**verb, "ssml": parts}))
    played = elements(voice.Play).map(lambda verb: verb if "digits" in verb else {"url": URL, **verb})
    gathered = st.tuples(elements(voice.Gather), st.lists(st.one_of(said, played), max_size=2)).map(
        lambda both: {"input": ["dtmf", "speech"], **both[0], **({"verbs": both[1]} if both[1] else {})}
    )
    dialled = st.one_of(
        elements(voice.Dial).map(lambda verb: {"number": "+15551234567", **verb}),
        *[dialling(name) for name in shape_of(voice.Dial).within],
    )
    begun = st.tuples(
        elements(voice.Start), st.one_of(*[inner(voice.Start, n) for n in shape_of(voice.Start).within])
    ).map(
        lambda both: {
            "verb": "Start",
            "nouns": [{**({"url": "wss://example.com/"} if both[1][0]["noun"] == "Stream" else {}), **both[1][0]}],
        }
    )
    plain = [
        elements(kind) for kind in (voice.Pause, voice.Record, voice.Queue, voice.Redirect, voice.Hangup, voice.Sms)
    ]
    return st.lists(st.one_of(said, spoken, played, gathered, dialled, begun, *plain), min_size=1, max_size=4)

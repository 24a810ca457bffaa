"""Scripts for tests: valid and invalid values of each attribute, and arbitrary scripts."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest
from hypothesis import strategies as st
from msgspec.structs import FieldInfo

from shared.scripts.reading import FAMILIES, Family, InvalidScript, read_script
from shared.scripts.verbs import messaging, nouns, streams, voice
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import shape_of

URL = "https://example.com/a?b=1"

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
    "action": (
        [URL, "/api/twiml/next", "next", "../next", "?a=b", "menu/{{Digits}}"],
        ["", "ftp://example.com/", "//example.com", "https://a b/", "{{Body}}", "mailto:a@b.example", "x" * 4001],
    ),
    "alias": (["World Wide Web"], [""]),
    "body": (["Hello <you> & you", "x" * 1600], ["", "x" * 1601, "\x07"]),
    "caller_id": (["+15005550006", "client:bob", "{{To}}"], ["order 5005550006", "two words", "{{From}}\x01"]),
    "finish_on_key": (["#", "", "5"], ["a", "ü"]),
    "call_reason": (["Your order"], ["", "x" * 51]),
    "code": (["en-GB", "multi"], ["English!"]),
    "hints": (
        ["yes, no", "$OOV_CLASS_DIGIT_SEQUENCE", ", ".join(["x" * 100] * 500)],
        ["", " , ", "x" * 101, ",".join("x" * 501)],
    ),
    "identity": (["bob", "bob@example.com"], ["", "two words", "x" * 257, "{{From}}", "bob\x01"]),
    "language": (["en-GB", "de", "cmn-CN"], ["", "English!", "en_GB"]),
    "language_code": (["en-GB"], ["English!"]),
    "message": (["Hello"], ["", "x" * 1601]),
    "name": (["support", "room 1"], ["", "x" * 4001, "\x00"]),
    "number": (["+15551234567", "{{From}}"], ["order 5551234567", "+0", ""]),
    "ph": (["pi.kahn"], [""]),
    "phone_number": (["+15551234567", "{{From}}"], ["order 5551234567", "client:bob"]),
    "participant_label": (["agent 7", "x" * 128], ["", "x" * 129, "a/b", "a%2fb", "CA" + "0" * 32]),
    "pitch": (["high", "+10%"], ["10", "higher"]),
    "rate": (["fast", "85%"], ["faster"]),
    "ring_tone": (["uk", "us-old"], ["xx", "UK"]),
    "send_digits": (["ww12#AD"], ["1,2", "x", "E"]),
    "digits": (["1w2#*", "w" * 40 + "1"], ["abc", ""]),
    "sip_url": (
        ["sip:alice@example.com;transport=tcp", f"sips:a@{'x' * 247}", f"sip:a@example.com?x-a={'b' * 1019}"],
        ["alice", "{{SipUri}}", "sip:a\x01@example.com", f"sips:a@{'x' * 248}", f"sip:a@example.com?x-a={'b' * 1020}"],
    ),
    "speech_timeout": (["auto", "3"], ["0", "soon"]),
    "transcription_language": (["en-GB", "multi"], ["English!"]),
    "tts_language": (["en-GB"], ["English!"]),
    "text": (["Hello, {{From}}", "x" * 4096], ["", "  ", "x" * 4097, "bell \x07"]),
    "time": (["200ms", "1.5s"], ["200", "1m"]),
    "to": (["+15551234567", "{{From}}"], ["bob"]),
    "from": (["+15005550006"], ["bob"]),
    "url": (
        [URL, "/audio.mp3", "a.mp3", "https://example.com/{{CallSid}}", "{{RecordingUrl}}"],
        ["", "{{Body}}", "http://"],
    ),
    "value": (["gold", ""], ["\x00"]),
    "voice": (["alice", "Polly.Joanna", "Google.en-GB-Chirp3-HD-Aoede"], ["", "Joanna", '"><x', "{{Voice}}\x01"]),
    "volume": (["loud", "+6dB"], ["louder"]),
    "wait_url": (
        ["", URL, "/api/twimlet/holdmusic", "/{{CallSid}}"],
        ["https://{{Body}}/", "https:///", "/a\x01{{CallSid}}", "//example.com"],
    ),
    "words": (["one two"], ["", "\x00"]),
    "xml_lang": (["fr-FR"], ["French!"]),
}
STREAM_URL = (
    ["wss://example.com/audio", "wss://example.com/{{CallSid}}"],
    ["https://example.com/", "/audio", "ws://example.com/", "wss://{{Body}}/", "{{StreamUrl}}"],
)
# By the field's name, or the noun's: what its SID begins with.
SID_PREFIXES = {
    "application_sid": "AP",
    "byoc": "BY",
    "coach": "CA",
    "post_work_activity_sid": "WA",
    "reservation_sid": "WR",
    "service_instance_sid": "IS",
    "sim_sid": "DE",
    "workflow_sid": "WW",
}
QUEUE_NAMES = (["support", "x" * 64], ["", "x" * 65])
RELAY_VOICES = (["en-US-Journey-O", "UgBBYS2sOqTuMpoF3BR0"], [""])
LISTS = {
    "input": [["dtmf"], ["speech"], ["dtmf", "speech"]],
    "recording_status_callback_event": [["completed"], ["in-progress", "completed", "absent"]],
    "status_callback_event": [["initiated", "ringing", "answered", "completed"], ["answered"]],
}
EVENTS = {
    nouns.Conference: [["start", "end", "join", "leave"], ["speaker"]],
    streams.Conversation: [["call-initiated", "call-completed"]],
}


def parts_of(annotation: Any) -> list[Any]:
    """Return the members of a field's type, without None."""
    if get_origin(annotation) is not None and type(None) in get_args(annotation):
        return [part for part in get_args(annotation) if part is not type(None)]
    return [annotation]


def samples(kind: type[Element], name: str, info: FieldInfo) -> tuple[list[Any], list[Any]]:
    """Return valid and invalid values of an attribute."""
    first, *others = parts_of(info.type)
    good, bad = samples_of_type(kind, name, first)
    return good + [value for part in others for value in samples_of_type(kind, name, part)[0]], bad


def samples_of_type(kind: type[Element], name: str, annotation: Any) -> tuple[list[Any], list[Any]]:
    """Return valid and invalid values of one part of an attribute's type."""
    plain = annotation.__origin__ if hasattr(annotation, "__metadata__") else annotation
    if plain is bool:
        return [True, False], ["true", 1]
    if plain is int:
        [limits] = [item for item in annotation.__metadata__ if isinstance(item, msgspec.Meta)]
        low, high = int(limits.ge or 0), limits.le
        above = [] if high is None else [int(high) + 1]
        return [low, int(high or 10**6)], [low - 1, *above, str(low), float(low) + 0.5]
    if get_origin(plain) is Literal:
        return list(get_args(plain)), ["nonsense", 5]
    if get_origin(plain) is list:
        lists = EVENTS.get(kind) if name == "status_callback_event" else None
        lists = lists or LISTS[name]
        return list(lists), [[], ["nonsense"], [*lists[0], lists[0][0]], lists[0][0]]
    return samples_of_text(kind, name)


def samples_of_text(kind: type[Element], name: str) -> tuple[list[Any], list[Any]]:
    """Return valid and invalid texts of an attribute."""
    if prefix := SID_PREFIXES.get(name):
        return [prefix + "0" * 32, prefix + "aF" * 16], ["x", f"{prefix}1", "XX" + "0" * 32, "AC" + "0" * 32]
    if issubclass(kind, streams.Stream | streams.ConversationRelay) and name == "url":
        return STREAM_URL
    if issubclass(kind, streams.ConversationRelay | streams.SpokenLanguage) and name == "voice":
        return RELAY_VOICES
    if issubclass(kind, streams.ConversationRelay | streams.SpokenLanguage) and name == "hints":
        return ["yes, no"], [""]
    if issubclass(kind, streams.ConversationRelay) and name == "speech_timeout":
        return ["600", "auto"], [""]
    if kind is nouns.Task and name == "body":
        return ['{"skill": "sales"}'], ["", "x" * 4001]
    if kind is voice.Record and name == "finish_on_key":
        return ["#", "0123456789*#"], ["", "a"]
    if kind in (voice.Enqueue, voice.Queue, nouns.Queue) and name == "name":
        return QUEUE_NAMES
    if name == "welcome_greeting":
        return ["Hello", ""], ["\x00"]
    if name.endswith(("callback", "callback_url", "_url")) and name not in TEXTS:
        name = "action"
    return TEXTS.get(name, (["text"], ["", "\x00"]))


def content_samples(kind: type[Element]) -> tuple[str, list[Any], list[Any]]:
    """Return the name of an element's text, its valid and its invalid values."""
    content = shape_of(kind).content
    assert content is not None
    return content.encode_name, *samples(kind, content.encode_name, content)


# Fields that make an element valid, besides the attribute that is tested.
REQUIRED: dict[type[Element], dict[str, Any]] = {
    voice.Say: {"text": "Hello"},
    voice.Play: {"url": URL},
    voice.Gather: {"input": ["dtmf", "speech"]},
    voice.Dial: {"number": "+15551234567"},
    voice.Enqueue: {"name": "support"},
    voice.Refer: {"nouns": [{"noun": "Sip", "sip_url": "sip:a@example.com"}]},
    voice.Start: {"nouns": [{"noun": "Stream", "url": "wss://example.com/"}]},
    voice.Stop: {"nouns": [{"noun": "Stream", "name": "tap"}]},
    voice.Connect: {"nouns": [{"noun": "Stream", "url": "wss://example.com/"}]},
    nouns.Sip: {"sip_url": "sip:a@example.com"},
    streams.Stream: {"url": "wss://example.com/"},
    streams.ConnectStream: {"url": "wss://example.com/"},
    messaging.Message: {"body": "Hello"},
}
EXCLUDED_BY = {
    (voice.Play, "digits"): "url",
    (voice.Say, "ssml"): "text",
    (voice.Dial, "nouns"): "number",
    (messaging.Message, "nouns"): "body",
}
Path = tuple[type[Element], ...]


def paths() -> Iterator[tuple[Family, Path]]:
    """Yield a way to each kind of element, from a verb to what is nested in it; each kind once."""
    seen: set[type[Element]] = set()
    waiting: list[tuple[Family, Path]] = [
        (family, (kind,)) for family in FAMILIES for kind in FAMILIES[family].values()
    ]
    for family, path in waiting:
        if path[-1] not in seen:
            seen.add(path[-1])
            yield family, path
            waiting += [(family, (*path, kind)) for kind in shape_of(path[-1]).within.values()]


def element_with(kind: type[Element], **fields: Any) -> dict[str, Any]:
    """Return the JSON of an element with these fields; the rest of it is valid."""
    shape = shape_of(kind)
    made = {shape.tag_field: shape.name, **REQUIRED.get(kind, {})}
    if "parts" in shape.fields and "parts" not in fields:
        made["words"] = "one"
    for info in shape.fields.values():
        if info.required and info.encode_name not in made and info is not shape.children:
            made[info.encode_name] = samples(kind, info.encode_name, info)[0][0]
    for name in fields:
        made.pop(EXCLUDED_BY.get((kind, name), ""), None)
    return {**made, **fields}


def placed(path: Path, **fields: Any) -> tuple[list[Any], str]:
    """Return a script with one element that has these fields, and the place of that element."""
    made = element_with(path[-1], **fields)
    place = ""
    for holder in reversed(path[:-1]):
        children = shape_of(holder).children
        assert children is not None
        within: list[Any] = ["Hello ", made] if shape_of(holder).takes_words else [made]
        place = f".{children.encode_name}[{len(within) - 1}]{place}"
        made = element_with(holder, **{children.encode_name: within})
    return [made], f"$[0]{place}"


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
    if shape.content and (shape.content.required or kind is nouns.Sip or "parts" in shape.fields):
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
    holders: list[type[Element]] = [voice.Start, voice.Connect]
    begun = st.sampled_from(holders).flatmap(
        lambda kind: st.one_of(*[inner(kind, name) for name in shape_of(kind).within]).map(
            lambda within: {
                "verb": shape_of(kind).name,
                "nouns": [{**({"url": "wss://example.com/"} if within[0]["noun"] == "Stream" else {}), **within[0]}],
            }
        )
    )
    plain = [
        elements(kind) for kind in (voice.Pause, voice.Record, voice.Queue, voice.Redirect, voice.Hangup, voice.Sms)
    ]
    return st.lists(st.one_of(said, spoken, played, gathered, dialled, begun, *plain), min_size=1, max_size=4)

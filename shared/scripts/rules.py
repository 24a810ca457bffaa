"""Rules for elements in combination: fields that require or exclude each other.

What Twilio accepts although it is probably a mistake is in warnings.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urljoin

from shared import patterns
from shared.errors import FieldIssue
from shared.scripts.verbs import messaging, nouns, ssml, streams, voice
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import tag_of, walk
from shared.scripts.verbs.types import HOUSE_RULE, check_text
from shared.twiml_builder import SAY_LIMIT

# https://www.twilio.com/docs/voice/twiml/number
MOST_DIALLED = 10
# https://www.twilio.com/docs/messaging/twiml/message
MOST_MEDIA = 10


def check_script(script: Sequence[Element]) -> Iterator[FieldIssue]:
    """Yield the errors of a script whose elements are each valid."""
    for place, element in walk(script):
        yield from check_combination(element, place)


def check_redirects(script: Sequence[Element], own_path: str) -> Iterator[FieldIssue]:
    """Yield an error for a Redirect to the script itself that a caller can only leave by hanging up."""
    for index, verb in enumerate(script):
        if isinstance(verb, voice.Redirect) and urljoin(own_path, verb.url or "").partition("?")[0] == own_path:
            words = f"{HOUSE_RULE}is an endless loop: nothing before it lets the caller do anything"
            yield FieldIssue(f"$[{index}].url", words)
        if not isinstance(verb, voice.Say | voice.Play | voice.Pause):
            return


def check_combination(element: Element, place: str) -> Iterator[FieldIssue]:
    """Yield errors of an element's fields that require or exclude each other."""
    match element:
        case voice.Say(text=None, ssml=None):
            yield FieldIssue(f"{place}.text", "is required without ssml")
        case voice.Say(text=str(), ssml=list()):
            yield FieldIssue(f"{place}.ssml", "cannot be combined with text")
        case voice.Say(ssml=list() as parts):
            yield from check_words(parts, f"{place}.ssml")
        case ssml.Emphasis() | ssml.Lang() | ssml.P() | ssml.Prosody() | ssml.S() | ssml.W():
            yield from check_ssml(element, place)
        case voice.Play(url=None, digits=None):
            yield FieldIssue(f"{place}.url", "is required without digits")
        case voice.Play(url=str(), digits=str()):
            yield FieldIssue(f"{place}.digits", f"{HOUSE_RULE}cannot be combined with url")
        case voice.Gather(verbs=list(verbs)):
            for index, inner in enumerate(verbs):
                if isinstance(inner, voice.Play) and inner.digits:
                    yield FieldIssue(f"{place}.verbs[{index}].digits", "cannot be played in a Gather")
        case voice.Dial():
            yield from check_dial(element, place)
        case nouns.Sip(sip_url=None) if not any(isinstance(noun, nouns.Uri) for noun in element.nouns or []):
            yield FieldIssue(f"{place}.sip_url", "is required without a Uri in nouns")
        case voice.Enqueue(name=None, workflow_sid=None):
            yield FieldIssue(f"{place}.name", f"{HOUSE_RULE}is required without workflow_sid")
        case voice.Start(nouns=list(within)) | voice.Connect(nouns=list(within)):
            for index, noun in enumerate(within):
                if isinstance(noun, streams.Stream) and not (noun.url or noun.connector_name):
                    yield FieldIssue(f"{place}.nouns[{index}].url", "is required without connector_name")
        case messaging.Message(body=None, nouns=None | []):
            yield FieldIssue(f"{place}.body", "is required without nouns")
        case messaging.Message(body=str(), nouns=list(within)) if any(
            isinstance(noun, messaging.Body) for noun in within
        ):
            yield FieldIssue(f"{place}.nouns", "a Body cannot be combined with body")
        case messaging.Message(nouns=list(within)):
            if sum(isinstance(noun, messaging.Media) for noun in within) > MOST_MEDIA:
                yield FieldIssue(f"{place}.nouns", f"expected at most {MOST_MEDIA} Media")


def check_ssml(element: ssml.Nesting, place: str) -> Iterator[FieldIssue]:
    """Yield errors of an SSML element that has its text in `words`, or in `parts`."""
    if element.words is None and element.parts is None:
        yield FieldIssue(f"{place}.words", "is required without parts")
    if element.words is not None and element.parts is not None:
        yield FieldIssue(f"{place}.parts", "cannot be combined with words")


def check_words(parts: Sequence[object], place: str) -> Iterator[FieldIssue]:
    """Yield errors of the text in a Say with SSML."""
    total = 0
    for inner, words in words_in(parts, place):
        total += len(words)
        try:
            check_text(words)
        except ValueError as error:
            yield FieldIssue(inner, str(error))
    if not total:
        yield FieldIssue(place, "is blank")
    if total > SAY_LIMIT:
        yield FieldIssue(place, f"is {total:,} characters long; at most {SAY_LIMIT:,} are allowed")


def words_in(parts: Sequence[object], place: str) -> Iterator[tuple[str, str]]:
    """Yield all text in SSML, each with its place."""
    for index, part in enumerate(parts):
        here = f"{place}[{index}]"
        if isinstance(part, str):
            yield here, part
        else:
            yield f"{here}.words", getattr(part, "words", None) or ""
            yield from words_in(getattr(part, "parts", None) or [], f"{here}.parts")


def check_dial(verb: voice.Dial, place: str) -> Iterator[FieldIssue]:
    """Yield errors of a Dial's number and nouns."""
    within = verb.nouns or []
    if verb.number is None and not within:
        yield FieldIssue(f"{place}.number", "is required without nouns")
    if verb.number is not None and within:
        yield FieldIssue(f"{place}.nouns", f"{HOUSE_RULE}cannot be combined with number")
    alone = [noun for noun in within if isinstance(noun, nouns.Conference | nouns.Queue | nouns.Application)]
    if alone and len(within) > 1:
        yield FieldIssue(f"{place}.nouns", f"{tag_of(type(alone[0]))} must be the only noun")
    if re.fullmatch(patterns.CALLER_NAME, verb.caller_id or "") and (
        verb.number or any(isinstance(noun, nouns.Number) for noun in within)
    ):
        yield FieldIssue(f"{place}.caller_id", "expected a number like +15005550006, since a number is called")
    if len(within) > MOST_DIALLED:
        yield FieldIssue(f"{place}.nouns", f"expected at most {MOST_DIALLED}, got {len(within)}")

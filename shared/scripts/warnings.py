"""What Twilio accepts in a script although it is probably a mistake; none of it rejects the script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urljoin, urlsplit

from shared.errors import FieldIssue
from shared.scripts.addresses import addresses_in
from shared.scripts.store import NAME
from shared.scripts.verbs import streams, voice
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.shape import walk
from shared.scripts.verbs.types import PLACEHOLDER, is_relative

SPEECH_ONLY = (
    "speech_timeout",
    "hints",
    "speech_model",
    "enhanced",
    "profanity_filter",
    "max_speech_time",
    "partial_result_callback",
)
KEYS_ONLY = ("num_digits", "finish_on_key")
# https://www.twilio.com/docs/voice/twiml/record#attributes-transcribe
MOST_TRANSCRIBED = 120


def warnings_of(script: Sequence[Element], own_path: str) -> list[FieldIssue]:
    """Return the warnings about a script that is served at `own_path`, each with its place."""
    if not script:
        return [FieldIssue("$", "has no verbs: a call ends immediately, a message gets no reply")]
    found = [*warn_of_order(script)]
    for place, element in walk(script):
        found += warn(element, place)
    return found + list(warn_of_addresses(script, own_path))


def warn_of_order(script: Sequence[Element]) -> Iterator[FieldIssue]:
    """Yield the verbs that are never reached, or not in the way that their place suggests."""
    for index, verb in enumerate(script):
        place = f"$[{index}]"
        if index and isinstance(verb, voice.Reject):
            yield FieldIssue(place, "ends a call that the verb before it has answered, and that is billed")
        if index + 1 == len(script):
            return
        after = f"$[{index + 1}]"
        if why := why_it_ends(verb, place):
            yield FieldIssue(after, f"is never reached: {why}")
            return
        if why := why_seldom_reached(verb, place):
            yield FieldIssue(after, f"is reached only {why}")


def why_it_ends(verb: Element, place: str) -> str:
    """Return why the next verb is never reached, or "" if it may be."""
    match verb:
        case voice.Redirect():
            return f"{place} Redirect continues with another document"
        case voice.Hangup():
            return f"{place} Hangup ends the call"
        case voice.Reject():
            return f"{place} Reject ends the call"
        case voice.Gather(action_on_empty_result=True):
            return f"{place} Gather continues with its action, even without input"
        case voice.Dial(action=str()):
            return f"{place} Dial continues with its action"
        case voice.Enqueue(action=str()):
            return f"{place} Enqueue continues with its action"
        case voice.Connect(action=str()):
            return f"{place} Connect continues with its action"
        case voice.Refer(action=str()):
            return f"{place} Refer continues with its action"
        case voice.Leave():
            return f"{place} Leave continues after the Enqueue"
        case voice.Echo():
            return f"{place} Echo lasts until the caller hangs up"
    return ""


def why_seldom_reached(verb: Element, place: str) -> str:
    """Return when the next verb is reached, if that is an exception, or ""."""
    match verb:
        case voice.Record(action=None):
            return f"if the recording is empty: {place} Record continues with this document from its start"
        case voice.Record():
            return f"if the recording is empty: {place} Record continues with its action"
        case voice.Say(loop=0) | voice.Play(loop=0, digits=None):
            return f"after {place} has been repeated 1,000 times"
    return ""


def warn(element: Element, place: str) -> Iterator[FieldIssue]:
    """Yield what is probably a mistake in one element."""
    match element:
        case voice.Gather():
            yield from warn_of_gather(element, place)
        case voice.Record():
            yield from warn_of_record(element, place)
        case voice.Enqueue(name=str(), workflow_sid=str()):
            yield FieldIssue(f"{place}.name", "is not needed with workflow_sid")
        case voice.Enqueue(nouns=list(), workflow_sid=None):
            yield FieldIssue(f"{place}.nouns", "has no effect without workflow_sid")
        case streams.Stream(url=str(url)) if "?" in url:
            yield FieldIssue(f"{place}.url", "has a query, which Twilio does not send; use a Parameter")


def warn_of_gather(verb: voice.Gather, place: str) -> Iterator[FieldIssue]:
    """Yield what has no effect in a Gather, and what it does without an action."""
    if verb.action is None:
        words = "is not given: with what the caller enters, Twilio requests this document again"
        yield FieldIssue(f"{place}.action", words)
    kinds = verb.input or ["dtmf"]
    for kind, fields in (("speech", SPEECH_ONLY), ("dtmf", KEYS_ONLY)):
        for field in fields:
            if kind not in kinds and getattr(verb, field) is not None:
                yield FieldIssue(f"{place}.{field}", f"has no effect without {kind} in input")
    if verb.speech_model and verb.speech_timeout == "auto":
        words = "should be a number with speech_model: https://www.twilio.com/docs/api/errors/13327"
        yield FieldIssue(f"{place}.speech_timeout", words)


def warn_of_record(verb: voice.Record, place: str) -> Iterator[FieldIssue]:
    """Yield what has no effect in a Record, and what it does without an action."""
    if verb.action is None:
        yield FieldIssue(f"{place}.action", "is not given: after the recording, Twilio requests this document again")
    if verb.transcribe_callback and not verb.transcribe:
        yield FieldIssue(f"{place}.transcribe_callback", "has no effect without transcribe")
    if verb.transcribe and (verb.max_length or 0) > MOST_TRANSCRIBED:
        words = f"is more than {MOST_TRANSCRIBED}: Twilio does not transcribe a longer recording"
        yield FieldIssue(f"{place}.max_length", words)


def warn_of_addresses(script: Sequence[Element], own_path: str) -> Iterator[FieldIssue]:
    """Yield relative addresses that lead to a script with a name that no script can have."""
    scripts = urljoin(own_path, ".")
    for place, value in addresses_in(script):
        if not is_relative(value) or PLACEHOLDER.search(value):
            continue
        path = urlsplit(urljoin(own_path, value)).path
        if path.startswith(scripts) and not re.fullmatch(NAME, path.removeprefix(scripts)):
            yield FieldIssue(place, f"is relative to this script, so it means {path}, which no script can have")

"""Rules for verbs in combination: their order, fields that exclude each other, and verbs that are never reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from shared.errors import FieldIssue
from shared.scripts.verbs import messaging, nouns, voice
from shared.scripts.verbs.element import Element
from shared.scripts.verbs.types import check_text
from shared.twiml_builder import SAY_LIMIT


def check_script(script: Sequence[Element], family: Literal["voice", "messaging"]) -> Iterator[FieldIssue]:
    """Yield the errors of a script whose verbs are each valid."""
    ended = ""
    for index, verb in enumerate(script):
        place = f"$[{index}]"
        if ended:
            yield FieldIssue(place, f"is never reached: {ended}")
            return
        if isinstance(verb, voice.Reject) and index:
            yield FieldIssue(place, "Reject can only be the first verb: after any other, the call has been answered")
        yield from check_combination(verb, place)
        ended = why_it_ends(verb, place)


def check_redirects(script: Sequence[Element], own_path: str) -> Iterator[FieldIssue]:
    """Yield an error for a Redirect to the script itself that a caller can only leave by hanging up."""
    for index, verb in enumerate(script):
        if isinstance(verb, voice.Redirect) and verb.url.partition("?")[0] == own_path:
            yield FieldIssue(f"$[{index}].url", "is an endless loop: nothing before it lets the caller do anything")
        if not isinstance(verb, voice.Say | voice.Play | voice.Pause):
            return


def why_it_ends(verb: Element, place: str) -> str:
    """Return why the next verb is never reached, or "" if it is."""
    match verb:
        case voice.Redirect():
            return f"{place} Redirect continues with another document"
        case voice.Hangup():
            return f"{place} Hangup ends the call"
        case voice.Reject():
            return f"{place} Reject does not answer the call"
        case voice.Record():
            return f"{place} Record continues with its action, or with this document from its start"
        case voice.Dial(action=str()):
            return f"{place} Dial continues with its action"
        case voice.Enqueue(action=str()):
            return f"{place} Enqueue continues with its action"
        case voice.Connect(action=str()):
            return f"{place} Connect continues with its action"
        case voice.Leave():
            return f"{place} Leave continues after the Enqueue"
        case voice.Echo():
            return f"{place} Echo lasts until the caller hangs up"
        case voice.Say(loop=0) | voice.Play(loop=0):
            return f"{place} is repeated until the caller hangs up"
    return ""


def check_combination(verb: Element, place: str) -> Iterator[FieldIssue]:
    """Yield errors of fields that require or exclude each other."""
    match verb:
        case voice.Say(text=None, ssml=None):
            yield FieldIssue(f"{place}.text", "is required without ssml")
        case voice.Say(text=str(), ssml=list()):
            yield FieldIssue(f"{place}.ssml", "cannot be combined with text")
        case voice.Say(ssml=list() as parts):
            yield from check_words(parts, place)
        case voice.Play(url=None, digits=None):
            yield FieldIssue(f"{place}.url", "is required without digits")
        case voice.Play(url=str(), digits=str()):
            yield FieldIssue(f"{place}.digits", "cannot be combined with url")
        case voice.Gather():
            yield from check_gather(verb, place)
        case voice.Record(transcribe_callback=str(), transcribe=None | False):
            yield FieldIssue(f"{place}.transcribe_callback", "needs transcribe to be true")
        case voice.Record(transcribe=True, max_length=int(seconds)) if seconds > 120:
            yield FieldIssue(f"{place}.max_length", f"expected at most 120 with transcribe, got {seconds}")
        case voice.Dial():
            yield from check_dial(verb, place)
        case voice.Enqueue(name=None, workflow_sid=None):
            yield FieldIssue(f"{place}.name", "is required without workflow_sid")
        case voice.Enqueue(name=str(), workflow_sid=str()):
            yield FieldIssue(f"{place}.workflow_sid", "cannot be combined with name")
        case voice.Enqueue(nouns=list(), workflow_sid=None):
            yield FieldIssue(f"{place}.nouns", "a Task needs workflow_sid")
        case voice.Start(nouns=[nouns.Stream(url=None)]) | voice.Connect(nouns=[nouns.Stream(url=None)]):
            yield FieldIssue(f"{place}.nouns[0].url", "is required")
        case messaging.Message(body=None, nouns=None | []):
            yield FieldIssue(f"{place}.body", "is required without nouns")
        case messaging.Message(body=str(), nouns=list(within)) if any(
            isinstance(noun, messaging.Body) for noun in within
        ):
            yield FieldIssue(f"{place}.nouns", "a Body cannot be combined with body")
        case messaging.Message(nouns=list(within)):
            if sum(isinstance(noun, messaging.Media) for noun in within) > 10:
                yield FieldIssue(f"{place}.nouns", "expected at most 10 Media")


def check_words(parts: Iterable[object], place: str) -> Iterator[FieldIssue]:
    """Yield errors of the words in a Say with SSML."""
    total = 0
    for index, part in enumerate(parts):
        if isinstance(part, str):
            total += len(part)
            try:
                check_text(part)
            except ValueError as error:
                yield FieldIssue(f"{place}.ssml[{index}]", str(error))
        else:
            total += len(getattr(part, "words", ""))
    if not total:
        yield FieldIssue(f"{place}.ssml", "is blank")
    if total > SAY_LIMIT:
        yield FieldIssue(f"{place}.ssml", f"is {total:,} characters long; at most {SAY_LIMIT:,} are allowed")


def check_gather(verb: voice.Gather, place: str) -> Iterator[FieldIssue]:
    """Yield errors of a Gather and of the verbs in it."""
    speech = bool(verb.input) and "speech" in (verb.input or [])
    for field in ("speech_timeout", "hints", "speech_model", "enhanced", "profanity_filter", "max_speech_time"):
        if getattr(verb, field) is not None and not speech:
            yield FieldIssue(f"{place}.{field}", "needs speech in input")
    if verb.partial_result_callback and not speech:
        yield FieldIssue(f"{place}.partial_result_callback", "needs speech in input")
    if verb.num_digits is not None and verb.input == ["speech"]:
        yield FieldIssue(f"{place}.num_digits", "needs dtmf in input")
    for index, inner in enumerate(verb.verbs or []):
        yield from check_combination(inner, f"{place}.verbs[{index}]")


def check_dial(verb: voice.Dial, place: str) -> Iterator[FieldIssue]:
    """Yield errors of a Dial's number and nouns."""
    within = verb.nouns or []
    if verb.number is None and not within:
        yield FieldIssue(f"{place}.number", "is required without nouns")
    if verb.number is not None and within:
        yield FieldIssue(f"{place}.nouns", "cannot be combined with number")
    alone = [noun for noun in within if isinstance(noun, nouns.Conference | nouns.Queue | nouns.Application)]
    if alone and len(within) > 1:
        yield FieldIssue(f"{place}.nouns", f"{type(alone[0]).__struct_config__.tag} must be the only noun")
    if len(within) > 10:
        yield FieldIssue(f"{place}.nouns", f"expected at most 10, got {len(within)}")

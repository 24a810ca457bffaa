"""SSML elements in a Say.

https://www.twilio.com/docs/voice/twiml/say/text-speech#use-ssml-with-amazon-polly
"""

from __future__ import annotations

from typing import Annotated, Literal

from shared.scripts.verbs.element import Content, Element
from shared.scripts.verbs.types import Language, ShortText, Words, matching

Time = Annotated[str, matching(r"\d{1,5}(\.\d{1,3})?(ms|s)", "a time like 200ms or 1.5s")]
Percentage = Annotated[
    str,
    matching(r"x-slow|slow|medium|fast|x-fast|default|\d{1,3}%", "x-slow, slow, medium, fast, x-fast or a percentage"),
]
Volume = Annotated[
    str,
    matching(
        r"silent|x-soft|soft|medium|loud|x-loud|default|[+-]\d{1,2}(\.\d)?dB",
        "silent, x-soft, soft, medium, loud, x-loud or decibels like +6dB",
    ),
]
Pitch = Annotated[
    str,
    matching(
        r"x-low|low|medium|high|x-high|default|[+-]\d{1,3}%",
        "x-low, low, medium, high, x-high or a percentage like +10%",
    ),
]


class SsmlElement(Element, tag_field="ssml"):
    """An SSML element."""


class Break(SsmlElement, tag="break"):
    """A pause between words."""

    strength: Literal["none", "x-weak", "weak", "medium", "strong", "x-strong"] | None = None
    time: Time | None = None


class Emphasis(SsmlElement, tag="emphasis"):
    """Words spoken with more or less stress."""

    words: Annotated[Words, Content]
    level: Literal["strong", "moderate", "reduced"] | None = None


class Lang(SsmlElement, tag="lang"):
    """Words in another language."""

    words: Annotated[Words, Content]
    xml_lang: Language


class P(SsmlElement, tag="p"):
    """A paragraph."""

    words: Annotated[Words, Content]


class Phoneme(SsmlElement, tag="phoneme"):
    """Words with their pronunciation."""

    words: Annotated[Words, Content]
    alphabet: Literal["ipa", "x-sampa"]
    ph: ShortText


class Prosody(SsmlElement, tag="prosody"):
    """Words spoken with another volume, rate or pitch."""

    words: Annotated[Words, Content]
    volume: Volume | None = None
    rate: Percentage | None = None
    pitch: Pitch | None = None


class S(SsmlElement, tag="s"):
    """A sentence."""

    words: Annotated[Words, Content]


class SayAs(SsmlElement, tag="say-as"):
    """Words read as digits, a date, an address and so on."""

    words: Annotated[Words, Content]
    interpret_as: Literal[
        "characters",
        "spell-out",
        "cardinal",
        "number",
        "ordinal",
        "digits",
        "fraction",
        "unit",
        "date",
        "time",
        "address",
        "expletive",
        "telephone",
    ]
    format: Literal["mdy", "dmy", "ymd", "md", "dm", "ym", "my", "d", "m", "y", "yyyymmdd"] | None = None


class Sub(SsmlElement, tag="sub"):
    """Words replaced by others in speech, such as an abbreviation by its long form."""

    words: Annotated[Words, Content]
    alias: ShortText


class W(SsmlElement, tag="w"):
    """A word with its part of speech."""

    words: Annotated[Words, Content]
    role: Literal["amazon:VB", "amazon:VBD", "amazon:DT", "amazon:IN", "amazon:SENSE_1"]


Ssml = Break | Emphasis | Lang | P | Phoneme | Prosody | S | SayAs | Sub | W

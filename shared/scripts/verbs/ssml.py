"""SSML elements in a Say, and which of them contain which others.

https://www.twilio.com/docs/voice/twiml/say/text-speech#use-ssml-with-amazon-polly
"""

from __future__ import annotations

from typing import Annotated, Literal

from shared.scripts.verbs.element import Children, Content, Element
from shared.scripts.verbs.types import AnyText, Language, Words, matching

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


PhonemeAlphabet = Literal[
    "ipa", "x-sampa", "x-amazon-jyutping", "x-amazon-pinyin", "x-amazon-pron-kana", "x-amazon-yomigana"
]


class SsmlElement(Element, tag_field="ssml"):
    """An SSML element."""


class Break(SsmlElement, tag="break"):
    """A pause between words."""

    strength: Literal["none", "x-weak", "weak", "medium", "strong", "x-strong"] | None = None
    time: Time | None = None


class Emphasis(SsmlElement, tag="emphasis"):
    """Words spoken with more or less stress."""

    words: Annotated[Words, Content] | None = None
    parts: Annotated[list[str | InSentence], Children] | None = None
    level: Literal["strong", "moderate", "reduced"] | None = None


class Lang(SsmlElement, tag="lang", kw_only=True):
    """Words in another language."""

    words: Annotated[Words, Content] | None = None
    parts: Annotated[list[str | Ssml], Children] | None = None
    xml_lang: Language


class P(SsmlElement, tag="p"):
    """A paragraph."""

    words: Annotated[Words, Content] | None = None
    parts: Annotated[list[str | InParagraph], Children] | None = None


class Phoneme(SsmlElement, tag="phoneme"):
    """Words with their pronunciation."""

    words: Annotated[Words, Content]
    ph: AnyText
    alphabet: PhonemeAlphabet | None = None


class Prosody(SsmlElement, tag="prosody"):
    """Words spoken with another volume, rate or pitch."""

    words: Annotated[Words, Content] | None = None
    parts: Annotated[list[str | Ssml], Children] | None = None
    volume: Volume | None = None
    rate: Percentage | None = None
    pitch: Pitch | None = None


class S(SsmlElement, tag="s"):
    """A sentence."""

    words: Annotated[Words, Content] | None = None
    parts: Annotated[list[str | InSentence], Children] | None = None


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
    alias: AnyText


class W(SsmlElement, tag="w"):
    """A word with its part of speech."""

    words: Annotated[Words, Content] | None = None
    parts: Annotated[list[str | InWord], Children] | None = None
    role: Literal["amazon:VB", "amazon:VBD", "amazon:DT", "amazon:IN", "amazon:SENSE_1"] | None = None


InWord = Break | Emphasis | Phoneme | Prosody | SayAs | Sub
InSentence = InWord | Lang | W
InParagraph = InSentence | S
Ssml = InParagraph | P
# Elements that have their text in `words`, or text and elements in `parts`.
Nesting = Emphasis | Lang | P | Prosody | S | W

"""The verbs of voice, with the types and ranges of their attributes.

An attribute that is not given has Twilio's default. omitted.py names the elements that are not supported.
https://www.twilio.com/docs/voice/twiml
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from shared.scripts.verbs import nouns, streams
from shared.scripts.verbs.element import Children, Content, Element
from shared.scripts.verbs.ssml import Ssml
from shared.scripts.verbs.types import (
    AnyText,
    CallerId,
    CallRecord,
    Digits,
    Hints,
    Keys,
    Language,
    Loop,
    Method,
    OneKey,
    PhoneNumber,
    QueueName,
    RecordingEvents,
    Seconds,
    Trim,
    Voice,
    WaitAddress,
    WebAddress,
    Words,
    each_of,
    matching,
    sid,
    text,
)


class Verb(Element, tag_field="verb"):
    """An instruction.

    https://www.twilio.com/docs/voice/twiml#twiml-verbs
    """


class Say(Verb, tag="Say"):
    """Read text aloud.

    https://www.twilio.com/docs/voice/twiml/say
    """

    text: Annotated[Words, Content] | None = None
    ssml: Annotated[list[str | Ssml], Children] | None = None
    voice: Voice | None = None
    language: Language | None = None
    loop: Loop | None = None


class Play(Verb, tag="Play"):
    """Play audio or keys.

    https://www.twilio.com/docs/voice/twiml/play
    """

    url: Annotated[WebAddress, Content] | None = None
    digits: Digits | None = None
    loop: Loop | None = None


class Pause(Verb, tag="Pause"):
    """Wait in silence for some seconds.

    https://www.twilio.com/docs/voice/twiml/pause
    """

    length: Seconds | None = None


class Gather(Verb, tag="Gather"):
    """Collect keys or speech, and post them to `action`.

    https://www.twilio.com/docs/voice/twiml/gather
    """

    action: WebAddress | None = None
    method: Method | None = None
    input: Annotated[list[str], each_of("dtmf", "speech")] | None = None
    num_digits: Annotated[int, Meta(ge=1)] | None = None
    timeout: Seconds | Literal["auto"] | None = None
    finish_on_key: OneKey | None = None
    speech_timeout: Annotated[str, matching(r"auto|[1-9]\d{0,4}", "auto or a number of seconds")] | None = None
    max_speech_time: Seconds | None = None
    language: Language | None = None
    hints: Hints | None = None
    profanity_filter: bool | None = None
    speech_model: AnyText | None = None
    enhanced: bool | None = None
    barge_in: bool | None = None
    debug: bool | None = None
    action_on_empty_result: bool | None = None
    partial_result_callback: WebAddress | None = None
    partial_result_callback_method: Method | None = None
    verbs: Annotated[list[Say | Play | Pause], Children] | None = None


class Record(Verb, tag="Record"):
    """Record the caller.

    https://www.twilio.com/docs/voice/twiml/record
    """

    action: WebAddress | None = None
    method: Method | None = None
    timeout: Annotated[int, Meta(ge=0, le=86_400)] | None = None
    finish_on_key: Keys | None = None
    max_length: Annotated[int, Meta(ge=2, le=86_400)] | None = None
    play_beep: bool | None = None
    trim: Trim | None = None
    recording_configuration_id: AnyText | None = None
    recording_status_callback: WebAddress | None = None
    recording_status_callback_method: Method | None = None
    recording_status_callback_event: RecordingEvents | None = None
    transcribe: bool | None = None
    transcribe_callback: WebAddress | None = None


RING_TONES = (
    "at au bg br be ch cl cn cz de dk ee es fi fr gr hu il in it lt jp mx my nl no nz ph pl pt ru se sg th uk us "
    "us-old tw ve za"
)
RingTone = Annotated[str, matching(RING_TONES.replace(" ", "|"), "one of Twilio's ring tones, like uk")]


class Dial(Verb, tag="Dial"):
    """Connect the caller with others.

    https://www.twilio.com/docs/voice/twiml/dial
    """

    number: Annotated[PhoneNumber, Content] | None = None
    nouns: Annotated[list[nouns.DialNoun], Children] | None = None
    action: WebAddress | None = None
    method: Method | None = None
    timeout: Annotated[int, Meta(ge=1, le=600)] | None = None
    hangup_on_star: bool | None = None
    time_limit: Seconds | None = None
    caller_id: CallerId | None = None
    call_reason: Annotated[str, text(50)] | None = None
    record: CallRecord | None = None
    trim: Trim | None = None
    recording_configuration_id: AnyText | None = None
    recording_status_callback: WebAddress | None = None
    recording_status_callback_method: Method | None = None
    recording_status_callback_event: RecordingEvents | None = None
    recording_track: Literal["inbound", "outbound", "both"] | None = None
    answer_on_bridge: bool | None = None
    ring_tone: RingTone | None = None
    sequential: bool | None = None
    refer_url: WebAddress | None = None
    refer_method: Method | None = None
    events: AnyText | None = None
    passports: AnyText | None = None


class Enqueue(Verb, tag="Enqueue"):
    """Put the caller into a queue.

    https://www.twilio.com/docs/voice/twiml/enqueue
    """

    name: Annotated[QueueName, Content] | None = None
    nouns: Annotated[list[nouns.Task], Children] | None = None
    action: WebAddress | None = None
    method: Method | None = None
    max_queue_size: Annotated[int, Meta(ge=1, le=5000)] | None = None
    wait_url: WaitAddress | None = None
    wait_url_method: Method | None = None
    workflow_sid: Annotated[str, sid("WW")] | None = None


class Queue(Verb, tag="Queue"):
    """Connect with the first caller of a queue.

    https://www.twilio.com/docs/voice/twiml/queue
    """

    name: Annotated[QueueName, Content]
    url: WebAddress | None = None
    method: Method | None = None
    reservation_sid: Annotated[str, sid("WR")] | None = None
    post_work_activity_sid: Annotated[str, sid("WA")] | None = None


class Leave(Verb, tag="Leave"):
    """Take the caller out of the queue.

    https://www.twilio.com/docs/voice/twiml/leave
    """


class Redirect(Verb, tag="Redirect"):
    """Continue with another document, or with this one from its start.

    https://www.twilio.com/docs/voice/twiml/redirect
    """

    url: Annotated[WebAddress, Content] | None = None
    method: Method | None = None


class Reject(Verb, tag="Reject"):
    """Reject the call instead of answering it; as any verb but the first, end it.

    https://www.twilio.com/docs/voice/twiml/reject
    """

    reason: Literal["rejected", "busy"] | None = None
    nouns: Annotated[list[nouns.Parameter], Children] | None = None


class Hangup(Verb, tag="Hangup"):
    """End the call.

    https://www.twilio.com/docs/voice/twiml/hangup
    """

    nouns: Annotated[list[nouns.Parameter], Children] | None = None


class Sms(Verb, tag="Sms"):
    """Send a text message during the call.

    https://www.twilio.com/docs/voice/twiml/sms
    """

    message: Annotated[Annotated[str, text(1600)], Content]
    to: PhoneNumber | None = None
    from_: PhoneNumber | None = field(default=None, name="from")
    action: WebAddress | None = None
    method: Method | None = None
    status_callback: WebAddress | None = None


class Refer(Verb, tag="Refer"):
    """Transfer a SIP call.

    https://www.twilio.com/docs/voice/twiml/refer
    """

    nouns: Annotated[list[nouns.ReferSip], Meta(min_length=1, max_length=1), Children]
    action: WebAddress | None = None
    method: Method | None = None


StartNoun = streams.Stream | streams.Siprec | streams.Transcription | streams.Recording


class Start(Verb, tag="Start"):
    """Start a stream, a transcription or a recording that runs beside the call.

    https://www.twilio.com/docs/voice/twiml/start
    """

    nouns: Annotated[list[StartNoun], Meta(min_length=1), Children]
    action: WebAddress | None = None
    method: Method | None = None


class Stop(Verb, tag="Stop"):
    """Stop what Start started, by its name.

    https://www.twilio.com/docs/voice/twiml/stop
    """

    nouns: Annotated[list[StartNoun], Meta(min_length=1), Children]


class Connect(Verb, tag="Connect"):
    """Connect the call to a stream, an agent or a room until that ends.

    https://www.twilio.com/docs/voice/twiml/connect
    """

    nouns: Annotated[list[streams.ConnectNoun], Meta(min_length=1, max_length=1), Children]
    action: WebAddress | None = None
    method: Method | None = None


class Echo(Verb, tag="Echo"):
    """Play back what the caller says.

    https://www.twilio.com/docs/voice/twiml
    """


VERBS: tuple[type[Verb], ...] = (
    Say,
    Play,
    Pause,
    Gather,
    Record,
    Dial,
    Enqueue,
    Queue,
    Leave,
    Redirect,
    Reject,
    Hangup,
    Sms,
    Refer,
    Start,
    Stop,
    Connect,
    Echo,
)

"""The nouns of voice: what a verb dials, streams or records.

https://www.twilio.com/docs/voice/twiml
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from shared.scripts.verbs.element import Children, Content, Element
from shared.scripts.verbs.types import (
    CallEvents,
    DetectionSeconds,
    Digits,
    Identity,
    Language,
    MachineDetection,
    Method,
    Milliseconds,
    Name,
    PhoneNumber,
    RecordingEvents,
    ShortText,
    Sid,
    SipAddress,
    StreamAddress,
    Track,
    Trim,
    WaitAddress,
    WebAddress,
    each_of,
    text,
)


class Noun(Element, tag_field="noun"):
    """The object of a verb."""


class Called(Noun):
    """Attributes that Number, Client, Sip and Application have in common."""

    url: WebAddress | None = None
    method: Method | None = None
    status_callback: WebAddress | None = None
    status_callback_event: CallEvents | None = None
    status_callback_method: Method | None = None


class MachineDetecting(Called):
    """The attributes of answering machine detection, which Number and Sip have.

    https://www.twilio.com/docs/voice/answering-machine-detection
    """

    machine_detection: MachineDetection | None = None
    machine_detection_timeout: DetectionSeconds | None = None
    machine_detection_speech_threshold: Milliseconds | None = None
    machine_detection_speech_end_threshold: Milliseconds | None = None
    machine_detection_silence_timeout: Milliseconds | None = None
    amd_status_callback: WebAddress | None = None
    amd_status_callback_method: Method | None = None


class Number(MachineDetecting, tag="Number", kw_only=True):
    """A phone number to dial.

    https://www.twilio.com/docs/voice/twiml/number
    """

    phone_number: Annotated[PhoneNumber, Content]
    send_digits: Digits | None = None
    byoc: Sid | None = None


class Parameter(Noun, tag="Parameter"):
    """A name and a value that are passed to a client, an application or a stream.

    https://www.twilio.com/docs/voice/twiml/client#parameter
    """

    name: Name
    value: ShortText


class Client(Called, tag="Client", kw_only=True):
    """A browser or app to dial.

    https://www.twilio.com/docs/voice/twiml/client
    """

    identity: Annotated[Identity, Content]
    nouns: Annotated[list[Parameter], Children] | None = None


class Sip(MachineDetecting, tag="Sip", kw_only=True):
    """A SIP address to dial or refer to.

    https://www.twilio.com/docs/voice/twiml/sip
    """

    sip_url: Annotated[SipAddress, Content]
    username: ShortText | None = None
    password: ShortText | None = None


ConferenceEvents = Annotated[
    list[str], each_of("start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement")
]


class Conference(Noun, tag="Conference"):
    """A conference room.

    https://www.twilio.com/docs/voice/twiml/conference
    """

    name: Annotated[Name, Content]
    muted: bool | None = None
    beep: Literal["true", "false", "onEnter", "onExit"] | None = None
    start_conference_on_enter: bool | None = None
    end_conference_on_exit: bool | None = None
    participant_label: Name | None = None
    jitter_buffer_size: Literal["large", "medium", "small", "off"] | None = None
    wait_url: WaitAddress | None = None
    record: Literal["do-not-record", "record-from-start"] | None = None
    region: Literal["us1", "us2", "ie1", "de1", "sg1", "br1", "au1", "jp1"] | None = None
    coach: Sid | None = None
    trim: Trim | None = None
    status_callback: WebAddress | None = None
    status_callback_event: ConferenceEvents | None = None
    status_callback_method: Method | None = None
    recording_status_callback: WebAddress | None = None
    recording_status_callback_method: Method | None = None
    recording_status_callback_event: RecordingEvents | None = None
    event_callback_url: WebAddress | None = None


class Queue(Noun, tag="Queue"):
    """The first caller of a queue.

    https://www.twilio.com/docs/voice/twiml/queue
    """

    name: Annotated[Name, Content]
    url: WebAddress | None = None
    method: Method | None = None
    reservation_sid: Sid | None = None
    post_work_activity_sid: Sid | None = None


class Application(Called, tag="Application", kw_only=True):
    """A TwiML application.

    https://www.twilio.com/docs/voice/twiml/application
    """

    application_sid: Annotated[Sid, Content]
    customer_id: ShortText | None = None
    copy_parent_to: bool | None = None
    nouns: Annotated[list[Parameter], Children] | None = None


class Task(Noun, tag="Task"):
    """The attributes of a task, as JSON.

    https://www.twilio.com/docs/voice/twiml/enqueue#task
    """

    body: Annotated[Annotated[str, text(4000)], Content]
    priority: Annotated[int, Meta(ge=0, le=2_147_483_647)] | None = None
    timeout: Annotated[int, Meta(ge=1, le=1_209_600)] | None = None


class ReferSip(Noun, tag="Sip"):
    """The SIP address to which a SIP call is transferred."""

    sip_url: Annotated[SipAddress, Content]


class Tap(Noun):
    """Attributes that Stream and Siprec, which receive the call's audio, have in common."""

    name: Name | None = None
    track: Track | None = None
    status_callback: WebAddress | None = None
    status_callback_method: Method | None = None
    nouns: Annotated[list[Parameter], Children] | None = None


class Stream(Tap, tag="Stream"):
    """The call's audio, sent over a WebSocket.

    https://www.twilio.com/docs/voice/twiml/stream
    """

    url: StreamAddress | None = None


class Siprec(Tap, tag="Siprec"):
    """The call's audio, sent to a SIPREC recorder.

    https://www.twilio.com/docs/voice/twiml/siprec
    """

    connector_name: Name | None = None


class Transcription(Noun, tag="Transcription"):
    """A transcript of the call, while the call is in progress.

    https://www.twilio.com/docs/voice/twiml/transcription
    """

    name: Name | None = None
    track: Track | None = None
    status_callback_url: WebAddress | None = None
    status_callback_method: Method | None = None
    inbound_track_label: Name | None = None
    outbound_track_label: Name | None = None
    partial_results: bool | None = None
    language_code: Language | None = None
    transcription_engine: Name | None = None
    profanity_filter: bool | None = None
    speech_model: ShortText | None = None
    hints: Annotated[str, text(1000)] | None = None
    enable_automatic_punctuation: bool | None = None
    intelligence_service: Sid | None = None


class Recording(Noun, tag="Recording"):
    """A recording of the rest of the call.

    https://www.twilio.com/docs/voice/twiml/recording
    """

    channels: Literal["mono", "dual"] | None = None
    track: Literal["inbound", "outbound", "both"] | None = None
    trim: Trim | None = None
    recording_status_callback: WebAddress | None = None
    recording_status_callback_method: Method | None = None
    recording_status_callback_event: RecordingEvents | None = None


DialNoun = Number | Client | Sip | Conference | Queue | Application

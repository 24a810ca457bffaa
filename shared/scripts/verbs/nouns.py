"""The nouns of voice that a verb dials, queues or passes on; streams.py has those of Start, Stop and Connect.

https://www.twilio.com/docs/voice/twiml
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from shared import patterns
from shared.scripts.verbs.element import Children, Content, Element
from shared.scripts.verbs.types import (
    AnyText,
    BlankOrText,
    CallEvents,
    Digits,
    Identity,
    MachineDetection,
    Method,
    PhoneNumber,
    QueueName,
    RecordingEvents,
    SipAddress,
    Trim,
    WaitAddress,
    WebAddress,
    each_of,
    matching,
    sid,
)


class Noun(Element, tag_field="noun"):
    """The object of a verb."""


class Called(Noun):
    """Attributes that Number, Client, Sip, Application and WhatsApp have in common."""

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
    machine_detection_timeout: Annotated[int, Meta(ge=3, le=60)] | None = None
    machine_detection_speech_threshold: Annotated[int, Meta(ge=1000, le=6000)] | None = None
    machine_detection_speech_end_threshold: Annotated[int, Meta(ge=500, le=5000)] | None = None
    machine_detection_silence_timeout: Annotated[int, Meta(ge=2000, le=10_000)] | None = None
    amd_status_callback: WebAddress | None = None
    amd_status_callback_method: Method | None = None


class Number(MachineDetecting, tag="Number", kw_only=True):
    """A phone number to dial.

    https://www.twilio.com/docs/voice/twiml/number
    """

    phone_number: Annotated[PhoneNumber, Content]
    send_digits: Digits | None = None
    byoc: Annotated[str, sid("BY")] | None = None


class Parameter(Noun, tag="Parameter"):
    """A name and a value that are passed on, to a client or a stream for example.

    https://www.twilio.com/docs/voice/twiml/client#parameter
    """

    name: AnyText
    value: BlankOrText


class Client(Called, tag="Client", kw_only=True):
    """A browser or app to dial.

    https://www.twilio.com/docs/voice/twiml/client
    """

    identity: Annotated[Identity, Content]
    nouns: Annotated[list[Parameter], Children] | None = None


class Uri(Noun, tag="Uri"):
    """One of the SIP addresses of a Sip."""

    sip_url: Annotated[SipAddress, Content]
    priority: AnyText | None = None
    weight: AnyText | None = None
    username: AnyText | None = None
    password: AnyText | None = None


class Header(Noun, tag="Header"):
    """A SIP header."""

    name: AnyText
    value: BlankOrText


class Headers(Noun, tag="Headers"):
    """The SIP headers of a Sip."""

    nouns: Annotated[list[Header], Children] | None = None


class Sip(MachineDetecting, tag="Sip", kw_only=True):
    """A SIP address to dial.

    https://www.twilio.com/docs/voice/twiml/sip
    """

    sip_url: Annotated[SipAddress, Content] | None = None
    nouns: Annotated[list[Uri | Headers], Children] | None = None
    username: AnyText | None = None
    password: AnyText | None = None


class Sim(Noun, tag="Sim"):
    """A SIM card to dial."""

    sim_sid: Annotated[Annotated[str, sid("DE", "HS")], Content]


class WhatsApp(Called, tag="WhatsApp", kw_only=True):
    """A WhatsApp number to dial."""

    phone_number: Annotated[PhoneNumber, Content]


# https://www.twilio.com/docs/api/errors/16023
ParticipantLabel = Annotated[
    str,
    matching(rf"(?!{patterns.CALL_SID}$)(?:(?!%2[Ff])[^/]){{1,128}}", "1 to 128 characters without /, and no Call SID"),
]
ConferenceEvents = Annotated[
    list[str], each_of("start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement")
]


class Conference(Noun, tag="Conference"):
    """A conference room.

    https://www.twilio.com/docs/voice/twiml/conference
    """

    name: Annotated[AnyText, Content]
    muted: bool | None = None
    beep: Literal["true", "false", "onEnter", "onExit"] | None = None
    start_conference_on_enter: bool | None = None
    end_conference_on_exit: bool | None = None
    participant_label: ParticipantLabel | None = None
    jitter_buffer_size: Literal["large", "medium", "small", "off"] | None = None
    wait_url: WaitAddress | None = None
    wait_method: Method | None = None
    max_participants: Annotated[int, Meta(ge=1, le=250)] | None = None
    record: Literal["do-not-record", "record-from-start", "true", "false"] | None = None
    recording_configuration_id: AnyText | None = None
    region: Literal["us1", "ie1", "de1", "sg1", "br1", "au1", "jp1"] | None = None
    coach: Annotated[str, sid("CA")] | None = None
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

    name: Annotated[QueueName, Content]
    url: WebAddress | None = None
    method: Method | None = None
    reservation_sid: Annotated[str, sid("WR")] | None = None
    post_work_activity_sid: Annotated[str, sid("WA")] | None = None


class Application(Called, tag="Application", kw_only=True):
    """A TwiML application.

    https://www.twilio.com/docs/voice/twiml/application
    """

    application_sid: Annotated[Annotated[str, sid("AP")], Content]
    customer_id: AnyText | None = None
    copy_parent_to: bool | None = None
    nouns: Annotated[list[Parameter], Children] | None = None


class Task(Noun, tag="Task"):
    """The attributes of a task, as JSON.

    https://www.twilio.com/docs/voice/twiml/enqueue#task
    """

    body: Annotated[AnyText, Content]
    priority: Annotated[int, Meta(ge=0, le=2_147_483_647)] | None = None
    timeout: Annotated[int, Meta(ge=1, le=1_209_600)] | None = None


class ReferSip(Noun, tag="Sip"):
    """The SIP address to which a SIP call is transferred."""

    sip_url: Annotated[SipAddress, Content]


DialNoun = Number | Client | Sip | Conference | Queue | Application | Sim | WhatsApp

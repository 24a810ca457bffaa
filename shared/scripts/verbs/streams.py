"""The nouns of Start, Stop and Connect: what receives the call's audio, or the call itself.

https://www.twilio.com/docs/voice/twiml/connect
"""

from __future__ import annotations

from typing import Annotated, Literal

from shared.scripts.verbs.element import Children, Content
from shared.scripts.verbs.nouns import Noun, Parameter
from shared.scripts.verbs.types import (
    AnyText,
    BlankOrText,
    CallRecord,
    Hints,
    Language,
    Method,
    RecordingEvents,
    Seconds,
    StreamAddress,
    Track,
    Trim,
    WebAddress,
    each_of,
    sid,
)

ConversationEvents = Annotated[
    list[str], each_of("call-initiated", "call-ringing", "call-answered", "call-in-progress", "call-completed")
]
# The last two are aliases of any and none.
Interruption = Literal["none", "dtmf", "speech", "any", "true", "false"]
Normalization = Literal["auto", "on", "off"]


class Tap(Noun):
    """Attributes that Stream and Siprec, which receive the call's audio, have in common."""

    name: AnyText | None = None
    connector_name: AnyText | None = None
    track: Track | None = None
    status_callback: WebAddress | None = None
    status_callback_method: Method | None = None
    nouns: Annotated[list[Parameter], Children] | None = None


class Stream(Tap, tag="Stream"):
    """The call's audio, sent over a WebSocket.

    https://www.twilio.com/docs/voice/twiml/stream
    """

    url: StreamAddress | None = None
    audio_format: AnyText | None = None
    sample_rate: AnyText | None = None


class ConnectStream(Stream, tag="Stream"):
    """The call's audio, sent over a WebSocket and back: only what the caller says can be sent.

    https://www.twilio.com/docs/api/errors/31941
    """

    track: Literal["inbound_track"] | None = None


class Siprec(Tap, tag="Siprec"):
    """The call's audio, sent to a SIPREC recorder.

    https://www.twilio.com/docs/voice/twiml/siprec
    """


class Config(Noun, tag="Config"):
    """A name and a value that configure an engine or an agent."""

    name: AnyText
    value: BlankOrText


class Transcription(Noun, tag="Transcription"):
    """A transcript of the call, while the call is in progress.

    https://www.twilio.com/docs/voice/twiml/transcription
    """

    name: AnyText | None = None
    track: Track | None = None
    status_callback_url: WebAddress | None = None
    status_callback_method: Method | None = None
    inbound_track_label: AnyText | None = None
    outbound_track_label: AnyText | None = None
    partial_results: bool | None = None
    language_code: Language | None = None
    transcription_engine: AnyText | None = None
    profanity_filter: bool | None = None
    speech_model: AnyText | None = None
    hints: Hints | None = None
    enable_automatic_punctuation: bool | None = None
    enable_provider_data: bool | None = None
    intelligence_service: AnyText | None = None
    conversation_configuration: AnyText | None = None
    conversation_id: AnyText | None = None
    nouns: Annotated[list[Config | Parameter], Children] | None = None


class Recording(Noun, tag="Recording"):
    """A recording of the rest of the call.

    https://www.twilio.com/docs/voice/twiml/recording
    """

    channels: Literal["mono", "dual"] | None = None
    track: Literal["inbound", "outbound", "both"] | None = None
    trim: Trim | None = None
    recording_configuration_id: AnyText | None = None
    recording_status_callback: WebAddress | None = None
    recording_status_callback_method: Method | None = None
    recording_status_callback_event: RecordingEvents | None = None


class VirtualAgent(Noun, tag="VirtualAgent"):
    """A Dialogflow agent.

    https://www.twilio.com/docs/voice/twiml/connect/virtualagent
    """

    connector_name: AnyText | None = None
    language: Language | None = None
    sentiment_analysis: bool | None = None
    status_callback: WebAddress | None = None
    status_callback_method: Method | None = None
    nouns: Annotated[list[Config | Parameter], Children] | None = None


class Conversation(Noun, tag="Conversation"):
    """A conversation of Twilio Conversations.

    https://www.twilio.com/docs/voice/twiml/connect/conversation
    """

    service_instance_sid: Annotated[str, sid("IS")] | None = None
    inbound_autocreation: bool | None = None
    routing_assignment_timeout: Seconds | None = None
    inbound_timeout: Seconds | None = None
    url: WebAddress | None = None
    method: Method | None = None
    record: CallRecord | None = None
    trim: Trim | None = None
    recording_status_callback: WebAddress | None = None
    recording_status_callback_method: Method | None = None
    recording_status_callback_event: RecordingEvents | None = None
    status_callback: WebAddress | None = None
    status_callback_method: Method | None = None
    status_callback_event: ConversationEvents | None = None


class SpokenLanguage(Noun, tag="Language"):
    """How a ConversationRelay speaks and understands one language."""

    code: Language
    tts_provider: AnyText | None = None
    voice: AnyText | None = None
    transcription_provider: AnyText | None = None
    speech_model: AnyText | None = None
    hints: AnyText | None = None
    asr_smart_format: bool | None = None
    tts_text_normalization: Normalization | None = None
    tts_language_text_normalization: bool | None = None


class ConversationRelay(Noun, tag="ConversationRelay"):
    """A conversation between the caller and a WebSocket server that sends and receives text.

    https://www.twilio.com/docs/voice/twiml/connect/conversationrelay
    """

    url: StreamAddress
    nouns: Annotated[list[SpokenLanguage | Parameter], Children] | None = None
    welcome_greeting: BlankOrText | None = None
    welcome_greeting_interruptible: Interruption | None = None
    language: Language | None = None
    tts_language: Language | None = None
    tts_provider: AnyText | None = None
    voice: AnyText | None = None
    transcription_language: Language | None = None
    transcription_provider: AnyText | None = None
    speech_model: AnyText | None = None
    profanity_filter: bool | None = None
    dtmf_detection: bool | None = None
    partial_prompts: bool | None = None
    partial_prompt_on_hangup: bool | None = None
    include_in_prompt: AnyText | None = None
    interruptible: Interruption | None = None
    interrupt_sensitivity: Literal["low", "medium", "high"] | None = None
    ignore_backchannel: bool | None = None
    preemptible: bool | None = None
    report_input_during_agent_speech: Interruption | None = None
    hints: AnyText | None = None
    speech_timeout: AnyText | None = None
    eager_eot_threshold: AnyText | None = None
    turn_detection: bool | None = None
    background_noise_reduction: AnyText | None = None
    echo_prompt_filtering: bool | None = None
    deepgram_smart_format: bool | None = None
    asr_smart_format: bool | None = None
    elevenlabs_text_normalization: Normalization | None = None
    elevenlabs_language_text_normalization: bool | None = None
    tts_text_normalization: Normalization | None = None
    tts_language_text_normalization: bool | None = None
    intelligence_service: AnyText | None = None
    conversation_configuration: AnyText | None = None
    conversation_id: AnyText | None = None
    customer_name: AnyText | None = None
    application_reconnect: bool | None = None
    events: AnyText | None = None
    debug: AnyText | None = None


class ConversationRelaySession(Noun, tag="ConversationRelaySession"):
    """A ConversationRelay that an installed connector configures."""

    connector: AnyText | None = None
    session_configuration: AnyText | None = None


class AiSession(Noun, tag="AiSession"):
    """An AI session that an installed connector configures."""

    ai_connector: AnyText | None = None
    ai_session_configuration: AnyText | None = None


class Room(Noun, tag="Room"):
    """A video room.

    https://www.twilio.com/docs/voice/twiml/connect/room
    """

    name: Annotated[AnyText, Content]
    participant_identity: AnyText | None = None


ConnectNoun = (
    ConnectStream | ConversationRelay | ConversationRelaySession | VirtualAgent | Conversation | AiSession | Room
)

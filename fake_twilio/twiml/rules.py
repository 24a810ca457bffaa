"""TwiML as Twilio documents it: which elements may contain which, with which attributes.

https://www.twilio.com/docs/voice/twiml and https://www.twilio.com/docs/messaging/twiml
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One element: its attributes, its child elements, and whether it may contain text."""

    attributes: frozenset[str]
    children: frozenset[str]
    text: bool


def names(text: str) -> frozenset[str]:
    """Split names that are separated by blanks."""
    return frozenset(text.split())


def rule(attributes: str = "", children: str = "", *, text: bool = False) -> Rule:
    """Return a rule from the names of attributes and children."""
    return Rule(names(attributes), names(children), text)


CALLBACK = "statusCallback statusCallbackMethod statusCallbackEvent"
RECORDING = "recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent"

DETECTION = """machineDetection machineDetectionTimeout machineDetectionSpeechThreshold
    machineDetectionSpeechEndThreshold machineDetectionSilenceTimeout amdStatusCallback amdStatusCallbackMethod"""

INLINE = "break emphasis lang phoneme prosody say-as sub w"
SSML = f"{INLINE} p s"

DOCUMENTS = {
    "voice": rule(
        children="""Connect Dial Echo Enqueue Gather Hangup Leave Pause Pay Play Prompt Queue Record Redirect Refer
            Reject Say Sms Start Stop"""
    ),
    "messaging": rule(children="Message Redirect"),
}
"""`<Response>` in the document of a call and in that of a message."""

ELEMENTS = {
    "Say": rule("voice language loop", SSML, text=True),
    "Play": rule("loop digits", text=True),
    "Pause": rule("length"),
    "Gather": rule(
        """input action method timeout speechTimeout maxSpeechTime profanityFilter finishOnKey numDigits
        partialResultCallback partialResultCallbackMethod language hints bargeIn debug actionOnEmptyResult speechModel
        enhanced""",
        "Say Play Pause",
    ),
    "Record": rule(
        f"""action method timeout finishOnKey maxLength playBeep trim transcribe transcribeCallback
        recordingConfigurationId {RECORDING}"""
    ),
    "Dial": rule(
        f"""action method timeout hangupOnStar timeLimit callerId callReason record trim answerOnBridge ringTone
        recordingTrack recordingConfigurationId sequential referUrl referMethod events passports {RECORDING}""",
        "Application Client Conference Number Queue Sim Sip WhatsApp",
        text=True,
    ),
    "Number": rule(f"sendDigits url method byoc {CALLBACK} {DETECTION}", text=True),
    "Client": rule(f"url method {CALLBACK}", "Identity Parameter", text=True),
    "Identity": rule(text=True),
    "Parameter": rule("name value"),
    "Sip": rule(f"username password url method {CALLBACK} {DETECTION}", "Uri Headers", text=True),
    "Uri": rule("priority weight username password", text=True),
    "Headers": rule(children="Header"),
    "Header": rule("name value"),
    "Queue": rule("url method reservationSid postWorkActivitySid", text=True),
    "Application": rule(f"url method customerId copyParentTo {CALLBACK}", "ApplicationSid Parameter", text=True),
    "ApplicationSid": rule(text=True),
    "Sim": rule(text=True),
    "WhatsApp": rule(f"url method {CALLBACK}", text=True),
    "Conference": rule(
        f"""muted beep startConferenceOnEnter endConferenceOnExit waitUrl waitMethod maxParticipants record region coach
        trim eventCallbackUrl jitterBufferSize participantLabel recordingConfigurationId {CALLBACK} {RECORDING}""",
        text=True,
    ),
    "Enqueue": rule("action maxQueueSize method waitUrl waitUrlMethod workflowSid", "Task", text=True),
    "Task": rule("priority timeout", text=True),
    "Redirect": rule("method", text=True),
    "Reject": rule("reason", "Parameter"),
    "Hangup": rule(children="Parameter"),
    "Leave": rule(),
    "Echo": rule(),
    "Sms": rule("to from action method statusCallback", text=True),
    "Refer": rule("action method", "Sip"),
    "Start": rule("action method", "Recording Siprec Stream Transcription"),
    "Stop": rule(children="Recording Siprec Stream Transcription"),
    "Connect": rule(
        "action method",
        """AiSession Autopilot Conversation ConversationRelay ConversationRelaySession Room Siprec Stream
        VirtualAgent""",
    ),
    "Stream": rule(
        "name connectorName url track statusCallback statusCallbackMethod audioFormat sampleRate", "Parameter"
    ),
    "Siprec": rule("name connectorName track statusCallback statusCallbackMethod", "Parameter"),
    "Recording": rule(f"trim track channels recordingConfigurationId {RECORDING}"),
    "Transcription": rule(
        """name track statusCallbackUrl statusCallbackMethod inboundTrackLabel outboundTrackLabel partialResults
        languageCode transcriptionEngine profanityFilter speechModel hints enableAutomaticPunctuation
        intelligenceService enableProviderData conversationConfiguration conversationId""",
        "Config Parameter",
    ),
    "Config": rule("name value"),
    "AiSession": rule("aiConnector aiSessionConfiguration"),
    "Autopilot": rule(text=True),
    "Conversation": rule(
        f"""serviceInstanceSid inboundAutocreation routingAssignmentTimeout inboundTimeout url method record trim
        {CALLBACK} {RECORDING}"""
    ),
    "ConversationRelay": rule(
        """url language ttsLanguage transcriptionLanguage ttsProvider voice transcriptionProvider speechModel
        profanityFilter dtmfDetection welcomeGreeting partialPrompts welcomeGreetingInterruptible interruptible
        preemptible hints intelligenceService reportInputDuringAgentSpeech elevenlabsTextNormalization
        interruptSensitivity debug backgroundNoiseReduction speechTimeout deepgramSmartFormat ignoreBackchannel events
        partialPromptOnHangup eagerEotThreshold asrSmartFormat ttsTextNormalization ttsLanguageTextNormalization
        elevenlabsLanguageTextNormalization includeInPrompt customerName applicationReconnect echoPromptFiltering
        turnDetection conversationConfiguration conversationId""",
        "Language Parameter",
    ),
    "Language": rule(
        """code ttsProvider voice transcriptionProvider speechModel hints asrSmartFormat ttsTextNormalization
        ttsLanguageTextNormalization"""
    ),
    "ConversationRelaySession": rule("connector sessionConfiguration"),
    "Room": rule("participantIdentity", text=True),
    "VirtualAgent": rule(
        "connectorName language sentimentAnalysis statusCallback statusCallbackMethod", "Config Parameter"
    ),
    "Pay": rule(
        """input action bankAccountType statusCallback statusCallbackMethod timeout maxAttempts securityCode postalCode
        minPostalCodeLength paymentConnector paymentMethod tokenType chargeAmount currency description validCardTypes
        language""",
        "Parameter Prompt",
    ),
    "Prompt": rule("for errorType cardType attempt requireMatchingInputs", "Say Play Pause"),
    "Message": rule("to from action method statusCallback", "Body Media", text=True),
    "Body": rule(text=True),
    "Media": rule(text=True),
    "break": rule("strength time"),
    "emphasis": rule("level", INLINE, text=True),
    "lang": rule("xml:lang", SSML, text=True),
    "p": rule("", f"{INLINE} s", text=True),
    "phoneme": rule("alphabet ph", text=True),
    "prosody": rule("volume rate pitch", SSML, text=True),
    "s": rule("", INLINE, text=True),
    "say-as": rule("interpret-as format role", text=True),
    "sub": rule("alias", text=True),
    "w": rule("role", INLINE, text=True),
}
"""Every other element. SSML elements are in small letters."""

NESTED = {("Refer", "Sip"): rule(text=True)}
"""Elements that differ by their parent: parent, element."""

ADDRESSES = names(
    """action url waitUrl referUrl statusCallback statusCallbackUrl recordingStatusCallback transcribeCallback
    partialResultCallback amdStatusCallback eventCallbackUrl"""
)
"""Attributes that contain an address."""

METHOD = "GET|POST"
BOOLEAN = "true|false"
NUMBER = r"\d+"
EVENTS = r"[a-z-]+( [a-z-]+)*"
ADDRESS = r"\S+"

VALUES = {
    "action": ADDRESS,
    "actionOnEmptyResult": BOOLEAN,
    "answerOnBridge": BOOLEAN,
    "bargeIn": BOOLEAN,
    "beep": "true|false|onEnter|onExit",
    "callReason": ".{1,50}",
    "channels": "mono|dual",
    "digits": "[0-9A-D*#wW]+",
    "endConferenceOnExit": BOOLEAN,
    "hangupOnStar": BOOLEAN,
    "input": "dtmf|speech|dtmf speech|speech dtmf",
    "jitterBufferSize": "large|medium|small|off",
    "length": NUMBER,
    "loop": NUMBER,
    "maxLength": NUMBER,
    "maxParticipants": "[1-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|250",
    "maxQueueSize": NUMBER,
    "muted": BOOLEAN,
    "numDigits": "[1-9][0-9]*",
    "playBeep": BOOLEAN,
    "profanityFilter": BOOLEAN,
    "reason": "rejected|busy",
    "recordingStatusCallbackEvent": EVENTS,
    "recordingTrack": "inbound|outbound|both",
    "sendDigits": "[0-9A-D*#wW]+",
    "sequential": BOOLEAN,
    "speechTimeout": r"\d+|auto",
    "startConferenceOnEnter": BOOLEAN,
    "statusCallback": ADDRESS,
    "statusCallbackEvent": EVENTS,
    "timeLimit": NUMBER,
    "transcribe": BOOLEAN,
    "trim": "trim-silence|do-not-trim",
    "url": ADDRESS,
    "waitUrl": r"\S*",
}
"""The pattern for the values of an attribute. A name that ends in `method` is GET or POST."""

OWN_VALUES = {
    ("Gather", "finishOnKey"): "[0-9*#]?",
    ("Record", "finishOnKey"): "[0-9*#]+|-1",
    ("Gather", "timeout"): r"\d+|auto",
    ("Record", "timeout"): NUMBER,
    ("Dial", "timeout"): NUMBER,
    ("Conference", "record"): "true|false|record-from-start|do-not-record",
    ("Dial", "record"): "true|false|do-not-record|record-from-(answer|ringing)(-dual)?",
}
"""The pattern in one element only: element, attribute."""

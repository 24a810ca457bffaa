"""The voicemail twimlet, which is also what a caller gets where nothing else has been set up."""

from __future__ import annotations

from twilio.twiml import TwiML
from twilio.twiml.voice_response import VoiceResponse

from shared.sending.send import callback_url
from shared.twimlets.parameters import Fields, Parameters, address_of, is_true, items, say_or_play

GREETING = "Hello. Nobody can take your call right now. Please leave a message after the tone."
THANKS = "Thank you. Goodbye."
# With a transcription Twilio takes two minutes at most: https://www.twilio.com/docs/voice/twiml/record#transcribe
LONGEST_SECONDS = 120


def voicemail(parameters: Parameters, fields: Fields) -> TwiML:
    """`Message` is the greeting; `Transcribe` has Twilio write down what was said. Recordings are in the call's log."""
    response = VoiceResponse()
    if "Recorded" in parameters:
        say_or_play(response, THANKS, parameters)
        response.hangup()
        return response
    for text in items(parameters, "Message") or [GREETING]:
        say_or_play(response, text, parameters)
    transcribe = is_true(parameters, "Transcribe")
    response.record(
        action=address_of("voicemail", parameters, Recorded="true"),
        method="POST",
        max_length=LONGEST_SECONDS,
        recording_status_callback=callback_url(),
        **({"transcribe": True, "transcribe_callback": callback_url()} if transcribe else {}),
    )
    return response

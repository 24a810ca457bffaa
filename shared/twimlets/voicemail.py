"""The voicemail twimlet; it also answers calls if no script is set up."""

from __future__ import annotations

from twilio.twiml import TwiML
from twilio.twiml.voice_response import VoiceResponse

from shared.sending.send import callback_url
from shared.twimlets.parameters import Fields, Parameters, address_of, is_true, items, say_or_play

GREETING = "Hello. Nobody can take your call right now. Please leave a message after the tone."
THANKS = "Thank you. Goodbye."
# Twilio transcribes at most two minutes: https://www.twilio.com/docs/voice/twiml/record#transcribe
LONGEST_SECONDS = 120


def voicemail(parameters: Parameters, fields: Fields, started: int | None = None) -> TwiML:
    """Say the greeting `Message` and record the caller; with `Transcribe` Twilio also transcribes the recording.

    The link to the recording is in the call's log. `started` is the call's start, if it is known.
    """
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
        recording_status_callback=callback_url(started),
        **({"transcribe": True, "transcribe_callback": callback_url(started)} if transcribe else {}),
    )
    return response

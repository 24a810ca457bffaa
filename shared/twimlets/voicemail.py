"""The voicemail twimlet, which is also what a caller gets where nothing else has been set up."""

from __future__ import annotations

from twilio.twiml import TwiML
from twilio.twiml.voice_response import VoiceResponse

from shared.settings import settings
from shared.twimlets.parameters import Fields, again, is_true, items, say_or_play

GREETING = "Hello. Nobody can take your call right now. Please leave a message after the tone."
THANKS = "Thank you. Goodbye."
# With a transcription Twilio takes two minutes at most: https://www.twilio.com/docs/voice/twiml/record#transcribe
LONGEST_SECONDS = 120


def voicemail(fields: Fields) -> TwiML:
    """`Message` is the greeting; `Transcribe` has Twilio write down what was said. Recordings are in the call's log."""
    response = VoiceResponse()
    if fields.get("Recorded"):
        say_or_play(response, THANKS, fields)
        response.hangup()
        return response
    for text in items(fields, "Message") or [GREETING]:
        say_or_play(response, text, fields)
    transcribe = is_true(fields, "Transcribe")
    callback = settings().url("status_callback")
    response.record(
        action=again("voicemail", fields, Recorded="true"),
        method="GET",
        max_length=LONGEST_SECONDS,
        recording_status_callback=callback,
        **({"transcribe": True, "transcribe_callback": callback} if transcribe else {}),
    )
    return response

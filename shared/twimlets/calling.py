"""Twimlets that dial: forward, simulring, findme, whisper, client, conference."""

from __future__ import annotations

from twilio.twiml import TwiML
from twilio.twiml.voice_response import VoiceResponse

from shared.sending.send import leg_callbacks
from shared.twiml_builder import FORBIDDEN_IN_XML
from shared.twimlets.parameters import (
    Fields,
    Parameters,
    address,
    address_of,
    callers,
    identities_to_ring,
    is_true,
    items,
    numbers_to_dial,
    ring_seconds,
    say_or_play,
)

RESTRICTED = "Sorry, you are calling from a restricted number."
WHISPER = "You are receiving a call. Press any key to accept."


def forward(parameters: Parameters, fields: Fields) -> TwiML:
    """Call `PhoneNumber`; continue with `FailUrl` if nobody answers.

    Takes also `CallerId`, `Timeout`, `AllowedCallers` and, for other callers, the message `AccessRestricted`.
    """
    if "Dial" in parameters:
        return after_dial(parameters, fields)
    response = VoiceResponse()
    allowed = callers(parameters, "AllowedCallers")
    if allowed and fields.get("From", "") not in allowed:
        say_or_play(response, parameters.get("AccessRestricted") or RESTRICTED, parameters)
        response.hangup()
        return response
    response.dial(
        numbers_to_dial(parameters, "PhoneNumber")[0],
        action=address_of("forward", parameters, Dial="true"),
        method="POST",
        timeout=ring_seconds(parameters),
        caller_id=next(iter(callers(parameters, "CallerId")), None),
    )
    return response


def simulring(parameters: Parameters, fields: Fields) -> TwiML:
    """Call all `PhoneNumbers[0]` … in parallel, and connect the first to answer (`HumanCheck`: to press a key)."""
    return ring("simulring", parameters, fields, sequential=False, human_check=is_true(parameters, "HumanCheck"))


def client(parameters: Parameters, fields: Fields) -> TwiML:
    """Ring the browsers and apps `Identities[0]` … in parallel; continue with voicemail if nobody answers.

    Takes also `Timeout`, and `Message` and `Transcribe` for the voicemail.
    """
    response = VoiceResponse()
    if "Dial" in parameters:
        if was_answered(fields):
            response.hangup()
        else:
            response.redirect(address_of("voicemail", parameters), method="POST")
        return response
    dial = response.dial(
        action=address_of("client", parameters, Dial="true"), method="POST", timeout=ring_seconds(parameters)
    )
    for identity in identities_to_ring(parameters, "Identities"):
        dial.client(identity, **leg_callbacks())
    return response


def findme(parameters: Parameters, fields: Fields) -> TwiML:
    """Call `PhoneNumbers[0]` … one by one, until somebody answers and, unless `HumanCheck` is false, presses a key."""
    human_check = parameters.get("HumanCheck", "").lower() != "false"
    return ring("findme", parameters, fields, sequential=True, human_check=human_check)


def ring(twimlet: str, parameters: Parameters, fields: Fields, *, sequential: bool, human_check: bool) -> TwiML:
    """Call several numbers, with a whisper to the one who answers."""
    if "Dial" in parameters:
        return after_dial(parameters, fields)
    response = VoiceResponse()
    dial = response.dial(
        action=address_of(twimlet, parameters, Dial="true"),
        method="POST",
        timeout=ring_seconds(parameters),
        sequential=sequential or None,
    )
    for number in numbers_to_dial(parameters, "PhoneNumbers"):
        if human_check or items(parameters, "Message"):
            url = address_of("whisper", parameters, HumanCheck=str(human_check).lower())
            dial.number(number, url=url, method="POST")
        else:
            dial.number(number)
    return response


def after_dial(parameters: Parameters, fields: Fields) -> TwiML:
    """Continue after a Dial: with `FailUrl` if nobody answered, else hang up."""
    response = VoiceResponse()
    if not was_answered(fields) and parameters.get("FailUrl"):
        response.redirect(address(parameters["FailUrl"], "FailUrl"), method="POST")
    else:
        response.hangup()
    return response


def was_answered(fields: Fields) -> bool:
    """Return whether a Dial reached somebody."""
    return fields.get("DialCallStatus") in ("completed", "answered")


def whisper(parameters: Parameters, fields: Fields) -> TwiML:
    """Say `Message` to the callee before the calls are connected; with `HumanCheck` also wait for a key."""
    response = VoiceResponse()
    if "Digits" in fields:
        return response  # an empty document connects the two
    texts = items(parameters, "Message")
    if not is_true(parameters, "HumanCheck"):
        for text in texts:
            say_or_play(response, text, parameters)
        return response
    gather = response.gather(num_digits=1, action=address_of("whisper", parameters), method="POST")
    for text in texts or [WHISPER]:
        say_or_play(gather, text, parameters)
    response.hangup()
    return response


def conference(parameters: Parameters, fields: Fields) -> TwiML:
    """Join the conference `Name`; with `Moderators[0]` … it starts and ends with them."""
    response = VoiceResponse()
    for text in items(parameters, "Message"):
        say_or_play(response, text, parameters)
    moderators = callers(parameters, "Moderators")
    name = FORBIDDEN_IN_XML.sub("", parameters.get("Name", "")).strip()[:128] or fields.get("To") or "conference"
    options: dict[str, object] = {}
    if moderators:
        leads = fields.get("From", "") in moderators
        options = {"start_conference_on_enter": leads, "end_conference_on_exit": leads}
    if parameters.get("Music"):
        options |= {"wait_url": address_of("holdmusic", {"Music": parameters["Music"]}), "wait_method": "POST"}
    response.dial().conference(name, **options)
    return response

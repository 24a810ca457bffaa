"""Twimlets that speak: message, menu, echo, holdmusic."""

from __future__ import annotations

import re

from twilio.twiml import TwiML
from twilio.twiml.voice_response import VoiceResponse

from shared.scripts.allowed_countries import guarded_document
from shared.scripts.reading import InvalidScript
from shared.twiml_builder import check_document
from shared.twimlets.parameters import Fields, Parameters, TwimletError, address, address_of, items, say_or_play

MENU_TRIES = 3
HOLD_SECONDS = 600


def message(parameters: Parameters, fields: Fields) -> TwiML:
    """Say or play `Message`, `Message[0]` … one after the other."""
    response = VoiceResponse()
    for text in items(parameters, "Message"):
        say_or_play(response, text, parameters)
    return response


def menu(parameters: Parameters, fields: Fields) -> TwiML:
    """Say `Message`, wait for a key, continue with the URL of that key in `Options[1]` …; hang up after three tries.

    `ErrorMessage` is said after any other key. `Tries` counts the tries.
    """
    options = {
        found[1] or "0": value
        for name, value in parameters.items()
        if (found := re.fullmatch(r"Options(?:\[(\d{0,20})\])?", name))
    }
    if not options:
        raise TwimletError("Options: at least one is needed, like Options[1]=https://…")
    response = VoiceResponse()
    chosen = fields.get("Digits", "")
    if chosen in options:
        response.redirect(address(options[chosen], "Options"), method="POST")
        return response
    tries = int(parameters["Tries"]) if re.fullmatch(r"\d", parameters.get("Tries", "")) else 0
    if chosen:
        say_or_play(response, parameters.get("ErrorMessage") or "I'm sorry, that wasn't a valid option.", parameters)
    if tries >= MENU_TRIES:
        response.hangup()
        return response
    action = address_of("menu", parameters, Tries=str(tries + 1))
    gather = response.gather(num_digits=max(map(len, options)), action=action, method="POST")
    for text in items(parameters, "Message"):
        say_or_play(gather, text, parameters)
    response.redirect(action, method="POST")
    return response


def echo(parameters: Parameters, fields: Fields) -> TwiML | str:
    """Answer with the document in `Twiml`, if it is valid.

    If ALLOWED_COUNTRIES is set, it must be possible to read the document as a script without placeholders that dials
    and texts only those countries. The answer is then written from that script, so it contains only what was checked.
    """
    document = parameters.get("Twiml", "")
    try:
        check_document(document)
    except ValueError as error:
        raise TwimletError(f"Twiml: {error}") from None
    try:
        return guarded_document(document)
    except InvalidScript as error:
        # Only the places and, for numbers, the rule: the details of others may repeat values.
        places = ", ".join(issue.field for issue in error.errors)
        raise TwimletError(f"Twiml: it must only contain what ALLOWED_COUNTRIES allows; see {places}") from None


def holdmusic(parameters: Parameters, fields: Fields) -> TwiML:
    """Say `Message` and play `Music` … in an endless loop, for callers who wait in a queue or conference."""
    response = VoiceResponse()
    for text in items(parameters, "Message"):
        say_or_play(response, text, parameters)
    music = items(parameters, "Music") or items(parameters, "Bucket")
    for one in music:
        response.play(address(one, "Music"))
    if not music:
        response.pause(length=HOLD_SECONDS)
    response.redirect(address_of("holdmusic", parameters), method="POST")
    return response

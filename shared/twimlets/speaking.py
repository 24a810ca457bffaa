"""Twimlets that speak: message, menu, echo, holdmusic."""

from __future__ import annotations

import re

from twilio.twiml import TwiML
from twilio.twiml.voice_response import VoiceResponse

from shared.scripts.allowed_countries import check_allowed_countries
from shared.scripts.filling import has_placeholders
from shared.scripts.from_twiml import script_of
from shared.scripts.reading import InvalidScript
from shared.scripts.writing import write_twiml
from shared.settings import settings
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
    if not settings().allowed_countries:
        return document
    try:
        script, family = script_of(document)
    except InvalidScript as error:
        # Only the places: the details may repeat values.
        places = ", ".join(issue.field for issue in error.errors)
        raise TwimletError(f"Twiml: with ALLOWED_COUNTRIES it must be readable as a script; see {places}") from None
    if has_placeholders(script):
        raise TwimletError("Twiml: with ALLOWED_COUNTRIES placeholders are not allowed; only scripts fill them")
    for issue in check_allowed_countries(script):
        raise TwimletError(f"Twiml: {issue.field}: {issue.detail}")
    return write_twiml(script, family)


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

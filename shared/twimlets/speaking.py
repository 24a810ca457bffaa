"""Twimlets that speak: message, menu, echo, holdmusic."""

from __future__ import annotations

import re

from twilio.twiml import TwiML
from twilio.twiml.voice_response import VoiceResponse

from shared.twiml_builder import check_document
from shared.twimlets.parameters import Fields, TwimletError, address, again, items, say_or_play

MENU_TRIES = 3
HOLD_SECONDS = 600


def message(fields: Fields) -> TwiML:
    """`Message`, `Message[0]` …: says or plays each in turn."""
    response = VoiceResponse()
    for text in items(fields, "Message"):
        say_or_play(response, text, fields)
    return response


def menu(fields: Fields) -> str | TwiML:
    """`Message`, `Options[1]=address` …: asks for a choice and goes on there; three tries, then it hangs up.

    `ErrorMessage` is said when the choice is none. `Tries` counts, so that no menu goes on for ever.
    """
    options = {
        found[1] or "0": value
        for name, value in fields.items()
        if (found := re.fullmatch(r"Options(?:\[(\d{0,20})\])?", name)) and value
    }
    if not options:
        raise TwimletError("Options: a menu needs at least one, like Options[1]=https://…")
    response = VoiceResponse()
    chosen = fields.get("Digits", "")
    if chosen in options:
        response.redirect(address(options[chosen]))
        return response
    tries = int(fields["Tries"]) if re.fullmatch(r"\d", fields.get("Tries", "")) else 0
    if chosen:
        say_or_play(response, fields.get("ErrorMessage") or "I'm sorry, that wasn't a valid option.", fields)
    if tries >= MENU_TRIES:
        response.hangup()
        return response
    action = again("menu", fields, Tries=str(tries + 1))
    gather = response.gather(num_digits=max(map(len, options)), action=action, method="GET")
    for text in items(fields, "Message"):
        say_or_play(gather, text, fields)
    response.redirect(action, method="GET")
    return response


def echo(fields: Fields) -> str:
    """`Twiml`: answers that very document, when it is one."""
    document = fields.get("Twiml", "")
    try:
        check_document(document)
    except ValueError as error:
        raise TwimletError(f"Twiml: {error}") from None
    return document


def holdmusic(fields: Fields) -> TwiML:
    """`Message`, `Music` …: says and plays them over and over, to whoever waits in a queue or conference."""
    response = VoiceResponse()
    for text in items(fields, "Message"):
        say_or_play(response, text, fields)
    music = items(fields, "Music") or items(fields, "Bucket")
    for one in music:
        response.play(address(one))
    if not music:
        response.pause(length=HOLD_SECONDS)
    response.redirect(again("holdmusic", fields), method="GET")
    return response

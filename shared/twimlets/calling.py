"""Twimlets that call others: forward, simulring, findme, whisper, conference."""

from __future__ import annotations

from twilio.twiml import TwiML
from twilio.twiml.voice_response import VoiceResponse

from shared.twiml_builder import FORBIDDEN_IN_XML
from shared.twimlets.parameters import (
    Fields,
    TwimletError,
    address,
    again,
    is_true,
    items,
    number,
    say_or_play,
    seconds,
)

RESTRICTED = "Sorry, you are calling from a restricted number."
WHISPER = "You are receiving a call. Press any key to accept."


def forward(fields: Fields) -> TwiML:
    """`PhoneNumber`: calls it; `CallerId`, `Timeout`, `AllowedCallers`, `AccessRestricted`; `FailUrl` when it fails."""
    response = VoiceResponse()
    if fields.get("Dial"):
        return after_dial(fields)
    callers = {number(text) for text in items(fields, "AllowedCallers")}
    if callers and fields.get("From", "") not in callers:
        say_or_play(response, fields.get("AccessRestricted") or RESTRICTED, fields)
        response.hangup()
        return response
    caller_id = {"caller_id": number(fields["CallerId"])} if fields.get("CallerId") else {}
    response.dial(
        number(fields.get("PhoneNumber", "")),
        action=again("forward", fields, Dial="true"),
        method="GET",
        timeout=seconds(fields),
        **caller_id,
    )
    return response


def simulring(fields: Fields) -> TwiML:
    """`PhoneNumbers[0]` …: calls all of them at once; the first to answer (and press a key: `HumanCheck`) has it."""
    return ring(fields, "simulring", sequential=False, human_check=is_true(fields, "HumanCheck"))


def findme(fields: Fields) -> TwiML:
    """`PhoneNumbers[0]` …: calls one after the other until somebody answers and presses a key."""
    return ring(fields, "findme", sequential=True, human_check=fields.get("HumanCheck", "").lower() != "false")


def ring(fields: Fields, twimlet: str, *, sequential: bool, human_check: bool) -> TwiML:
    """Call several numbers, with a whisper to whoever answers."""
    if fields.get("Dial"):
        return after_dial(fields)
    numbers = [number(text) for text in items(fields, "PhoneNumbers")]
    if not numbers:
        raise TwimletError("PhoneNumbers: at least one is needed, like PhoneNumbers[0]=+15005550006")
    response = VoiceResponse()
    dial = response.dial(
        action=again(twimlet, fields, Dial="true"),
        method="GET",
        timeout=seconds(fields),
        **({"sequential": True} if sequential else {}),
    )
    for one in numbers:
        if human_check or fields.get("Message"):
            dial.number(one, url=again("whisper", fields, HumanCheck=str(human_check).lower()), method="GET")
        else:
            dial.number(one)
    return response


def after_dial(fields: Fields) -> TwiML:
    """Go on after a Dial: to `FailUrl` when nobody was reached."""
    response = VoiceResponse()
    if fields.get("DialCallStatus") not in ("completed", "answered") and fields.get("FailUrl"):
        response.redirect(address(fields["FailUrl"]))
    else:
        response.hangup()
    return response


def whisper(fields: Fields) -> TwiML:
    """What the one who is called hears before being connected; with `HumanCheck`, only after pressing a key."""
    response = VoiceResponse()
    if "Digits" in fields:
        return response  # an empty document connects the two
    texts = items(fields, "Message")
    if not is_true(fields, "HumanCheck"):
        for text in texts:
            say_or_play(response, text, fields)
        return response
    gather = response.gather(num_digits=1, action=again("whisper", fields), method="GET")
    for text in texts or [WHISPER]:
        say_or_play(gather, text, fields)
    response.hangup()
    return response


def conference(fields: Fields) -> TwiML:
    """`Name`, `Moderators[0]` …, `Message`, `Music`: a room; where it has moderators it begins and ends with them."""
    response = VoiceResponse()
    for text in items(fields, "Message"):
        say_or_play(response, text, fields)
    moderators = {number(text) for text in items(fields, "Moderators")}
    name = FORBIDDEN_IN_XML.sub("", fields.get("Name", "")).strip()[:128] or fields.get("To") or "conference"
    options: dict[str, object] = {}
    if moderators:
        leads = fields.get("From", "") in moderators
        options = {"start_conference_on_enter": leads, "end_conference_on_exit": leads}
    if fields.get("Music"):
        options["wait_url"] = again("holdmusic", {"Music": fields["Music"]})
    response.dial().conference(name, **options)
    return response

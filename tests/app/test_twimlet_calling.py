"""The twimlets that dial: forward, simulring, findme, whisper, conference."""

from __future__ import annotations

import pytest

from tests.support.app import App
from tests.support.twimlets import CALL, fetch, follow, is_apology, outline


def test_forward_dials_and_continues_with_fail_url_if_nobody_answers(app: App) -> None:
    """After an answered call it hangs up."""
    [dial] = fetch(app, "forward", {"PhoneNumber": "(555) 765-4321", "FailUrl": "https://example.com/busy"})
    assert (dial.text, dial.get("callerId")) == ("+15557654321", None)

    assert outline(follow(app, dial, DialCallStatus="no-answer")) == ["Redirect https://example.com/busy"]
    assert outline(follow(app, dial, DialCallStatus="completed")) == ["Hangup"]


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        *(("12", "12"), ("1", "1"), ("600", "600"), ("601", "600"), ("999999999", "600")),
        *((other, "20") for other in ("", "0", "-5", "1.5", "soon", "9" * 5000, "\u0661\u0662")),
    ],
)
def test_phones_ring_for_the_timeout_and_ten_minutes_at_most(app: App, timeout: str, expected: str) -> None:
    """An invalid number of seconds is ignored."""
    [dial] = fetch(app, "forward", {"PhoneNumber": "+15557654321", "Timeout": timeout})
    assert dial.get("timeout") == expected


def test_a_number_may_have_an_unescaped_plus(app: App) -> None:
    """It arrives as a space; many guides have it."""
    for name, parameter in (("forward", "PhoneNumber"), ("simulring", "PhoneNumbers")):
        answer = app.signed_post(f"twimlet/{name}?{parameter}=+442079460018", CALL)
        assert "+442079460018</" in answer.text


@pytest.mark.parametrize(
    ("given", "expected"), [("(555) 000-0009", "+15550000009"), ("client:desk", "client:desk"), ("", None)]
)
def test_forward_passes_the_caller_id_on(app: App, given: str, expected: str | None) -> None:
    """A number or a client; without one Twilio shows the caller's own."""
    [dial] = fetch(app, "forward", {"PhoneNumber": "+15557654321", "CallerId": given})
    assert dial.get("callerId") == expected


def test_forward_connects_allowed_callers_only(app: App) -> None:
    """Others hear why they are not connected."""
    fields = {"PhoneNumber": "+15557654321", "AllowedCallers[0]": "+15550000001"}

    assert outline(fetch(app, "forward", fields))[0].startswith("Say Sorry, you are calling from a restricted number")
    assert [verb.tag for verb in fetch(app, "forward", {**fields, "AllowedCallers[1]": CALL["From"]})] == ["Dial"]


def test_simulring_calls_all_numbers_in_parallel(app: App) -> None:
    """At most ten; with a whisper if there is a message or a key to press."""
    numbers = {f"PhoneNumbers[{number}]": f"+1555765432{number % 10}" for number in range(12)}
    [dial] = fetch(app, "simulring", numbers)
    assert len(dial) == 10
    assert dial.get("sequential") is None
    assert dial[0].get("url") is None

    [dial] = fetch(app, "simulring", {"PhoneNumbers": "+15557654321", "HumanCheck": "true"})
    whisper = follow(app, dial[0], "url")
    assert [verb.tag for verb in whisper] == ["Gather", "Hangup"]
    assert outline(follow(app, whisper[0], Digits="5")) == []


def test_findme_calls_one_after_the_other_and_waits_for_a_key(app: App) -> None:
    """An answering machine does not press one."""
    [dial] = fetch(app, "findme", {"PhoneNumbers[0]": "+15557654321", "PhoneNumbers[1]": "+15557654322"})

    assert dial.get("sequential") == "true"
    assert [verb.tag for verb in follow(app, dial[1], "url")] == ["Gather", "Hangup"]


def test_client_rings_browsers_in_parallel_and_continues_with_voicemail(app: App) -> None:
    """Each leg is in the log; after an answered call it hangs up."""
    fields = {"Identities[0]": "ann_1", "Identities[1]": "client:ben", "Timeout": "9", "Message": "Leave a message."}
    [dial] = fetch(app, "client", fields)
    assert [(leg.tag, leg.text) for leg in dial] == [("Client", "ann_1"), ("Client", "ben")]
    assert all(leg.get("statusCallback", "").startswith(f"{app.url}/api/status_callback#") for leg in dial)
    assert (dial.get("timeout"), dial.get("sequential")) == ("9", None)

    [redirect] = follow(app, dial, DialCallStatus="no-answer")
    assert outline(follow(app, redirect, "text")) == ["Say Leave a message.", "Record"]
    assert outline(follow(app, dial, DialCallStatus="completed")) == ["Hangup"]


def test_a_conference_starts_and_ends_with_its_moderators(app: App) -> None:
    """Others wait for them, with music if it is set."""
    fields = {"Name": "board", "Moderators[0]": "+15550000001", "Music": "https://example.com/m.mp3"}
    room = fetch(app, "conference", fields)[0][0]
    assert (room.text, room.get("startConferenceOnEnter"), room.get("endConferenceOnExit")) == (
        "board",
        "false",
        "false",
    )
    assert "Play https://example.com/m.mp3" in outline(follow(app, room, "waitUrl"))
    room = fetch(app, "conference", {**fields, "Moderators[1]": CALL["From"]})[0][0]
    assert (room.get("startConferenceOnEnter"), room.get("endConferenceOnExit")) == ("true", "true")


def test_a_conference_without_moderators_has_twilios_defaults(app: App) -> None:
    """It starts with the second participant and ends with the last."""
    [room] = fetch(app, "conference", {})[0]
    assert (room.text, room.attrib) == (CALL["To"], {})


def test_only_allowed_countries_are_called(american_app: App) -> None:
    """Toll fraud looks for twimlets that dial."""
    assert [verb.tag for verb in fetch(american_app, "forward", {"PhoneNumber": "+12025550123"})] == ["Dial"]
    assert is_apology(fetch(american_app, "forward", {"PhoneNumber": "+442079460018"}))
    for name in ("simulring", "findme"):
        assert is_apology(fetch(american_app, name, {"PhoneNumbers": "+442079460018"}))


def test_callers_may_be_of_any_country(american_app: App) -> None:
    """They call the app; the app does not call them."""
    abroad = "+442079460018"
    fields = {"PhoneNumber": "+12025550123", "AllowedCallers[0]": abroad, "CallerId": abroad}
    [dial] = fetch(american_app, "forward", fields, From=abroad)
    assert dial.get("callerId") == abroad

    room = fetch(american_app, "conference", {"Moderators": abroad}, From=abroad)[0][0]
    assert room.get("startConferenceOnEnter") == "true"

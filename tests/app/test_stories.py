"""End-to-end stories: people with phones, the emulator and the app, over HTTP and in a real Chromium."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from dev.azurite import azurite, connection_string
from dev.processes import free_port
from fake_twilio.testing import FakeTwilio
from tests.support.app import App, app_starter, assert_problem
from tests.support.phones_page import button, captions_of, phone_on, thread_of

OURS = "+15005550006"
ANN, BEN, CAT = "+15551110001", "+15551110002", "+15551110003"

MAIN_MENU = [
    {
        "verb": "Gather",
        "num_digits": 1,
        "action": "/api/twiml/main-chosen",
        "verbs": [{"verb": "Say", "text": "Welcome. For opening hours press 1. For people press 2."}],
    },
    {"verb": "Say", "text": "You pressed nothing. Goodbye."},
]
PEOPLE_MENU = [
    {
        "verb": "Gather",
        "num_digits": 1,
        "action": "/api/twimlet/menu?Options%5B1%5D=/api/twimlet/voicemail&Options%5B2%5D=/api/twiml/hours",
        "verbs": [{"verb": "Say", "text": "To leave a message press 1. For the hours press 2."}],
    }
]
Town = tuple[App, FakeTwilio]

SCRIPTS: dict[str, Any] = {
    "call": MAIN_MENU,
    "main-chosen": [{"verb": "Say", "text": "You chose {{Digits}}."}, {"verb": "Redirect", "url": "/api/twiml/people"}],
    "people": PEOPLE_MENU,
    "hours": [{"verb": "Say", "text": "We are open from nine to five."}],
    "text": [{"verb": "Message", "body": "Thank you for your {{NumMedia}} pictures."}],
}


@contextmanager
def running_town(pace: float, scripts: dict[str, Any]) -> Iterator[Town]:
    """Start an app with these scripts, and an emulator with a number that is connected to it."""
    port = free_port()
    with (
        azurite(port),
        FakeTwilio.running(pace=pace) as twilio,
        app_starter(twilio.url, connection_string(port)) as start,
    ):
        app = start()
        twilio.serve_numbers_from(app.url)
        for name, script in scripts.items():
            app.put(f"scripts/{name}", script).raise_for_status()
        yield app, twilio


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """Start an app, and an emulator without delays."""
    with running_town(0, SCRIPTS) as town:
        yield town


def events_of(app: App, sid: str) -> list[str]:
    """Return the events of a call in the log, each in a word or two."""
    return [event.get("status") or event["what"] for event in app.get(f"activity/{sid}").json()["events"]]


def test_a_caller_goes_through_a_menu_of_two_levels(town: Town) -> None:
    """Each pressed key is in the log."""
    app, twilio = town
    twilio.reset()
    call = twilio.phone(ANN).call(OURS)
    call.wait_until_heard("For people press 2")
    call.wait_until_listening()
    call.press("2")
    call.wait_until_heard("You chose 2.")
    call.wait_until_heard("For the hours press 2")
    call.wait_until_listening()
    call.press("2")
    call.wait_until_heard("open from nine to five")
    call.wait_until("completed")
    twilio.wait_until_quiet()

    assert events_of(app, call.sid).count("gathered") == 2
    assert app.wait_for_activity(call.sid, "completed")["direction"] == "inbound"
    assert twilio.faults == []


def test_a_voicemail_is_recorded_and_in_the_log(town: Town) -> None:
    """With the URL of its recording."""
    app, twilio = town
    twilio.reset()
    app.put("scripts/call-15005550006", [VOICEMAIL]).raise_for_status()
    wait_until_served(app, twilio, "Nobody can take your call")
    call = twilio.phone(ANN).call(OURS)
    call.wait_until_recording()
    call.press("#")
    call.wait_until_heard("Thank you")
    call.wait_until("completed")
    twilio.wait_until_quiet()

    found = app.get(f"activity/{call.sid}").json()
    [recording] = [event for event in found["events"] if event.get("what") == "recording completed"]
    audio = recording["fields"]["RecordingUrl"]
    credentials = (app.settings["TWILIO_API_KEY"], app.settings["TWILIO_API_SECRET"])
    assert requests.get(audio, auth=credentials, timeout=30).content[:4] == b"RIFF"
    assert twilio.faults == []
    app.delete("scripts/call-15005550006")


def test_a_conference_has_a_row_of_its_own_to_which_its_calls_link(town: Town) -> None:
    """From the callbacks of the room; those of its end name no call."""
    app, twilio = town
    twilio.reset()
    events = {"status_callback": "/api/status_callback", "status_callback_event": ["start", "end", "join", "leave"]}
    room = {"noun": "Conference", "name": "standup", **events}
    script = [{"verb": "Dial", "nouns": [room]}]
    sids = [app.post("make_call", {"to": number, "script": script}).json()["sid"] for number in (ANN, CAT)]
    calls = [twilio.phone(number).wait_for_call() for number in (ANN, CAT)]
    for call in calls:
        call.answer()
    twilio.wait_for(lambda: any(one.started for one in twilio.simulator.conferences.values()), "the conference", 5)
    for call in calls:
        call.hang_up()
    twilio.wait_until_quiet()

    [listed] = app.get("activity?kind=conference").json()["items"]
    found = app.wait_for_activity(listed["sid"], "completed")
    joined = [event["fields"].get("CallSid") for event in found["events"] if "participant-join" in str(event)]
    assert sorted(joined) == sorted(sids)
    for sid in sids:
        assert listed["sid"] in app.get(f"activity/{sid}").text
    assert twilio.faults == []


VOICEMAIL = {"verb": "Redirect", "url": "/api/twimlet/voicemail"}


def wait_until_served(app: App, twilio: FakeTwilio, words: str) -> None:
    """Call until the script that has just been stored answers."""
    deadline = time.monotonic() + 8
    while True:
        call = twilio.phone(CAT).call(OURS)
        call.wait_until_heard("")
        time.sleep(0.3)
        heard = call.heard()
        call.hang_up()
        twilio.wait_until_quiet()
        if words in heard:
            return
        assert time.monotonic() < deadline, heard


def test_a_forwarded_call_that_is_not_answered_continues_with_fail_url(town: Town) -> None:
    """The caller hears its script."""
    app, twilio = town
    twilio.reset()
    address = f"{app.url}/api/twimlet/forward?PhoneNumber=%2B15551110002&Timeout=5&FailUrl=/api/twiml/hours"
    placed = app.post("make_call", {"to": ANN, "url": address}).json()
    caller = twilio.phone(ANN).wait_for_call()
    caller.answer()
    twilio.phone(BEN).wait_for_call().ring_out()
    caller.wait_until_heard("open from nine to five")
    caller.wait_until("completed")
    twilio.wait_until_quiet()

    assert "dial no-answer" in events_of(app, placed["sid"])
    assert twilio.faults == []


def test_two_browsers_ring_and_the_caller_of_nobody_leaves_a_message(town: Town) -> None:
    """Each browser's leg is in the log, in a row of its own."""
    app, twilio = town
    twilio.reset()
    address = f"{app.url}/api/twimlet/client?Identities%5B0%5D=ann&Identities%5B1%5D=ben&Message=We+are+out."
    placed = app.post("make_call", {"to": CAT, "url": address}).json()
    caller = twilio.phone(CAT).wait_for_call()
    caller.answer()
    legs = [twilio.phone(client).wait_for_call() for client in ("client:ann", "client:ben")]
    legs[0].decline()
    legs[1].ring_out()
    caller.wait_until_recording()
    caller.press("#")
    caller.wait_until("completed")
    twilio.wait_until_quiet()

    assert "We are out." in caller.heard()
    assert app.wait_for_activity(legs[0].sid, "busy")["to"] == "client:ann"
    assert app.wait_for_activity(legs[1].sid, "no-answer")["events"][0]["fields"]["ParentCallSid"] == placed["sid"]
    assert "dial no-answer" in events_of(app, placed["sid"])
    assert twilio.faults == []


def test_a_message_with_a_picture_is_answered(town: Town) -> None:
    """It is in the log without its text."""
    app, twilio = town
    twilio.reset()
    sent = twilio.phone(ANN).text(OURS, "Look at this", media=["https://example.com/cat.png"])
    twilio.phone(ANN).wait_for_text("Thank you for your 1 pictures.")
    twilio.wait_until_quiet()

    found = app.wait_for_activity(sent.sid, "received")
    assert found["events"][0]["fields"]["NumMedia"] == "1"
    assert "Look at this" not in str(found)


def test_after_stop_a_send_is_an_error_until_start(town: Town) -> None:
    """Twilio answers both keywords."""
    app, twilio = town
    twilio.reset()
    phone = twilio.phone(BEN)
    body = {"to": BEN, "body": "News"}
    assert app.post("send_sms", body).status_code == 201
    phone.text(OURS, "STOP")
    twilio.wait_until_quiet()
    assert_problem(app.post("send_sms", body), 422, "recipient_opted_out")
    phone.text(OURS, "START")
    twilio.wait_until_quiet()
    assert app.post("send_sms", body).status_code == 201
    twilio.wait_until_quiet()


def test_while_the_app_is_down_a_caller_hears_twilios_apology(app: App) -> None:
    """Neither the voice URL nor the fallback URL answers. When the app is up again, the next caller is greeted."""
    with FakeTwilio.running(pace=0) as twilio:
        twilio.serve_numbers_from(f"http://127.0.0.1:{free_port()}")
        call = twilio.phone(ANN).call(OURS)
        call.wait_until_heard("an application error has occurred")
        twilio.serve_numbers_from(app.url)
        twilio.phone(ANN).call(OURS).wait_until_heard("leave a message")


@pytest.fixture(scope="module")
def live_town() -> Iterator[Town]:
    """Start the same with delays that a browser can follow."""
    with running_town(0.1, {**SCRIPTS, "main-chosen": [VOICEMAIL]}) as town:
        yield town


def test_on_the_phones_page_a_person_calls_the_app_leaves_a_voicemail_and_plays_it(live_town: Town, tab: Page) -> None:
    """As the README promises."""
    _, twilio = live_town
    tab.goto(twilio.url)
    tab.get_by_role("textbox", name="Number of the new phone").fill(ANN)
    tab.get_by_role("button", name="Add a phone").click()
    phone = phone_on(tab, ANN)
    button(phone, "Call your app").click()
    expect(captions_of(phone).get_by_text("For people press 2")).to_be_visible()
    phone.focus()
    tab.keyboard.press("2")
    expect(captions_of(phone).get_by_text("leave a message")).to_be_visible()
    expect(phone.get_by_text("Recording, press")).to_be_visible()
    tab.keyboard.press("#")
    expect(thread_of(phone).get_by_text("Call ended")).to_be_visible(timeout=15_000)
    player = thread_of(phone).get_by_label("Recording", exact=True)

    assert player.evaluate("async (audio) => { await audio.play(); audio.pause(); return audio.duration; }") > 0
    assert twilio.faults == []

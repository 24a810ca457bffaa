"""docs/tutorial.md: its commands are run in order, and each "Try it" has the outcome that it promises."""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

import pytest

from fake_twilio.testing import FakeTwilio
from tests.support.app import StartApp
from tests.support.documents import APP_URL, commands, run_curl, section, text_of

TEXT = text_of("docs/tutorial.md")
MENU, VOICEMAIL, FORWARD, REPLY, AZURE = re.findall(r"(?m)^## (\d\. .*)$", TEXT)
OURS, FIRST, SECOND = "+15005550006", "+15551234567", "+15559876543"
pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")


def run(text: str, replacements: dict[str, str]) -> list[Any]:
    """Run the curl commands in a text; return their answers."""
    lines = [line for line in commands(text) if line.startswith("curl ")]
    assert lines
    return [json.loads(run_curl(line, replacements)) for line in lines]


def test_the_tutorial_builds_a_phone_line(start_app: StartApp, fake_twilio: FakeTwilio) -> None:
    """A menu, a voicemail, a forwarded call, and a reply to a text message."""
    app = start_app()

    def enter(step: str) -> list[Any]:
        """Run the commands of a step before its "Try it"."""
        return run(section(TEXT, step).partition("**Try it.**")[0], {APP_URL: app.url})

    def look(step: str) -> list[Any]:
        """Run the commands of a step after its "Try it"."""
        return run(section(TEXT, step).partition("**Try it.**")[2], {APP_URL: app.url})

    fake_twilio.serve_numbers_from(app.url)
    first, second = fake_twilio.phone(FIRST), fake_twilio.phone(SECOND)

    enter(MENU)
    call = first.call(OURS)
    call.wait_until_listening()
    call.press("1")
    call.wait_until_heard("from nine to six")
    call.wait_until_listening()
    assert call.heard().count("Welcome to Contoso Bikes") == 2

    enter(VOICEMAIL)
    call.press("2")
    call.wait_until_recording()
    call.press("#")
    call.wait_until_heard("We will call you back")
    fake_twilio.wait_until_quiet()
    [activity] = look(VOICEMAIL)
    details = app.get(f"activity/{activity['items'][0]['sid']}").json()
    assert "recording completed" in [event["what"] for event in details["events"] if "what" in event]

    enter(FORWARD)
    call = first.call(OURS)
    call.wait_until_listening()
    call.press("3")
    second.wait_for_call().answer()
    call.wait_until_connected_to(SECOND)
    call.hang_up()
    call = first.call(OURS)
    call.wait_until_listening()
    call.press("3")
    second.wait_for_call().decline()
    call.wait_until_recording()
    call.hang_up()

    *_, sent = enter(REPLY)
    assert sent["to"] == FIRST
    first.text(OURS, "Tomorrow at ten")
    first.wait_for_text("We received: Tomorrow at ten")
    first.text(OURS, "STOP")
    fake_twilio.wait_until_quiet()
    assert app.post("send_sms", {"to": FIRST, "body": "Hello"}).json()["code"] == "recipient_opted_out"
    first.text(OURS, "START")
    fake_twilio.wait_until_quiet()
    assert app.post("send_sms", {"to": FIRST, "body": "Hello"}).status_code == 201


def test_the_tutorial_stores_the_same_scripts_on_azure(start_app: StartApp) -> None:
    """At another address, and with a key."""
    app = start_app(key="the-key")
    laptop, azure = TEXT.split(f"## {AZURE}")
    stored = re.compile(r"curl -X PUT \S+(/api/scripts/\S+) .*(--data-binary \S+)")
    answers = run(azure, {"https://YOUR-APP.azurewebsites.net": app.url, "YOUR-KEY": "the-key"})

    assert stored.findall(laptop) == stored.findall(azure)
    assert len(answers) == len(stored.findall(azure))

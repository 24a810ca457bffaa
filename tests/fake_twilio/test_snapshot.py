"""The phones page between two runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fake_twilio.phones.state import state
from fake_twilio.snapshot import FILE, load, save
from fake_twilio.testing import FakeTwilio
from tests.support.fake_twilio_stage import OURS, THEIRS, Stage, twiml


def fill(stage: Stage) -> None:
    """Make an ended call with a recording, one that goes on, messages with a picture, and a phone that is off."""
    stage.fake.serve_numbers_from(stage.app.base_url)
    stage.app.reply("/api/answer_call", twiml("<Say>Hello</Say><Record action='/done'/>"))
    stage.app.reply("/done", twiml("<Hangup/>"))
    call = stage.fake.phone(THEIRS).call(OURS)
    call.wait_until_recording()
    call.press("#")
    call.wait_until("completed")
    stage.text(body="Hi")
    stage.fake.phone(THEIRS).text(OURS, "A picture", media=["https://example.com/a.png"])
    stage.fake.phone("+15552220002").switch_off()
    stage.fake.wait_until_quiet()


def shown(fake: FakeTwilio) -> str:
    """Return what the phones page shows."""
    return json.dumps(fake.ask(lambda: state(fake.simulator, "")), sort_keys=True)


def test_the_page_shows_the_same_after_a_restart(stage: Stage, tmp_path: Path) -> None:
    """With the recording; new webhooks get other numbers than the old ones."""
    fill(stage)
    stage.fake.ask(lambda: save(stage.fake.simulator, tmp_path))
    before = shown(stage.fake)

    with FakeTwilio.running(port=0) as again:
        again.serve_numbers_from(stage.app.base_url)
        assert again.ask(lambda: load(again.simulator, tmp_path)) == ""
        assert json.loads(shown(again))["phones"] == json.loads(before)["phones"]
        assert json.loads(shown(again))["webhooks"] == json.loads(before)["webhooks"]
        [recording] = again.simulator.recordings.values()
        assert recording.audio()[:4] == b"RIFF"
        old = {delivery.id for delivery in again.webhooks}
        again.phone(THEIRS).text(OURS, "New")
        again.wait_until_quiet()
        ids = [delivery.id for delivery in again.webhooks]
        assert len(ids) == len(set(ids)) > len(old)


def test_what_goes_on_is_not_kept(stage: Stage, tmp_path: Path) -> None:
    """Nobody would end it in the next run."""
    call = stage.call()
    stage.fake.phone(THEIRS).wait_for_call()
    stage.fake.ask(lambda: save(stage.fake.simulator, tmp_path))

    with FakeTwilio.running() as again:
        assert again.ask(lambda: load(again.simulator, tmp_path)) == ""
        assert call.sid not in again.simulator.calls
        assert list(again.simulator.phones.by_number) == [THEIRS]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: "{}",
        lambda text: text.replace('"kind": "Message"', '"kind": "Letter"'),
        lambda text: text.replace('"sid"', '"name"'),
        lambda text: text.replace('{"time": "', '{"time": "x'),
    ],
)
def test_a_damaged_file_is_an_empty_page_and_one_sentence(
    stage: Stage, tmp_path: Path, damage: Callable[[str], str]
) -> None:
    """The file of an older version may be one, too."""
    stage.text()
    stage.fake.wait_until_quiet()
    stage.fake.ask(lambda: save(stage.fake.simulator, tmp_path))
    file = tmp_path / FILE
    file.write_text(damage(file.read_text("utf-8")), "utf-8")

    with FakeTwilio.running() as again:
        wrong = again.ask(lambda: load(again.simulator, tmp_path))
        assert "so the phones start empty" in wrong
        assert again.simulator.phones.by_number == {}
        assert again.simulator.messages == {}

"""The phones page's API: its state as events, and what its buttons do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from test_fake_twilio_stage import OURS, THEIRS, Reply, Stage, twiml

NUMBER = "%2B15551234567"


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A stage of its own for each test."""
    with Stage.ready() as stage:
        yield stage


class Events:
    """The page's view."""

    def __init__(self, stage: Stage) -> None:
        self.response = requests.get(f"{stage.fake.url}/_phones/events", stream=True, timeout=10)
        self.lines = self.response.iter_lines()

    def next(self) -> Any:
        """The next state."""
        for line in self.lines:
            if line:
                assert line.startswith(b"data: ")
                return json.loads(line[6:])
        raise AssertionError("the stream has ended")

    def until(self, status: str) -> Any:
        """The first call of the first phone, once it has this status."""
        while True:
            phones = self.next()["phones"]
            if phones and phones[0]["calls"] and phones[0]["calls"][0]["status"] == status:
                return phones[0]["calls"][0]


def press(stage: Stage, button: str, body: Any = None, number: str = NUMBER) -> tuple[int, Any]:
    """Use a button of a phone: status and detail."""
    answer = requests.post(f"{stage.fake.url}/_phones/{number}/{button}", json=body, timeout=5)
    return answer.status_code, answer.json()["detail"] if answer.content else None


def test_the_page_sees_the_account_at_once(stage: Stage) -> None:
    """The first event comes without anything happening."""
    events = Events(stage)
    assert events.response.headers["Content-Type"].startswith("text/event-stream")
    assert events.next() == {
        "account": {"sid": stage.fake.account.sid, "numbers": [OURS]},
        "app_url": "http://127.0.0.1:7071",
        "phones": [],
        "webhooks": [],
        "faults": [],
    }


def test_the_page_follows_a_call_from_ring_to_end(stage: Stage) -> None:
    """Ringing, answered by the page, words, keys, hung up by the page."""
    events = Events(stage)
    url = stage.app.reply("/twiml", twiml('<Say voice="alice" loop="0">Hello World</Say>'))
    sid = stage.call(url=url).sid
    ringing = events.until("ringing")
    assert (ringing["sid"], ringing["from"], ringing["to"]) == (sid, OURS, THEIRS)
    assert (ringing["direction"], ringing["answered"], ringing["duration"]) == ("outbound-api", None, None)
    assert press(stage, "answer") == (204, None)
    while not (call := events.until("in-progress"))["steps"][1:]:
        pass
    fetch, say = call["steps"]
    assert (fetch["verb"], fetch["method"], fetch["url"], fetch["status"], fetch["state"]) == (
        "fetch", "POST", url, 200, "done",
    )  # fmt: skip
    assert say == {
        "at": say["at"], "verb": "Say", "text": "Hello World", "voice": "alice", "language": "", "loop": 0,
        "state": "now",
    }  # fmt: skip
    assert press(stage, "digits", {"digits": "12#"}) == (204, None)
    assert press(stage, "hangup") == (204, None)
    ended = events.until("completed")
    assert (ended["keys"], ended["duration"], ended["steps"][1]["state"]) == ("12#", 1, "done")


def test_the_page_sees_texts_webhooks_and_faults(stage: Stage) -> None:
    """A text with its fate, each try of a webhook, what was wrong with the answer; the newest webhook first."""
    stage.app.reply("/status", Reply(), Reply(), Reply(500))
    text = stage.text(body="hi", media_url=["https://example.com/1.jpg"])
    stage.fake.wait_until_quiet()
    state = Events(stage).next()
    (phone,) = state["phones"]
    assert phone["number"] == THEIRS
    assert phone["messages"] == [
        {
            "sid": text.sid,
            "direction": "in",
            "peer": OURS,
            "body": "hi",
            "media": ["https://example.com/1.jpg"],
            "status": "delivered",
            "error_code": None,
            "at": phone["messages"][0]["at"],
        }
    ]
    assert [(hook["event"], hook["status"]) for hook in state["webhooks"]] == [
        ("delivered", 500), ("sent", 204), ("sending", 204),
    ]  # fmt: skip
    newest = state["webhooks"][0]
    assert (newest["kind"], newest["method"], newest["url"], newest["attempt"]) == (
        "status", "POST", stage.app.url(), 1,
    )  # fmt: skip
    assert newest["ms"] >= 0
    (fault,) = state["faults"]
    assert (fault["sid"], fault["code"]) == (text.sid, 11200)
    assert "answered 500" in fault["detail"]


def test_many_changes_make_few_events(stage: Stage) -> None:
    """The state comes twenty times a second at most, and the last one is complete."""
    events = Events(stage)
    for number in range(40):
        stage.text(f"+1555000{number:04}")
    stage.fake.wait_until_quiet()
    count, state = 1, events.next()
    while len(state["phones"]) < 40:
        count, state = count + 1, events.next()
    assert count < 40


def test_declining_is_busy(stage: Stage) -> None:
    """The button that refuses."""
    stage.call()
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    assert press(stage, "decline") == (204, None)
    phone_call.wait_until("busy")


@pytest.mark.parametrize(
    ("button", "body", "words"),
    [
        ("answer", None, "This phone is not ringing."),
        ("decline", None, "This phone is not ringing."),
        ("hangup", None, "Nobody is on the line."),
        ("digits", {"digits": "1"}, "Nobody is on the line."),
        ("speech", {"text": "hello"}, "Nobody is on the line."),
    ],
)
def test_buttons_without_a_call_are_a_conflict(stage: Stage, button: str, body: Any, words: str) -> None:
    """409 with words, for a phone that never rang and for one whose call is over."""
    assert press(stage, button, body) == (409, words)
    stage.call()
    stage.fake.phone(THEIRS).wait_for_call().decline()
    stage.fake.wait_until_quiet()
    assert press(stage, button, body)[0] == 409


@pytest.mark.parametrize(("button", "body"), [("hangup", None), ("digits", {"digits": "1"})])
def test_a_phone_that_rings_cannot_be_hung_up(stage: Stage, button: str, body: Any) -> None:
    """First it must be answered."""
    stage.call()
    stage.fake.phone(THEIRS).wait_for_call()
    assert press(stage, button, body) == (409, "Nobody is on the line.")


def test_a_phone_cannot_be_answered_twice(stage: Stage) -> None:
    """The second click comes too late."""
    stage.call(twiml='<Response><Say loop="0">x</Say></Response>')
    stage.fake.phone(THEIRS).wait_for_call()
    assert press(stage, "answer")[0] == 204
    assert press(stage, "answer") == (409, "This phone is not ringing.")


@pytest.mark.parametrize(
    ("button", "body"),
    [
        ("digits", None),
        ("digits", []),
        ("digits", {}),
        ("digits", {"digits": ""}),
        ("digits", {"digits": 12}),
        ("digits", {"digits": "<script>"}),
        ("reachable", {"reachable": "no"}),
        ("reachable", {}),
    ],
)
def test_nonsense_from_the_page_is_refused(stage: Stage, button: str, body: Any) -> None:
    """400 with words."""
    status, detail = press(stage, button, body)
    assert status == 400
    assert "expected" in detail


def test_a_phone_can_be_switched_off_on_the_page(stage: Stage) -> None:
    """Then calls are not answered and texts do not arrive, until it is switched on."""
    assert press(stage, "reachable", {"reachable": False}) == (204, None)
    call, text = stage.call(), stage.text()
    stage.fake.wait_until_quiet()
    assert stage.client.calls(call.sid).fetch().status == "no-answer"
    assert stage.client.messages(text.sid).fetch().error_code == 30003
    assert Events(stage).next()["phones"][0]["reachable"] is False
    press(stage, "reachable", {"reachable": True})
    assert stage.client.messages(stage.text().sid).fetch().error_code is None


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("/", "text/html"), ("/phones.css", "text/css"), ("/phones.js", "text/javascript")],
)
def test_the_page_is_served(stage: Stage, path: str, content_type: str) -> None:
    """Its files, with their types."""
    answer = requests.get(stage.fake.url + path, timeout=5)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, f"{content_type}; charset=utf-8")
    assert answer.content


@pytest.mark.parametrize("path", ["/nothing.js", "/../account.py", "/account.py", "/%2e%2e/account.py"])
def test_nothing_but_the_page_is_served(stage: Stage, path: str) -> None:
    """No other file."""
    request = requests.Request("GET", stage.fake.url).prepare()
    request.url = stage.fake.url + path
    with requests.Session() as session:
        assert session.send(request, timeout=5).status_code == 404


def test_the_page_sees_what_a_call_waits_for_and_what_it_leaves(stage: Stage) -> None:
    """A menu, a recording, a connection, and texts in both directions."""
    stage.fake.serve_numbers_from(stage.app.base_url)
    stage.app.reply("/api/answer_call", twiml('<Gather numDigits="1" action="/record"/>'))
    stage.app.reply("/record", twiml('<Record action="/dial" finishOnKey="#"/>'))
    stage.app.reply("/dial", twiml("<Dial>+15557654321</Dial>"))
    events = Events(stage)
    phone_call = stage.fake.phone(THEIRS).call(OURS)

    def call_where(fits: Any) -> Any:
        while True:
            phones = events.next()["phones"]
            if phones and phones[0]["calls"] and fits(phones[0]["calls"][0]):
                return phones[0]["calls"][0]

    menu = call_where(lambda call: call["waiting_for"])
    assert (menu["direction"], menu["waiting_for"]["verb"], menu["connected_to"]) == ("inbound", "Gather", [])
    assert menu["steps"][0]["signed"]
    phone_call.press("1")
    call_where(lambda call: call["waiting_for"] and call["waiting_for"]["verb"] == "Record")
    phone_call.press("#")
    leg = stage.fake.phone("+15557654321").wait_for_call()
    leg.answer()
    connected = call_where(lambda call: call["connected_to"])
    assert (connected["connected_to"], connected["waiting_for"]) == (["+15557654321"], None)
    (recording,) = connected["recordings"]
    assert (recording["duration"], recording["url"][-4:]) == (1, ".wav")
    phone_call.hang_up()
    stage.app.reply("/api/receive_sms", twiml("<Message>pong</Message>"))
    stage.fake.phone(THEIRS).text(OURS, "ping", media=["https://example.com/a.png"])
    stage.fake.phone(THEIRS).wait_for_text("pong")
    while len(messages := events.next()["phones"][0]["messages"]) < 2 or messages[1]["status"] != "delivered":
        pass
    shown = [(message["direction"], message["peer"], message["body"], message["status"]) for message in messages]
    assert shown == [("out", OURS, "ping", "received"), ("in", OURS, "pong", "delivered")]
    assert messages[0]["media"] == ["https://example.com/a.png"]

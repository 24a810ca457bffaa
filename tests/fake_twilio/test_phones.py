"""The API of the phones page: its state as events, and its actions."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.support.fake_twilio_stage import OURS, THEIRS, Reply, Stage, twiml

NUMBER = "%2B15551234567"


class Events:
    """The events that the page receives."""

    def __init__(self, stage: Stage) -> None:
        self.response = requests.get(f"{stage.fake.url}/_phones/events", stream=True, timeout=10)
        self.lines = self.response.iter_lines()

    def next(self) -> Any:
        """Return the next state."""
        for line in self.lines:
            if line:
                assert line.startswith(b"data: ")
                return json.loads(line[6:])
        raise AssertionError("the stream has ended")

    def until(self, status: str) -> Any:
        """Return the first call of the first phone as soon as it has this status."""
        while True:
            phones = self.next()["phones"]
            if phones and phones[0]["calls"] and phones[0]["calls"][0]["status"] == status:
                return phones[0]["calls"][0]


def press(stage: Stage, button: str, body: Any = None, number: str = NUMBER) -> tuple[int, Any]:
    """Use a button of a phone; return the status and the detail."""
    answer = requests.post(f"{stage.fake.url}/_phones/{number}/{button}", json=body, timeout=5)
    return answer.status_code, answer.json()["detail"] if answer.content else None


def test_the_first_event_has_the_account(stage: Stage) -> None:
    """It comes without any change."""
    events = Events(stage)
    assert events.response.headers["Content-Type"].startswith("text/event-stream")
    assert events.next() == {
        "account": {"sid": stage.fake.account.sid, "numbers": [OURS]},
        "app_url": "http://127.0.0.1:7071",
        "app_key": "",
        "phones": [],
        "webhooks": [],
        "faults": [],
    }


def test_the_page_follows_a_call_from_ringing_to_the_end(stage: Stage) -> None:
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


def test_the_page_gets_messages_webhooks_and_faults(stage: Stage) -> None:
    """A message with its status, each attempt of a webhook (newest first), and the error in the answer."""
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


def test_many_changes_cause_few_events(stage: Stage) -> None:
    """At most twenty a second, and the last one is complete."""
    events = Events(stage)
    for number in range(40):
        stage.text(f"+1555000{number:04}")
    stage.fake.wait_until_quiet()
    count, state = 1, events.next()
    while len(state["phones"]) < 40:
        count, state = count + 1, events.next()
    assert count < 40


def test_a_declined_call_is_busy(stage: Stage) -> None:
    """By the button of the page."""
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
def test_an_action_without_a_call_is_a_conflict(stage: Stage, button: str, body: Any, words: str) -> None:
    """409 with the reason, for a phone that never rang and for one whose call has ended."""
    assert press(stage, button, body) == (409, words)
    stage.call()
    stage.fake.phone(THEIRS).wait_for_call().decline()
    stage.fake.wait_until_quiet()
    assert press(stage, button, body)[0] == 409


@pytest.mark.parametrize(("button", "body"), [("hangup", None), ("digits", {"digits": "1"})])
def test_a_ringing_phone_cannot_hang_up(stage: Stage, button: str, body: Any) -> None:
    """It must be answered first."""
    stage.call()
    stage.fake.phone(THEIRS).wait_for_call()
    assert press(stage, button, body) == (409, "Nobody is on the line.")


def test_a_phone_cannot_be_answered_twice(stage: Stage) -> None:
    """The second click is too late."""
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
def test_invalid_requests_of_the_page_are_rejected(stage: Stage, button: str, body: Any) -> None:
    """400 with the reason."""
    status, detail = press(stage, button, body)
    assert status == 400
    assert "expected" in detail


def test_a_phone_can_be_switched_off_on_the_page(stage: Stage) -> None:
    """Calls are not answered and messages are not delivered, until it is switched on."""
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


def test_the_page_gets_the_state_of_a_call(stage: Stage) -> None:
    """A menu, a recording, a connection, and messages in both directions."""
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


ACCOUNT = "/2010-04-01/Accounts/AC00000000000000000000000000000001"
PAGES = ["/", "/phones.js", "/_phones/events", "/_phones/recordings/RE00.wav", f"{ACCOUNT}/Calls.json", "/v1/Services"]


def ask(stage: Stage, method: str, path: str, **headers: str) -> requests.Response:
    """Send a request with these headers; wait for the head of the answer only."""
    body = {"number": THEIRS} if method == "POST" else None
    return requests.request(method, stage.fake.url + path, headers=headers, json=body, stream=True, timeout=5)


@pytest.mark.parametrize("path", [*PAGES, "/_phones"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "127.0.0.1."])
def test_a_foreign_host_name_of_this_machine_is_rejected(stage: Stage, path: str, host: str) -> None:
    """A website whose name resolves to this machine (DNS rebinding) can neither read nor change anything."""
    method = "POST" if path == "/_phones" else "GET"
    with ask(stage, method, path, Host=host.format(port=stage.fake.port)) as answer:
        assert answer.status_code == 403
        assert answer.json()["detail"] == f"The emulator answers at {stage.fake.url} and at localhost only."
    assert Events(stage).next()["phones"] == []


@pytest.mark.parametrize("origin", ["http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "null"])
@pytest.mark.parametrize("button", ["answer", "call", "text", "digits"])
def test_requests_of_other_websites_are_rejected(stage: Stage, origin: str, button: str) -> None:
    """The browser names the website in Origin; the answer is 403."""
    sid = stage.call().sid
    stage.fake.phone(THEIRS).wait_for_call()
    with ask(stage, "POST", f"/_phones/{NUMBER}/{button}", Origin=origin.format(port=stage.fake.port)) as answer:
        assert answer.status_code == 403
        assert answer.json()["detail"] == "Requests of other websites are rejected."
    assert stage.fake.call(sid).status == "ringing"


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LocalHost", "[::1]"])
def test_every_local_name_of_the_machine_is_accepted(stage: Stage, name: str) -> None:
    """The page works at each, with the Origin that a browser sends."""
    host = f"{name}:{stage.fake.port}"
    for path in PAGES[:3]:
        with ask(stage, "GET", path, Host=host) as answer:
            assert answer.status_code == 200
    with ask(stage, "POST", "/_phones", Host=host, Origin=f"http://{host.lower()}") as answer:
        assert answer.status_code == 201


def webhook(stage: Stage, kind: str = "status") -> Any:
    """Return the details of the newest webhook of this kind."""
    entry = next(entry for entry in Events(stage).next()["webhooks"] if entry["kind"] == kind)
    answer = requests.get(f"{stage.fake.url}/_phones/webhooks/{entry['id']}", timeout=5)
    assert answer.status_code == 200
    assert entry.items() <= answer.json().items()
    return answer.json()


def test_the_details_of_a_webhook_have_request_and_answer(stage: Stage) -> None:
    """Parameters in order; status, type, size and text of the answer."""
    stage.app.reply("/status", Reply(500, b'{"detail": "gr\xc3\xbc\xc3\x9fe"}', "application/problem+json"))
    sid = stage.text(body="hi").sid
    stage.fake.wait_until_quiet()
    seen = webhook(stage)
    assert (seen["method"], seen["url"], seen["note"]) == ("POST", stage.app.url(), "answered 500")
    assert [name for name, _ in seen["parameters"]] == list(stage.app.received[-1].form)
    assert dict(seen["parameters"]) == stage.app.received[-1].form
    assert dict(seen["parameters"])["MessageSid"] == sid
    assert (seen["status"], seen["content_type"], seen["size"]) == (500, "application/problem+json", 21)
    assert seen["text"] == '{"detail": "grüße"}'


@pytest.mark.parametrize(
    ("reply", "size", "text"),
    [
        (Reply(200, b"<Response/>" + b" " * 5000, "text/xml"), 5011, "<Response/>" + " " * 4085),
        (Reply(200, "é".encode() * 3000 + b"x", "text/xml"), 6001, "é" * 2048),
        (Reply(200, b"x" + "é".encode() * 3000, "text/xml"), 6001, "x" + "é" * 2047),
        (Reply(200, b"RIFF\xff\xfe", "audio/wav"), 6, None),
        (Reply(204), 0, ""),
        (Reply(breaks=True), 0, ""),
    ],
)
def test_only_the_first_part_of_an_answer_is_kept(stage: Stage, reply: Reply, size: int, text: str | None) -> None:
    """4 kB, without half characters; no text for binary answers."""
    stage.app.reply("/status", reply)
    stage.text(body="hi")
    stage.fake.wait_until_quiet()
    assert (webhook(stage)["size"], webhook(stage)["text"]) == (size, text)


@pytest.mark.parametrize("number", ["0", "999999999", "-1", "x"])
def test_an_unknown_webhook_is_not_found(stage: Stage, number: str) -> None:
    """Nor is one that has been forgotten."""
    assert requests.get(f"{stage.fake.url}/_phones/webhooks/{number}", timeout=5).status_code == 404


def test_errors_in_the_header_of_the_apps_host_are_faults(stage: Stage) -> None:
    """An app that apologises to a caller answers 200; the header of a local host has the error that it logged."""
    headers = (("X-Logged-Errors", "no script%0A b%C3%BCro"), ("X-Logged-Errors", "100%25 wrong"))
    url = stage.app.reply("/twiml", twiml("<Say>We are sorry</Say>", headers=headers))
    sid = stage.call(url=url).sid
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    about = f"POST {url} (in-progress)"
    assert [(fault.sid, fault.code, fault.detail) for fault in stage.fake.faults] == [
        (sid, None, f"{about}: the app logged an error: no script büro"),
        (sid, None, f"{about}: the app logged an error: 100% wrong"),
    ]
    seen = webhook(stage, "twiml")
    assert (seen["note"], seen["logged_errors"]) == ("logged an error", ["no script\n büro", "100% wrong"])


def test_a_phone_in_a_call_cannot_be_closed(stage: Stage) -> None:
    """A cleared thread keeps the call too; after it the phone can be closed."""
    url = stage.app.reply("/twiml", twiml("<Say>Hello World</Say>"))
    stage.call(url=url)
    Events(stage).until("ringing")
    status, detail = press(stage, "close")
    assert (status, detail) == (409, "This phone has a call: end it first.")
    assert press(stage, "clear") == (204, None)
    assert press(stage, "decline") == (204, None)
    stage.fake.wait_until_quiet()
    assert press(stage, "close") == (204, None)
    assert Events(stage).next()["phones"] == []


def test_a_webhook_that_is_forgotten_cannot_be_sent_again(stage: Stage) -> None:
    """The answer says so."""
    assert press(stage, "replay", number="webhooks/999999999") == (409, "This webhook has been forgotten.")

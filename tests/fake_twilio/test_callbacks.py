"""Delivery of webhooks: order, retries, idempotency tokens, and faults in the answers."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fake_twilio.webhooks.connection_overrides import Overrides
from tests.support.fake_twilio_stage import THEIRS, UNKNOWN_HOST, Reply, Stage, twiml

TOKEN = "I-Twilio-Idempotency-Token"


def decline(stage: Stage, callback: str) -> None:
    """Place a call that is declined, with one callback at its end."""
    stage.call(status_callback=callback, status_callback_event=["completed"])
    stage.fake.phone(THEIRS).wait_for_call().decline()
    stage.fake.wait_until_quiet()


def codes(stage: Stage) -> list[int | None]:
    """Return the codes of the faults so far."""
    return [fault.code for fault in stage.fake.faults]


@pytest.mark.parametrize(
    ("fragment", "reply", "attempts"),
    [
        ("", Reply(500), 1),
        ("", Reply(403), 1),
        ("", Reply(breaks=True), 1),
        ("#rc=3", Reply(500), 1),
        ("#rc=3&rp=5xx", Reply(503), 4),
        ("#rc=3&rp=ct,rt,5xx", Reply(500), 4),
        ("#rc=3&rp=ct,rt,5xx", Reply(403), 1),
        ("#rc=2&rp=4xx", Reply(403), 3),
        ("#rc=2&rp=all", Reply(404), 3),
        ("#rp=5xx", Reply(500), 2),
        ("#rc=0&rp=all", Reply(500), 1),
        ("#rc=2&rp=rt", Reply(breaks=True), 3),
        ("#rc=5&rp=sometimes", Reply(500), 1),
        ("#rc=9&rp=5xx", Reply(500), 2),
    ],
)
def test_connection_overrides_decide_about_retries(stage: Stage, fragment: str, reply: Reply, attempts: int) -> None:
    """`rc` and `rp` count; the fragment is neither sent nor signed, and all attempts share one token."""
    decline(stage, stage.app.reply("/status", reply) + "?a=b" + fragment)
    received = stage.app.received
    assert [one.path for one in received] == ["/status?a=b"] * attempts
    assert all(one.signed for one in received)
    assert len({one.headers[TOKEN] for one in received}) == 1
    assert [hook.attempt for hook in stage.fake.webhooks] == list(range(1, attempts + 1))
    assert len([code for code in codes(stage) if code in (15003, 11200)]) == attempts


def test_a_retry_that_succeeds_is_the_last(stage: Stage) -> None:
    """After 503 and 204: two attempts, one fault."""
    decline(stage, stage.app.reply("/status", Reply(503), Reply(204)) + "#rc=3&rp=5xx")
    assert [hook.status for hook in stage.fake.webhooks] == [503, 204]
    assert codes(stage) == [15003]


@pytest.mark.parametrize(("fragment", "attempts"), [("", 2), ("#rc=0", 1), ("#rc=3&rp=5xx", 1), ("#rc=4", 5)])
def test_a_refused_connection_is_retried_once(stage: Stage, fragment: str, attempts: int) -> None:
    """Without overrides, Twilio retries only when there was no connection."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    port = server.server_port
    server.server_close()
    decline(stage, f"http://127.0.0.1:{port}/status{fragment}")
    assert [hook.status for hook in stage.fake.webhooks] == [None] * attempts
    assert codes(stage) == [11205] * attempts


def test_an_answer_after_the_read_timeout_does_not_count(stage: Stage) -> None:
    """`rt` sets the time-out; it is retried if `rp` says so."""
    decline(stage, stage.app.reply("/status", Reply(seconds=0.4), Reply()) + "#rt=100&rc=1&rp=rt")
    assert [hook.status for hook in stage.fake.webhooks] == [None, 204]
    assert codes(stage) == [11200]


def test_all_attempts_together_have_a_time_limit(stage: Stage) -> None:
    """`tt` ends them, whatever `rc` says."""
    decline(stage, stage.app.reply("/status", Reply(500, seconds=0.08)) + "#tt=200&rc=5&rp=all")
    assert 2 <= len(stage.fake.webhooks) <= 3


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("", Overrides()),
        ("#section", Overrides()),
        ("#ct=100&rt=200&tt=300", Overrides(connect=0.1, read=0.2, total=0.3)),
        ("#rc=5&rp=4xx,5xx,ct,rt", Overrides(retries=5, policy=frozenset({"4xx", "5xx", "ct", "rt"}))),
        ("#rc=6&rt=15001&ct=99", Overrides(invalid=("rc=6", "rt=15001", "ct=99"))),
        ("#rp=5xx,never", Overrides(invalid=("rp=5xx,never",))),
    ],
)
def test_invalid_overrides_keep_their_defaults(fragment: str, expected: Overrides) -> None:
    """Values out of range, and unknown ones."""
    assert Overrides.of("https://example.com/" + fragment) == expected


def test_invalid_overrides_are_reported(stage: Stage) -> None:
    """An invalid retry policy is Twilio's 11243."""
    decline(stage, stage.app.url() + "#rp=sometimes")
    assert codes(stage) == [11243]


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (Reply(403), 15003, "answered 403 to a request with a valid signature"),
        (Reply(500), 15003, "answered 500"),
        (Reply(200), None, "204"),
        (Reply(200, b"OK", "text/plain"), 12300, "text/plain"),
        (Reply(200, b"{}", "application/json"), 12300, "application/json"),
        (Reply(200, b"OK"), 12300, "no Content-Type"),
        (Reply(204, b"surplus"), 11206, "204 with a body"),
        (Reply(204, headers=(("Content-Length", "7"),)), 11206, "204 with a body"),
    ],
)
def test_wrong_answers_to_a_callback_are_faults(stage: Stage, reply: Reply, code: int | None, words: str) -> None:
    """Each has Twilio's code, if there is one, and the SID of the call."""
    decline(stage, stage.app.reply("/status", reply))
    (fault,) = stage.fake.faults
    assert (fault.code, fault.sid) == (code, stage.fake.webhooks[0].webhook.sid)
    assert words in fault.detail


@pytest.mark.parametrize("reply", [Reply(), Reply(200, b"<Response/>", "text/xml; charset=utf-8")])
def test_correct_answers_to_a_callback_are_not_faults(stage: Stage, reply: Reply) -> None:
    """An empty answer, or empty TwiML."""
    decline(stage, stage.app.reply("/status", reply))
    assert stage.fake.faults == []


def test_a_rejected_callback_of_a_message_has_the_code_for_messages(stage: Stage) -> None:
    """15003 is for calls; for messages it is 11200."""
    stage.text(status_callback=stage.app.reply("/status", Reply(500)))
    stage.fake.wait_until_quiet()
    assert codes(stage) == [11200] * 3


def test_a_redirect_is_followed_with_get_and_reported(stage: Stage) -> None:
    """As at Twilio, the form is lost."""
    decline(stage, stage.app.reply("/old", Reply(301, headers=(("Location", "/status"),))))
    moved = stage.app.received[-1]
    assert (moved.method, moved.path, moved.form, moved.signed) == ("GET", "/status", {}, True)
    assert ["redirected with 301" in fault.detail for fault in stage.fake.faults] == [True]


def test_an_endless_redirect_is_given_up(stage: Stage) -> None:
    """After ten."""
    decline(stage, stage.app.reply("/status", Reply(302, headers=(("Location", "/status"),))))
    assert codes(stage) == [None, 11215]


def test_a_slow_answer_is_reported() -> None:
    """The limit is five seconds by default, of Twilio's fifteen; this test sets a shorter one."""
    with Stage.ready(slow=0.05) as stage:
        decline(stage, stage.app.reply("/status", Reply(seconds=0.1)))
        assert ["took 0.1 s" in fault.detail for fault in stage.fake.faults] == [True]


def test_the_callbacks_of_one_call_are_sent_in_sequence(stage: Stage) -> None:
    """Each is sent after the previous one was answered, however long that takes."""
    stage.app.reply("/status", Reply(seconds=0.1), Reply(seconds=0.05), Reply())
    stage.call()
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    assert [form["CallStatus"] for form in stage.app.forms()] == ["initiated", "ringing", "in-progress", "completed"]


def test_a_slow_answer_does_not_delay_other_calls(stage: Stage) -> None:
    """The order is kept for each call or message separately."""
    stage.text(status_callback=stage.app.reply("/slow", Reply(seconds=0.5)))
    stage.text()
    stage.fake.wait_for(lambda: len(stage.app.forms()) == 3, "the second text's callbacks", 0.45)


def test_credentials_in_an_address_are_sent_but_not_signed(stage: Stage) -> None:
    """Twilio signs the address without user and password."""
    decline(stage, stage.app.url().replace("//", "//user:pass%40word@"))
    (received,) = stage.app.received
    assert received.signed
    assert received.headers["Authorization"] == "Basic dXNlcjpwYXNzQHdvcmQ="


def test_the_address_is_sent_exactly_as_it_was_signed(stage: Stage) -> None:
    """However it is encoded."""
    path = "/status?q=a+b%20c&r=%7e~%C3%A9&empty=&s='!*()"
    decline(stage, stage.app.url(path))
    (received,) = stage.app.received
    assert (received.path, received.signed) == (path, True)


def test_an_unknown_host_is_reported_with_the_code_for_dns(stage: Stage) -> None:
    """Twilio has another code for a host that refuses the connection."""
    decline(stage, f"http://{UNKNOWN_HOST}/status#rc=0")
    assert codes(stage) == [11210]


def test_the_first_callback_comes_after_the_answer_to_the_create(stage: Stage) -> None:
    """Without chaos, the app knows the SID before the first callback."""
    answered = threading.Event()
    order: list[str] = []
    stage.app.on_request = lambda: order.append("answered" if answered.wait(0.2) else "early")
    stage.fake.inject("late", seconds=0.1)
    stage.text()
    answered.set()
    stage.fake.wait_until_quiet()
    assert order == ["answered"] * 3


def test_requests_for_twiml_have_connection_overrides_too(stage: Stage) -> None:
    """`rc` and `rp` apply to them."""
    url = stage.app.reply("/twiml", Reply(503), twiml("<Say>second try</Say>"))
    stage.call(url=url + "#rc=1&rp=5xx")
    phone_call = stage.fake.phone(THEIRS).wait_for_call()
    phone_call.answer()
    phone_call.wait_until("completed")
    assert phone_call.heard() == "second try"

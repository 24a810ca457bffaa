"""Storage that accepts connections and never answers."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

from dev.azurite import connection_string
from fake_twilio.testing import FakeTwilio
from tests.support.app import App, app_starter

NUMBER = "+15005550006"
CALL = {"CallSid": "CA1", "CallStatus": "ringing", "Direction": "inbound", "From": "+15551234567", "To": NUMBER}
TEXT = {"MessageSid": "SM1", "From": "+15551234567", "To": NUMBER, "Body": "Hi"}

# The caller waits on the line; the storage library itself gives up after eight seconds.
ON_THE_LINE = 7
# Twilio waits for fifteen.
CALLBACK = 14


def answer(app: App, path: str, body: dict[str, str]) -> tuple[int, str, float]:
    """Return an answer's status and text, and the seconds that it took."""
    began = time.monotonic()
    response = (app.post if path == "make_call" else app.signed_post)(path, body)
    return response.status_code, response.text, time.monotonic() - began


def test_every_function_answers_in_time() -> None:
    """A caller waits for three seconds, a status callback gets a 503, and a call is placed without a log."""
    expected = {
        "answer_call": (CALL, 200, "leave a message", ON_THE_LINE),
        "receive_sms": (TEXT, 200, "<Response", ON_THE_LINE),
        "twiml/menu": (CALL, 200, "We are sorry", ON_THE_LINE),
        "twimlet/echo?Twiml=%3CResponse%2F%3E": ({**CALL, "Digits": "1"}, 200, "<Response/>", ON_THE_LINE),
        "status_callback?started=1": (CALL, 503, "", CALLBACK),
        "make_call": ({"to": "+15551234567"}, 201, "CA", 30),
    }
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        FakeTwilio.running(pace=0) as twilio,
        app_starter(twilio.url, connection_string(silent.getsockname()[1])) as start,
        ThreadPoolExecutor() as pool,
    ):
        app = start()
        answers = {path: pool.submit(answer, app, path, body) for path, (body, *_) in expected.items()}

        for path, (_, status, content, most) in expected.items():
            got, text, seconds = answers[path].result()
            assert (got, content in text) == (status, True), path
            assert seconds < most, path
        assert "the script for a call could not be read" in app.log()
        assert NUMBER[1:] not in app.log()

"""GET, POST /api/fallback: the last resort."""

from __future__ import annotations

from dev.azurite import connection_string
from dev.processes import free_port
from tests.support.app import App, StartApp


def test_a_caller_hears_an_apology_and_the_log_what_failed(app: App) -> None:
    """The code and the place, without the query, which may hold a number."""
    form = {
        "CallSid": "CA77",
        "ErrorCode": "11200",
        "ErrorUrl": "https://phone.example/api/answer_call?From=%2B15558675309",
    }
    answer = app.signed_post("fallback", form)

    assert "We are sorry" in answer.text
    assert "<Hangup" in answer.text
    line = app.wait_for_line("Twilio's error '11200'")
    assert "'https://phone.example/api/answer_call', 'CA77'" in line
    assert "8675309" not in line


def test_a_text_gets_no_apology(app: App) -> None:
    """It would be a text that somebody pays for."""
    answer = app.signed_post("fallback", {"MessageSid": "SM77", "ErrorCode": "11205"})

    assert "<Message" not in answer.text
    assert "<Response" in answer.text


def test_it_needs_no_storage(start_app: StartApp) -> None:
    """What made the other webhook fail must not make this one fail."""
    app = start_app(TABLES_CONNECTION_STRING=connection_string(free_port()))

    form = {"CallSid": "CA1", "ErrorUrl": "http://[", "ErrorCode": "x"}
    assert "We are sorry" in app.signed_post("fallback", form).text

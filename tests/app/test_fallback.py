"""GET, POST /api/fallback: the answer when another webhook failed."""

from __future__ import annotations

from tests.support.app import App


def test_a_caller_hears_an_apology_and_the_error_is_logged(app: App) -> None:
    """The error code and the URL, without its query, which may contain a number."""
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


def test_a_message_gets_no_apology(app: App) -> None:
    """It would cost money."""
    answer = app.signed_post("fallback", {"MessageSid": "SM77", "ErrorCode": "11205"})

    assert "<Message" not in answer.text
    assert "<Response" in answer.text


def test_the_number_in_a_scripts_name_is_not_logged(app: App) -> None:
    """The address is, with the rest of the name."""
    form = {"CallSid": "CA78", "ErrorCode": "12300", "ErrorUrl": "https://phone.example/api/twiml/call-15558675309"}
    app.signed_post("fallback", form)

    assert "'https://phone.example/api/twiml/call-###########'" in app.wait_for_line("Twilio's error '12300'")


def test_the_fallback_needs_no_storage(app_without_storage: App) -> None:
    """The failure of the other webhook must not make this one fail."""
    form = {"CallSid": "CA1", "ErrorUrl": "http://[", "ErrorCode": "x"}
    assert "We are sorry" in app_without_storage.signed_post("fallback", form).text

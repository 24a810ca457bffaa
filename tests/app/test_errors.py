"""The errors that callers get: one shape, stable codes, and each code in the documents."""

from __future__ import annotations

import asyncio
import json
import re

import azure.functions as func
import pytest

from fake_twilio.testing import FakeTwilio
from shared import errors
from shared.errors import ApiError, TwilioReason
from shared.responses import answers_problems
from shared.twilio import error_codes
from tests.support.app import StartApp, assert_problem


def family(kind: type[ApiError] = ApiError) -> list[type[ApiError]]:
    """Return an exception class and all its subclasses."""
    return [kind, *[each for child in kind.__subclasses__() for each in family(child)]]


def test_the_tree_in_the_docstring_lists_all_exceptions() -> None:
    """It is the first thing that a reader of the module sees."""
    in_docstring = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))

    assert in_docstring == {kind.__name__ for kind in family()} - {"ApiError", "TwilioFailure"}


@pytest.mark.parametrize("code", [*error_codes.REQUEST_ERRORS, *error_codes.APP_ERRORS])
def test_each_of_twilios_codes_has_a_message_and_a_status(code: int) -> None:
    """An error of the caller is a 4xx, one of the app is a 5xx and never a 401."""
    failure = error_codes.failure_for(code, "Twilio's words", 400)

    assert failure.status // 100 == (4 if code in error_codes.REQUEST_ERRORS else 5)
    assert failure.status != 401
    assert failure.twilio == TwilioReason(code, "Twilio's words", f"https://www.twilio.com/docs/errors/{code}")
    assert error_codes.explain(code) == failure.detail


@pytest.mark.parametrize(
    ("twilio_status", "expected"),
    [(400, (422, "twilio_refused")), (401, (502, "twilio_unavailable")), (503, (502, "twilio_unavailable"))],
)
def test_a_code_that_the_app_does_not_know_keeps_twilios_message(twilio_status: int, expected: tuple[int, str]) -> None:
    """New codes appear without notice; Twilio's status tells a wrong request from a failure."""
    failure = error_codes.failure_for(29999, "Something new", twilio_status)

    assert (failure.status, failure.code) == expected
    assert failure.twilio == TwilioReason(29999, "Something new", "https://www.twilio.com/docs/errors/29999")


def test_wrong_settings_are_a_503_that_names_all_of_them(start_app: StartApp, fake_twilio: FakeTwilio) -> None:
    """The app starts nevertheless: one that does not start answers 404 to everything."""
    app = start_app(TWILIO_ACCOUNT_SID="", TWILIO_API_SECRET="", DEFAULT_COUNTRY="Atlantis")

    for answer in (
        app.post("make_call", {"to": "+15551234567"}),
        app.post("send_sms", {"to": "+15551234567", "body": "Hi"}),
        app.get("activity"),
    ):
        problem = assert_problem(answer, 503, "not_configured")
        assert {setting["name"] for setting in problem["settings"]} == {
            "TWILIO_ACCOUNT_SID",
            "TWILIO_API_SECRET",
            "DEFAULT_COUNTRY",
        }
        assert "Atlantis" not in answer.text


def test_an_unexpected_exception_is_a_500_without_internals(caplog: pytest.LogCaptureFixture) -> None:
    """Only the log has the traceback."""

    @answers_problems
    async def broken(req: func.HttpRequest) -> func.HttpResponse:
        raise RuntimeError("the secret")

    response = asyncio.run(broken(func.HttpRequest("GET", "http://127.0.0.1/api/broken", body=b"")))

    problem = json.loads(response.get_body())
    assert (response.status_code, response.mimetype) == (500, "application/problem+json")
    assert problem["code"] == "internal_error"
    assert "secret" not in str(problem)
    assert "the secret" in caplog.text

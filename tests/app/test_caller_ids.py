"""/api/caller_ids: verify a number, list, show and remove verified ones, and call with them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fake_twilio.testing import FakeTwilio
from fake_twilio.testing.call import PhoneCall
from tests.support.app import App, assert_problem, errors_of
from tests.support.creates import creates, only_create
from tests.support.fake_twilio_stage import client_of
from tests.support.lossy_storage import LossyStorage

TO = "+15551234567"
FIELDS = ("number", "name", "extension", "delay")


def item(app: App, number: str) -> dict[str, Any] | None:
    """Return what the list has of a number."""
    items = app.get("caller_ids").json()["items"]
    return next((one for one in items if one["number"] == number), None)


def answer_and_type(fake_twilio: FakeTwilio, number: str, code: str) -> PhoneCall:
    """Answer the verification call, type a code, and wait until the result has been reported."""
    call = fake_twilio.phone(number).wait_for_call()
    call.answer()
    call.wait_until_listening()
    call.press(code)
    return call


def verify(app: App, fake_twilio: FakeTwilio, number: str) -> str:
    """Verify a number; return its SID."""
    asked = app.post("caller_ids", {"number": number, "name": "Office"})
    assert asked.status_code == 201, asked.text
    answer_and_type(fake_twilio, number, asked.json()["code"]).wait_until("completed")
    fake_twilio.wait_until_quiet()
    found = item(app, number)
    assert found is not None
    sid: str = found["sid"]
    return sid


def test_a_number_is_verified_by_typing_the_code_and_then_calls_can_come_from_it(
    app: App, fake_twilio: FakeTwilio
) -> None:
    """Until it is removed. The log has the verification call and its result, but neither log has the code."""
    number = "+442079460001"
    answer = app.post("caller_ids", {"number": "+44 20 7946 0001", "name": "Office"})

    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    asked = answer.json()
    assert (asked["number"], asked["name"], asked["status"]) == (number, "Office", "pending")
    assert item(app, number) == {
        "number": number,
        "name": "Office",
        "status": "pending",
        "created": item(app, number)["created"],  # type: ignore[index]
        "until": asked["until"],
        "call": asked["call"],
        "links": {"activity": f"{app.url}/api/activity/{asked['call']}"},
    }

    answer_and_type(fake_twilio, number, asked["code"]).wait_until("completed")
    fake_twilio.wait_until_quiet()
    found = item(app, number)
    assert found is not None
    assert (found["name"], found["status"]) == ("Office", "verified")
    assert app.get(f"caller_ids/{found['sid']}").json() == found
    row = app.wait_for_activity(asked["call"], "completed")
    assert (row["to"], row["final"]) == (number, True)
    assert (
        row["events"][-1]["fields"].items()
        >= {
            "VerificationStatus": "success",
            "OutgoingCallerIdSid": found["sid"],
        }.items()
    )
    for private in (asked["code"], number, number[1:]):
        assert private not in app.log()
    assert asked["code"] not in app.get(f"activity/{asked['call']}").text

    assert app.post("make_call", {"to": TO, "from": number}).json()["from"] == number
    removed = app.delete(f"caller_ids/{found['sid']}")
    assert (removed.status_code, removed.content) == (204, b"")
    problem = assert_problem(app.post("make_call", {"to": TO, "from": number}), 422, "twilio_refused")
    assert (problem["twilio"]["code"], "/api/caller_ids" in problem["detail"]) == (21210, True)
    assert item(app, number) is None
    for method in ("GET", "DELETE"):
        assert_problem(app.request(method, f"caller_ids/{found['sid']}"), 404, "not_found")


def test_a_number_has_one_open_request_until_its_call_has_failed(app: App, fake_twilio: FakeTwilio) -> None:
    """The second one is told when to ask again, and rings no phone."""
    number = "+442079460002"
    first = app.post("caller_ids", {"number": number, "delay": 2}).json()

    refused = app.post("caller_ids", {"number": number})
    assert_problem(refused, 409, "verification_open")
    assert 170 < int(refused.headers["retry-after"]) <= 182
    assert len(creates(fake_twilio)) == 1

    fake_twilio.phone(number).wait_for_call().decline()
    fake_twilio.wait_until_quiet()
    failed = item(app, number)
    assert failed is not None
    assert (failed["status"], failed["call"], "until" in failed) == ("failed", first["call"], False)
    again = app.post("caller_ids", {"number": number})
    assert (again.status_code, again.json()["call"] == first["call"]) == (201, False)


def test_of_concurrent_requests_for_a_number_one_is_open(app: App, fake_twilio: FakeTwilio) -> None:
    """Also where an earlier request has failed, whose row is replaced."""
    number = "+442079460011"
    for _ in range(2):
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: app.post("caller_ids", {"number": number}).status_code, range(4)))
        assert sorted(answers) == [201, 409, 409, 409]
        fake_twilio.phone(number).wait_for_call().decline()
        fake_twilio.wait_until_quiet()
    assert len(creates(fake_twilio)) == 2


def test_a_number_that_is_verified_already_is_answered_with_its_caller_id(app: App, fake_twilio: FakeTwilio) -> None:
    """Each time, and nobody is called."""
    number = "+442079460003"
    sid = verify(app, fake_twilio, number)

    for _ in range(2):
        again = app.post("caller_ids", {"number": number})
        assert (again.status_code, again.json()) == (200, item(app, number))
        assert (again.json()["sid"], "code" in again.json()) == (sid, False)


def test_a_reported_failure_ends_the_request_before_the_call_ends(app: App, fake_twilio: FakeTwilio) -> None:
    """Twilio does not document the status of the call in the report."""
    number = "+442079460008"
    call = app.post("caller_ids", {"number": number}).json()["call"]
    path = only_create(fake_twilio)["StatusCallback"][0].partition("#")[0].partition("/api/")[2]
    report = {"CallSid": call, "To": number, "CallStatus": "in-progress", "VerificationStatus": "failed"}

    assert app.signed_post(path, report).status_code == 204
    found = item(app, number)
    assert found is not None
    assert found["status"] == "failed"
    assert app.post("caller_ids", {"number": number}).status_code == 201


def test_a_failed_request_is_not_listed_once_twilio_lists_the_number(app: App, fake_twilio: FakeTwilio) -> None:
    """It may have been verified in Twilio's console, or a report was lost."""
    number = "+442079460009"
    app.post("caller_ids", {"number": number})
    fake_twilio.phone(number).wait_for_call().decline()
    fake_twilio.wait_until_quiet()
    code = client_of(fake_twilio).validation_requests.create(phone_number=number).validation_code
    answer_and_type(fake_twilio, number, code).wait_until("completed")

    items = app.get("caller_ids").json()["items"]
    assert [one["status"] for one in items if one["number"] == number] == ["verified"]


def test_a_request_can_be_a_form_and_its_fields_reach_twilio(app: App, fake_twilio: FakeTwilio) -> None:
    """The result is reported to the app, with retries."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = "number=+442079460004&name=Front+desk&extension=12&delay=5"
    asked = app.post("caller_ids", data=body, headers=headers)

    assert asked.status_code == 201, asked.text
    form = only_create(fake_twilio)
    callback = form.pop("StatusCallback")[0]
    assert form == {
        "PhoneNumber": ["+442079460004"],
        "FriendlyName": ["Front desk"],
        "Extension": ["12"],
        "CallDelay": ["5"],
        "StatusCallbackMethod": ["POST"],
    }
    assert callback.startswith(f"{app.url}/api/status_callback?started=")
    assert callback.endswith("#rc=3&rp=ct,rt,5xx")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["number"]),
        ({"number": "nonsense", "name": "x" * 65, "extension": "1-2", "delay": 61}, [*FIELDS]),
        ({"number": "client:alice", "name": "", "extension": "", "delay": "soon", "code": "1"}, ["code", *FIELDS]),
    ],
)
def test_a_wrong_field_is_named(app: App, fake_twilio: FakeTwilio, body: dict[str, Any], fields: list[str]) -> None:
    """All in one answer."""
    assert sorted(errors_of(app.post("caller_ids", body))) == sorted(fields)
    assert creates(fake_twilio) == []


def test_a_number_of_a_country_that_is_not_allowed_is_not_called(american_app: App, fake_twilio: FakeTwilio) -> None:
    """A verification is a call, too."""
    answer = american_app.post("caller_ids", {"number": "+442079460005"})

    assert_problem(answer, 403, "country_not_allowed")
    assert creates(fake_twilio) == []


def test_a_request_that_twilio_rejects_is_not_open(app: App, fake_twilio: FakeTwilio) -> None:
    """It can be repeated, and gets Twilio's reason again."""
    for number, status, code in (("+15005550003", 403, 21215), ("+15005550006", 422, 21450)) * 2:
        problem = assert_problem(app.post("caller_ids", {"number": number}), status, "twilio_refused")
        assert problem["twilio"]["code"] == code
    assert item(app, "+15005550003") is None


def test_a_request_without_an_answer_is_open_because_the_phone_may_ring(app: App, fake_twilio: FakeTwilio) -> None:
    """The attempt can be looked up in the log."""
    number = "+442079460006"
    fake_twilio.inject("drop", accepted=True)

    problem = assert_problem(app.post("caller_ids", {"number": number}), 504, "outcome_unknown")
    assert "/api/activity/unknown-" in problem["detail"]
    assert_problem(app.post("caller_ids", {"number": number}), 409, "verification_open")
    found = item(app, number)
    assert found is not None
    assert found["status"] == "pending"

    call = fake_twilio.phone(number).wait_for_call()
    call.decline()
    fake_twilio.wait_until_quiet()
    attempt = app.get(f"activity/{problem['detail'].rpartition('/')[2]}").json()
    assert (attempt["status"], attempt["settled_as"]) == ("settled", call.sid)


def test_without_storage_nobody_is_called(app_without_storage: App, fake_twilio: FakeTwilio) -> None:
    """Without the table, a number could be called again and again."""
    assert_problem(app_without_storage.post("caller_ids", {"number": "+442079460007"}), 503, "storage_unavailable")
    assert creates(fake_twilio) == []


def test_a_request_that_could_not_be_noted_is_not_open(
    lossy: tuple[App, LossyStorage], fake_twilio: FakeTwilio
) -> None:
    """The row was written although no answer came; nobody was called, so it is removed."""
    app, storage = lossy
    number = "+442079460010"
    storage.lose("POST", "callerids", times=3)

    assert_problem(app.post("caller_ids", {"number": number}), 503, "storage_unavailable")
    assert creates(fake_twilio) == []
    assert app.post("caller_ids", {"number": number}).status_code == 201


@pytest.mark.parametrize("sid", ["PN1", "CA" + "0" * 32, "PN" + "0" * 32])
def test_an_unknown_sid_is_a_404(app: App, fake_twilio: FakeTwilio, sid: str) -> None:
    """For GET and DELETE; a SID cannot be posted to."""
    for method in ("GET", "DELETE", "POST"):
        assert_problem(app.request(method, f"caller_ids/{sid}"), 404, "not_found")


def test_a_delete_without_a_sid_is_a_400(app: App) -> None:
    """It does not remove all of them."""
    assert set(errors_of(app.delete("caller_ids"))) == {"sid"}

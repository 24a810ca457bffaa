"""Verified caller IDs: the call that verifies a number, what the number may do then, and the REST resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fake_twilio.testing.call import PhoneCall
from tests.support.fake_twilio_stage import OURS, THEIRS, Stage, refused

OFFICE = "+442079460018"


def verify(stage: Stage, number: str = OFFICE, **parameters: Any) -> Any:
    """Ask for the verification of a number, whose result is reported to the app."""
    return stage.client.validation_requests.create(
        phone_number=number, **{"status_callback": stage.app.url("/verified"), **parameters}
    )


def typed(stage: Stage, code: str, number: str = OFFICE) -> PhoneCall:
    """Answer the call on the phone and type a code."""
    call = stage.fake.phone(number).wait_for_call()
    call.answer()
    call.wait_until_listening()
    call.press(code)
    return call


def wrong(code: str) -> str:
    """Return another code."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_number_whose_phone_types_the_code_is_verified(stage: Stage) -> None:
    """The call asks for the code, but does not say it; the result is reported by a signed callback."""
    asked = verify(stage, friendly_name="Office")
    call = typed(stage, asked.validation_code)
    call.wait_until("completed")
    stage.fake.wait_until_quiet()

    (caller_id,) = stage.client.outgoing_caller_ids.list()
    assert (asked.phone_number, asked.friendly_name, asked.call_sid) == (OFFICE, "Office", call.sid)
    assert (caller_id.phone_number, caller_id.friendly_name) == (OFFICE, "Office")
    assert asked.validation_code.isdecimal()
    assert len(asked.validation_code) == 6
    assert asked.validation_code not in call.heard()
    (received,) = stage.app.received
    assert received.signed
    assert (
        received.form.items()
        >= {
            "CallSid": call.sid,
            "To": OFFICE,
            "CallStatus": "completed",
            "VerificationStatus": "success",
            "OutgoingCallerIdSid": caller_id.sid,
        }.items()
    )


def hang_up(call: PhoneCall, code: str) -> None:
    """Answer, and hang up without a key."""
    call.answer()
    call.wait_until_listening()
    call.hang_up()


def type_wrong_codes(call: PhoneCall, code: str) -> None:
    """Answer, and type a wrong code each time."""
    call.answer()
    for words in ("six digits", "This is not the code. Please", "This is not the code. Please"):
        call.wait_until_heard(words)
        call.wait_until_listening()
        call.press(wrong(code))
    call.wait_until_heard("not verified")


@pytest.mark.parametrize(
    ("person", "status"),
    [
        (hang_up, "completed"),
        (type_wrong_codes, "completed"),
        (lambda call, code: call.decline(), "busy"),
        (lambda call, code: call.ring_out(), "no-answer"),
    ],
)
def test_a_number_whose_phone_does_not_type_the_code_is_not_verified(
    stage: Stage, person: Callable[[PhoneCall, str], None], status: str
) -> None:
    """The callback says so, and names no caller ID."""
    asked = verify(stage)
    person(stage.fake.phone(OFFICE).wait_for_call(), asked.validation_code)
    stage.fake.wait_until_quiet()

    (form,) = stage.app.forms("/verified")
    assert (form["VerificationStatus"], form["CallStatus"]) == ("failed", status)
    assert "OutgoingCallerIdSid" not in form
    assert stage.client.outgoing_caller_ids.list() == []


def test_a_code_may_be_wrong_twice(stage: Stage) -> None:
    """Silence counts as a wrong code."""
    code = verify(stage).validation_code
    call = typed(stage, wrong(code))
    call.wait_until_heard("This is not the code.")
    call.wait_until_listening()
    call.keep_silent()
    call.wait_until_listening()
    call.press(code)
    call.wait_until_heard("is verified")


def test_an_extension_is_dialled_before_the_question(stage: Stage) -> None:
    """As keys."""
    call = typed(stage, verify(stage, extension="12").validation_code)
    call.wait_until("completed")

    assert [step.about.get("digits", "") for step in call.steps][:2] == ["12", ""]


def test_the_call_comes_after_the_delay() -> None:
    """Sixty seconds last 0.24 s here."""
    with Stage.ready(pace=0.004) as stage:
        verify(stage, call_delay=60)
        call = stage.fake.phone(OFFICE).wait_for_call().call

        assert call.started
        assert 0.24 <= (call.started - call.created).total_seconds() < 2


@pytest.fixture
def verified(stage: Stage) -> Any:
    """A verified caller ID."""
    typed(stage, verify(stage).validation_code).wait_until("completed")
    stage.fake.wait_until_quiet()
    (caller_id,) = stage.client.outgoing_caller_ids.list(phone_number=OFFICE)
    return caller_id


def test_a_verified_number_can_call_but_not_text(stage: Stage, verified: Any) -> None:
    """As From of a call and as callerId of a Dial, until it is deleted."""
    dial = f"<Response><Dial callerId='{OFFICE}'>+15550002222</Dial></Response>"
    stage.call(from_=OFFICE)
    assert stage.fake.phone(THEIRS).wait_for_call().call.from_ == OFFICE
    stage.call(twiml=dial)
    stage.fake.phone(THEIRS).wait_for_call().answer()
    dialled = stage.fake.phone("+15550002222").wait_for_call()
    assert dialled.call.from_ == OFFICE
    dialled.decline()
    with refused(21606):
        stage.text(from_=OFFICE)

    assert verified.delete() is True
    with refused(21210):
        stage.call(from_=OFFICE)
    with refused(20404):
        verified.fetch()
    stage.call(twiml=dial)
    stage.fake.phone(THEIRS).wait_for_call().answer()
    stage.fake.wait_until_quiet()
    assert [fault.code for fault in stage.fake.faults] == [13214]


def test_a_caller_id_can_be_renamed_and_is_found_by_number_or_name(stage: Stage, verified: Any) -> None:
    """Both match as a whole. Without a name it has its number as its name."""
    assert verified.friendly_name == OFFICE
    verified.update(friendly_name="Front desk")
    ids = stage.client.outgoing_caller_ids
    filters: list[dict[str, Any]] = [
        {"phone_number": OFFICE},
        {"phone_number": OFFICE[:-1]},
        {"friendly_name": "Front desk"},
        {"friendly_name": "Front"},
    ]
    assert [len(ids.list(**chosen)) for chosen in filters] == [1, 0, 1, 0]
    assert ids(verified.sid).fetch().friendly_name == "Front desk"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": OURS}, 21450),
        ({"number": OFFICE}, 21450),
        ({"number": "+15005550001"}, 21217),
        ({"number": "+15005550003"}, 21215),
        ({"number": "020 7946 0018"}, 21401),
        ({"call_delay": 61}, 21454),
        ({"call_delay": "soon"}, 21454),
        ({"friendly_name": "x" * 65}, 20001),
        ({"extension": "abc"}, 20001),
        ({"status_callback": "/verified"}, 21456),
        ({"status_callback_method": "PUT"}, 21403),
    ],
)
def test_an_invalid_request_to_verify_is_rejected(
    stage: Stage, verified: Any, changes: dict[str, Any], code: int
) -> None:
    """And no phone rings."""
    with refused(code):
        verify(stage, **{"number": THEIRS, **changes})
    assert len(stage.client.calls.list()) == 1

"""The parameters of creates: magic numbers and the rules of each parameter, with Twilio's codes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.fake_twilio_stage import OURS, THEIRS, Stage

SERVICE = "MG00000000000000000000000000000001"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """One stage for all tests; creates have no effect."""
    with Stage.ready(life=False) as stage:
        yield stage


def in_time(**delta: float) -> str:
    """Return a time in the future in the form of SendAt."""
    return (datetime.now(UTC) + timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


def create(stage: Stage, path: str, form: dict[str, Any], changes: dict[str, Any]) -> int:
    """Post the form with changed parameters (None: left out); return 0 if it was accepted, else Twilio's code."""
    merged = {name: value for name, value in {**form, **changes}.items() if value is not None}
    answer = stage.post(path, merged)
    if answer.status_code == 201:
        return 0
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["more_info"].endswith(f"/{body['code']}")
    code: int = body["code"]
    return code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"From": "+15005550001"}, 21212),
        ({"From": "+15005550006"}, 0),
        ({"From": "+15005550007"}, 21606),
        ({"From": "+15005550008"}, 21611),
        ({"From": "+15005550002"}, 21606),
        ({"To": "+15005550001"}, 21211),
        ({"To": "+15005550002"}, 21612),
        ({"To": "+15005550003"}, 21408),
        ({"To": "+15005550004"}, 21610),
        ({"To": "+15005550009"}, 21614),
        ({"To": "+15005550010"}, 0),
    ],
)
def test_magic_numbers_of_messages(stage: Stage, changes: dict[str, Any], code: int) -> None:
    """They get the answers that Twilio documents."""
    assert create(stage, "Messages.json", {"To": THEIRS, "From": OURS, "Body": "x"}, changes) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"From": "+15005550001"}, 21212),
        ({"From": "+15005550006"}, 0),
        ({"From": "+15005550002"}, 21210),
        ({"To": "+15005550001"}, 21217),
        ({"To": "+15005550002"}, 21214),
        ({"To": "+15005550003"}, 21215),
        ({"To": "+15005550004"}, 21216),
        ({"To": "+15005550010"}, 0),
    ],
)
def test_magic_numbers_of_calls(stage: Stage, changes: dict[str, Any], code: int) -> None:
    """They get the answers that Twilio documents."""
    assert create(stage, "Calls.json", {"To": THEIRS, "From": OURS, "Twiml": "<Response/>"}, changes) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": None}, 21604),
        ({"To": ""}, 21604),
        ({"To": "5551234567"}, 21211),
        ({"To": "+0123456789"}, 21211),
        ({"To": "+1234567890123456"}, 21211),
        ({"To": "client:alice"}, 21211),
        ({"To": OURS}, 21211),
        ({"From": None}, 21603),
        ({"From": "+15557654321"}, 21606),
        ({"From": "12345"}, 21606),
        ({"From": "Acme", "To": "+447700900123"}, 0),
        ({"From": "MGM Resorts", "To": "+447700900123"}, 0),
        ({"From": "MG" + "f" * 32}, 21701),
        ({"From": "Acme"}, 21612),
        ({"From": "Acme Corporation", "To": "+447700900123"}, 21212),
        ({"From": "whatsapp:+15005550006"}, 63007),
        ({"From": None, "MessagingServiceSid": SERVICE}, 0),
        ({"From": SERVICE}, 0),
        ({"From": None, "MessagingServiceSid": "MG" + "f" * 32}, 21701),
        ({"Body": None}, 21602),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1600}, 0),
        ({"Body": "x" * 1601}, 21617),
        ({"Body": None, "MediaUrl": "https://example.com/cat.jpg"}, 0),
        ({"MediaUrl": ["https://example.com/cat.jpg"] * 10}, 0),
        ({"MediaUrl": ["https://example.com/cat.jpg"] * 11}, 21623),
        ({"MediaUrl": "cat.jpg"}, 21620),
        ({"MediaUrl": "ftp://example.com/cat.jpg"}, 21620),
        ({"StatusCallback": "/api/status"}, 21609),
        ({"StatusCallback": "https://ex_ample.com/"}, 21609),
        ({"StatusCallback": "https://example.com/a b"}, 21609),
        ({"StatusCallback": "https://example.com:port/"}, 21609),
        ({"StatusCallback": "https://example.com/" + "x" * 4000}, 21609),
        ({"StatusCallback": "http://[::1]:7071/api/status?a=b#rc=3&rp=ct,rt,5xx"}, 0),
        ({"ValidityPeriod": "1"}, 0),
        ({"ValidityPeriod": "36000"}, 0),
        ({"ValidityPeriod": "0"}, 21624),
        ({"ValidityPeriod": "36001"}, 21624),
        ({"ValidityPeriod": "ten"}, 21624),
        ({"ValidityPeriod": "٣"}, 21624),
        ({"SmartEncoded": "True"}, 0),
        ({"SmartEncoded": "yes"}, 20001),
        ({"ContentRetention": "discard"}, 0),
        ({"ContentRetention": "burn"}, 20001),
        ({"RiskCheck": "perhaps"}, 20001),
    ],
)
def test_rules_of_messages(stage: Stage, changes: dict[str, Any], code: int) -> None:
    """Each parameter at, below and beyond its limits."""
    assert create(stage, "Messages.json", {"To": THEIRS, "From": OURS, "Body": "x"}, changes) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SendAt": in_time(minutes=10)}, 0),
        ({"SendAt": in_time(minutes=9)}, 0),
        ({"SendAt": in_time(minutes=4)}, 35114),
        ({"SendAt": in_time(days=34, hours=23)}, 0),
        ({"SendAt": in_time(days=35, hours=1)}, 35114),
        ({"SendAt": in_time(days=-1)}, 35114),
        ({"SendAt": "2026-11-21T12:00:00+02:00"}, 35114),
        ({"SendAt": in_time(minutes=10).replace("Z", "+00:00")}, 0),
        ({"SendAt": in_time(minutes=10).replace("Z", ".123Z")}, 0),
        ({"SendAt": in_time(minutes=10).replace("Z", "")}, 0),
        ({"SendAt": "tomorrow"}, 35114),
        ({"SendAt": None}, 35111),
        ({"SendAt": in_time(minutes=10), "MessagingServiceSid": None, "From": OURS}, 35118),
        ({"SendAt": in_time(minutes=10), "ScheduleType": "loose"}, 20001),
    ],
)
def test_rules_of_scheduled_messages(stage: Stage, changes: dict[str, Any], code: int) -> None:
    """A schedule needs a service, and a time between five minutes and thirty-five days ahead."""
    form = {"To": THEIRS, "MessagingServiceSid": SERVICE, "Body": "x", "ScheduleType": "fixed"}
    assert create(stage, "Messages.json", form, changes) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": None}, 21201),
        ({"To": "5551234567"}, 21211),
        ({"To": "sip:"}, 21211),
        ({"To": OURS}, 21211),
        ({"To": "sip:alice@example.com"}, 0),
        ({"To": "client:alice"}, 0),
        ({"To": "client:alice", "From": "client:bob"}, 0),
        ({"From": None}, 21213),
        ({"From": "+15557654321"}, 21210),
        ({"From": "client:bob"}, 21212),
        ({"From": "Acme"}, 21212),
        ({"Twiml": None}, 21205),
        ({"Twiml": None, "Url": "https://example.com/twiml"}, 0),
        ({"Twiml": None, "Url": "/api/twiml_hello"}, 21205),
        ({"Twiml": None, "Url": "https://"}, 21205),
        ({"Twiml": "<Response>" + "x" * 3979 + "</Response>"}, 0),
        ({"Twiml": "<Response>" + "x" * 3980 + "</Response>"}, 32018),
        ({"Method": "get"}, 0),
        ({"Method": "PUT"}, 21209),
        ({"FallbackUrl": "fallback"}, 21205),
        ({"FallbackMethod": "HEAD"}, 21209),
        ({"StatusCallback": "status"}, 21609),
        ({"StatusCallbackMethod": "DELETE"}, 21209),
        ({"StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"]}, 0),
        ({"StatusCallbackEvent": ["initiated", "busy"]}, 21626),
        ({"StatusCallbackEvent": "['initiated', 'ringing']"}, 21626),
        ({"Timeout": "1"}, 0),
        ({"Timeout": "600"}, 0),
        ({"Timeout": "0"}, 21208),
        ({"Timeout": "601"}, 21208),
        ({"Timeout": "1.5"}, 21208),
        ({"TimeLimit": "1"}, 0),
        ({"TimeLimit": "0"}, 13216),
        ({"TimeLimit": "long"}, 13216),
        ({"SendDigits": "0123456789ABCD#*wW"}, 0),
        ({"SendDigits": "1" * 32}, 0),
        ({"SendDigits": "1" * 33}, 21206),
        ({"SendDigits": "1 2"}, 21206),
        ({"SendDigits": "abcd"}, 21206),
        ({"Record": "true"}, 0),
        ({"Record": "1"}, 20001),
        ({"RecordingChannels": "dual"}, 0),
        ({"RecordingChannels": "stereo"}, 20001),
        ({"RecordingTrack": "left"}, 20001),
        ({"RecordingStatusCallback": "recorded"}, 21609),
        ({"RecordingStatusCallbackEvent": "completed"}, 0),
        ({"RecordingStatusCallbackEvent": "done"}, 21626),
        ({"Trim": "trim-silence"}, 0),
        ({"Trim": "all"}, 20001),
        ({"MachineDetection": "Enable"}, 0),
        ({"MachineDetection": "DetectMessageEnd"}, 0),
        ({"MachineDetection": "true"}, 21234),
        ({"MachineDetectionTimeout": "60"}, 21234),
        ({"MachineDetectionSpeechThreshold": "999"}, 21234),
        ({"MachineDetectionSpeechThreshold": "6000"}, 0),
        ({"MachineDetectionSpeechEndThreshold": "5001"}, 21234),
        ({"MachineDetectionSilenceTimeout": "2000"}, 0),
        ({"AsyncAmd": "maybe"}, 21234),
        ({"AsyncAmdStatusCallback": "amd"}, 21609),
    ],
)
def test_rules_of_calls(stage: Stage, changes: dict[str, Any], code: int) -> None:
    """Each parameter at, below and beyond its limits."""
    assert create(stage, "Calls.json", {"To": THEIRS, "From": OURS, "Twiml": "<Response/>"}, changes) == code


@pytest.mark.parametrize("path", ["Calls.json", "Messages.json"])
def test_unknown_parameters_are_ignored_and_reported(stage: Stage, path: str) -> None:
    """Twilio ignores a misspelt parameter silently; the emulator records a fault."""
    stage.fake.reset()
    form = {"To": THEIRS, "From": OURS, "Twiml": "<Response/>", "Body": "x", "Statuscallback": "x"}
    assert create(stage, path, form, {}) == 0
    faults = [fault.detail for fault in stage.fake.faults]
    assert f"{path}: Twilio ignores the unknown parameter 'Statuscallback'" in faults


def test_a_time_without_a_schedule_is_reported(stage: Stage) -> None:
    """SendAt alone sends immediately, which is probably a mistake."""
    stage.fake.reset()
    form = {"To": THEIRS, "From": OURS, "Body": "x", "SendAt": in_time(minutes=10)}
    answer = stage.post("Messages.json", form)
    assert answer.json()["status"] == "queued"
    assert ["SendAt" in fault.detail for fault in stage.fake.faults] == [True]

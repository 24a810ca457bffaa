"""Messages about wrong fields: what was expected, and what was received."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from activity import ListQuery
from make_call import CallRequest
from send_sms import TextRequest
from shared.scripts.verbs.shape import shape_of
from shared.validation_messages import expected, got
from tests.support.app import App, assert_problem
from tests.support.script_samples import paths

TO = "+15551234567"


@pytest.mark.parametrize(
    ("route", "values", "words"),
    [
        ("make_call", {"timeout": 601}, "timeout: expected a whole number from 1 to 600, got 601"),
        ("make_call", {"timeout": "30"}, 'timeout: expected a whole number from 1 to 600, got "30"'),
        ("make_call", {"time_limit": 1.5}, "time_limit: expected a whole number from 1 to 86,400, got 1.5"),
        ("make_call", {"record": "yes"}, 'record: expected true or false, got "yes"'),
        ("make_call", {"say": 5}, "say: expected text, got 5"),
        ("make_call", {"say": True}, "say: expected text, got true"),
        ("make_call", {"say": {"a": 1}}, "say: expected text, got an object"),
        ("make_call", {"say": ["a"]}, 'say: expected text, got ["a"]'),
        ("make_call", {"say": [["a"]]}, "say: expected text, got a list"),
        ("make_call", {"say": ["a" * 40]}, "say: expected text, got a list"),
        ("make_call", {"say": "\ud800"}, "say: expected text without lone surrogates"),
        ("make_call", {"say": " "}, "say: is blank"),
        ("make_call", {"script": {"verb": "Say"}}, "script: expected a list, got an object"),
        (
            "make_call",
            {"machine_detection": "enable"},
            'machine_detection: expected one of DetectMessageEnd, Enable, got "enable"',
        ),
        ("send_sms", {"body": "Hi", "to": "x" * 50}, "to: expected a phone number like +15005550006, got text"),
        ("send_sms", {"media_url": "https://x"}, 'media_url: expected a list of 1 to 10 texts, got "https://x"'),
        ("send_sms", {"media_url": [5]}, "media_url: expected a list of 1 to 10 texts, got [5]"),
        (
            "send_sms",
            {"body": "Hi", "send_at": "soon", "messaging_service_sid": "MG" + "0" * 32},
            'send_at: expected a time with its offset, like 2026-11-21T10:00:00Z, got "soon"',
        ),
        ("activity", {"limit": "0"}, 'limit: expected a whole number from 1 to 200, got "0"'),
        ("activity", {"kind": "fax"}, 'kind: expected one of call, conference, message, got "fax"'),
    ],
)
def test_an_error_says_what_was_expected_and_received(app: App, route: str, values: dict[str, Any], words: str) -> None:
    """In terms of JSON; a short value is shown."""
    answer = app.get(route, params=values) if route == "activity" else app.post(route, {"to": TO, **values})

    assert assert_problem(answer, 400, "invalid_request")["detail"] == words


def test_every_type_of_field_has_words() -> None:
    """In every request, verb and noun."""
    fields = [info for struct in (CallRequest, TextRequest, ListQuery) for info in msgspec.structs.fields(struct)]
    for _, path in paths():
        shape = shape_of(path[-1])
        fields += [info for info in shape.fields.values() if info is not shape.children]

    assert len(fields) > 150
    for info in fields:
        assert expected(info.type)


def test_a_long_value_is_replaced_by_its_type() -> None:
    """A number of 41 digits."""
    assert got(10**40) == ", got a number"
    assert got(10**39) == f", got {10**39}"

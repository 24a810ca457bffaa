"""Placeholders of scripts, filled from a request's fields."""

from __future__ import annotations

from typing import Any

import pytest

from shared.scripts.filling import fill
from shared.scripts.reading import Family, InvalidScript, read_script
from shared.scripts.writing import write_twiml
from tests.support.script_samples import URL

FIELDS = {"Body": "yes", "RecordingUrl": "https://api.example.com/RE1"}


def filled(verb: dict[str, Any], family: Family = "voice", **fields: str) -> str:
    """Return the TwiML of one verb, filled."""
    return str(write_twiml(fill(read_script([verb], family), {**FIELDS, **fields}), family)).partition("?>")[2]


@pytest.mark.parametrize("value", ["{{x}}", "{{Body}}", "+15551234567{{x}}", "{{+15551234567}} "])
def test_a_callers_value_with_a_placeholder_is_no_number(value: str) -> None:
    """Only a script's own placeholders are checked later; a filled value must be valid now."""
    with pytest.raises(InvalidScript) as raised:
        filled({"verb": "Dial", "number": "{{Body}}"}, Body=value)

    assert [error.field for error in raised.value.errors] == ["number"]


@pytest.mark.parametrize("value", ["{{RecordingUrl}}", "{{", "https://example.com/{{From}}"])
def test_a_filled_url_contains_no_braces(value: str) -> None:
    """Braces are removed from all other values; a placeholder that is the whole URL keeps the value's characters."""
    with pytest.raises(InvalidScript) as raised:
        filled({"verb": "Play", "url": "{{RecordingUrl}}"}, RecordingUrl=value)

    assert [error.field for error in raised.value.errors] == ["url"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("{{Body}}{{ Body }}", "yesyes"), ("{Body}", "{Body}"), ("{ {{Body}} }", "{ yes }"), ("a }} b", "a }} b")],
)
def test_only_two_opening_braces_begin_a_placeholder(text: str, said: str) -> None:
    """One brace, and two closing ones, are text."""
    assert filled({"verb": "Say", "text": text}) == f"<Response><Say>{said}</Say></Response>"


def test_a_value_is_percent_encoded_in_every_url() -> None:
    """Its slashes too, and in the URL of a Stream too."""
    value = "a/b?c&d"
    stream = {"noun": "Stream", "url": "wss://example.com/{{Body}}"}

    assert 'url="wss://example.com/a%2Fb%3Fc%26d"' in filled({"verb": "Connect", "nouns": [stream]}, Body=value)
    assert ">/next/a%2Fb%3Fc%26d<" in filled({"verb": "Redirect", "url": "/next/{{Body}}"}, Body=value)


def test_a_value_is_cut_to_256_characters() -> None:
    """Braces do not count."""
    assert filled({"verb": "Say", "text": "{{Body}}."}, Body="{" + "x" * 300) == (
        f"<Response><Say>{'x' * 256}.</Say></Response>"
    )


MEDIA = {"noun": "Media", "url": URL}


BLANK = {"noun": "Body", "message": "{{Nothing}}"}


@pytest.mark.parametrize(
    ("message", "document"),
    [
        ({"body": "{{Nothing}}"}, "<Response />"),
        ({"nouns": [BLANK]}, "<Response />"),
        (
            {"body": "{{Nothing}}", "nouns": [MEDIA]},
            f"<Response><Message><Media>{URL}</Media></Message></Response>",
        ),
        ({"nouns": [BLANK, MEDIA]}, f"<Response><Message><Media>{URL}</Media></Message></Response>"),
        ({"body": "{{Body}}"}, "<Response><Message>yes</Message></Response>"),
    ],
)
def test_a_message_without_text_still_has_its_pictures(message: dict[str, Any], document: str) -> None:
    """A message with neither is left out."""
    assert filled({"verb": "Message", **message}, "messaging") == document

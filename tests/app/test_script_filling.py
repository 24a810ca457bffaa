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
    return str(write_twiml(fill(read_script([verb], family), {**FIELDS, **fields})[0], family)).partition("?>")[2]


@pytest.mark.parametrize("value", ["{{x}}", "{{Body}}", "+15551234567{{x}}", "{{+15551234567}} ", "bob", "+1555"])
def test_a_value_that_is_no_number_is_not_dialled(value: str) -> None:
    """If nothing else remains of the script, the caller hears an apology."""
    with pytest.raises(InvalidScript) as raised:
        filled({"verb": "Dial", "number": "{{Body}}"}, Body=value)

    assert [error.field for error in raised.value.errors] == ["$[0].number"]


SAY, DIAL = {"verb": "Say", "text": "Hello"}, {"verb": "Dial", "number": "+15551234567"}
HIDDEN = "anonymous"


@pytest.mark.parametrize(
    ("verbs", "left", "places"),
    [
        ([{**DIAL, "caller_id": "{{From}} x"}], "<Dial>+15551234567</Dial>", ["$[0].caller_id"]),
        ([{**DIAL, "number": "{{From}}"}, SAY], "<Say>Hello</Say>", ["$[0].number"]),
        (
            [{"verb": "Dial", "nouns": [{"noun": "Number", "phone_number": n} for n in ("{{From}}", "+15551234567")]}],
            "<Dial><Number>+15551234567</Number></Dial>",
            ["$[0].nouns[0].phone_number"],
        ),
        (
            [{"verb": "Dial", "nouns": [{"noun": "Number", "phone_number": "{{From}}"}]}, SAY],
            "<Say>Hello</Say>",
            ["$[0].nouns[0].phone_number"],
        ),
        ([{"verb": "Sms", "message": "Hi", "to": "{{From}}"}, SAY], "<Say>Hello</Say>", ["$[0].to"]),
        ([{"verb": "Play", "url": "{{RecordingUrl}}"}, SAY], "<Say>Hello</Say>", ["$[0].url"]),
        ([{"verb": "Redirect", "url": "{{RecordingUrl}}"}, SAY], "<Say>Hello</Say>", ["$[0].url"]),
        ([{"verb": "Say", "text": "{{Nothing}}"}, SAY], "<Say>Hello</Say>", []),
    ],
)
def test_a_value_that_does_not_fit_costs_the_smallest_piece(
    verbs: list[dict[str, Any]], left: str, places: list[str]
) -> None:
    """The attribute, else the noun, else the verb; a recipient and the text of an element take their verb along."""
    script, issues = fill(read_script(verbs, "voice"), {"From": HIDDEN, "RecordingUrl": "nonsense"})

    assert str(write_twiml(script, "voice")).partition("?>")[2] == f"<Response>{left}</Response>"
    assert [issue.field for issue in issues] == places
    assert not any(HIDDEN in issue.detail or "nonsense" in issue.detail for issue in issues)


@pytest.mark.parametrize("value", ["{{RecordingUrl}}", "{{", "https://example.com/{{From}}"])
def test_a_value_with_braces_is_no_address(value: str) -> None:
    """A placeholder that is the whole URL keeps the value's characters."""
    with pytest.raises(InvalidScript) as raised:
        filled({"verb": "Play", "url": "{{RecordingUrl}}"}, RecordingUrl=value)

    assert [error.field for error in raised.value.errors] == ["$[0].url"]


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


@pytest.mark.parametrize(
    ("verb", "longest", "around"),
    [
        ({"verb": "Say", "text": "You said {{Body}}."}, 4096, ("<Say>You said ", ".</Say>")),
        ({"verb": "Sms", "to": "+15551234567", "message": "{{Body}}"}, 1600, ('<Sms to="+15551234567">', "</Sms>")),
    ],
)
def test_a_value_is_cut_to_what_its_place_can_hold(verb: dict[str, Any], longest: int, around: tuple[str, str]) -> None:
    """The script's own words stay whole, and the cut is reported without the value."""
    room = longest - len(around[0].partition(">")[2]) - len(around[1].partition("<")[0])

    script, issues = fill(read_script([verb], "voice"), {"Body": "x" * 5000})

    document = str(write_twiml(script, "voice"))
    assert f"{around[0]}{'x' * room}{around[1]}" in document
    assert [issue.detail for issue in issues] == [f"cut: at most {longest:,} characters fit"]
    assert fill(read_script([verb], "voice"), {"Body": "x" * room})[1] == []


def test_single_braces_of_a_value_are_kept() -> None:
    """Two opening ones are broken up, so that they cannot begin a placeholder."""
    assert "<Say>{a} { {Body}} }</Say>" in filled({"verb": "Say", "text": "{{Said}}"}, Said="{a} {{Body}} }")


@pytest.mark.parametrize(("to", "dialled"), [("+15551234567", "+15551234567"), ("4155550199", "+14155550199")])
@pytest.mark.usefixtures("example_settings")
def test_a_number_is_dialled_in_e164(to: str, dialled: str) -> None:
    """Also one typed on a keypad, which has no +, and one in the section of TwiML Bins."""
    for number in ("{{To}}", "{{#e164}}{{To}}{{/e164}}"):
        assert f">{dialled}</Dial>" in filled({"verb": "Dial", "number": number}, To=to)
    assert f"<Say>{dialled}</Say>" in filled({"verb": "Say", "text": "{{#e164}}{{To}}{{/e164}}"}, To=to)


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

"""The evaluator of Bicep that the tests of infra/ use: each construct once, and what it must refuse."""

from __future__ import annotations

import pytest

from tests.support.bicep_language import Runtime, parse, unique_string, value_of


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("'it\\'s ${x}${y.z}'", "it's 1two"),
        ("'''\nas \\w it is ${x}\n'''", "as \\w it is ${x}\n"),
        ("empty(none) ? x : 7", 1),
        ("!empty(none) || x == 1 && x > 0", True),
        ("{ 'a-${x}': [ x, 2 ], b: { c: false } }", {"a-1": [1, 2], "b": {"c": False}}),
        ("[for (item, i) in list: { at: i, it: item }]", [{"at": 0, "it": "p"}, {"at": 1, "it": "q"}]),
        ("concat(list, ['r'])", ["p", "q", "r"]),
        ("union({ a: 1, b: 1 }, { b: 2 })", {"a": 1, "b": 2}),
        ("take('telephone', 4)", "tele"),
        ("list[1]", "q"),
        ("y['z']", "two"),
        ("app.properties.host", "<app.properties.host>"),
    ],
)
def test_expressions_mean_what_bicep_says(source: str, expected: object) -> None:
    """Each construct that infra/ uses, once."""
    names = {"x": 1, "y": {"z": "two"}, "none": "", "list": ["p", "q"], "app": Runtime("<app>")}

    assert value_of(source, **names) == expected


@pytest.mark.parametrize("source", ["map([1], x => x)", "listKeys('a', 'b')", "x ?? 1", "newGuid()", "null"])
def test_what_it_does_not_know_stops_it(source: str) -> None:
    """A guess would make every test that stands on it worthless."""
    with pytest.raises((NotImplementedError, KeyError)):
        value_of(source, x=1)


@pytest.mark.parametrize("source", ["var a = ", "param x", "resource r 'a/b@1' = {\n  name 'x'\n}\n"])
def test_a_file_that_does_not_parse_is_refused(source: str) -> None:
    """With the line, so that it can be found."""
    with pytest.raises(SyntaxError, match="line"):
        parse(source)


def test_unique_strings_look_like_azures() -> None:
    """13 characters, a to z and 2 to 7, decided by the seeds."""
    one, other = unique_string("a", "b"), unique_string("a", "c")

    assert len(one) == 13
    assert set(one + other) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert one == unique_string("a", "b") != other

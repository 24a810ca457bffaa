"""Checks of REST parameters, each with Twilio's error code."""

import re
from collections.abc import Callable, Mapping

from fake_twilio.addresses import is_url
from fake_twilio.form import Form
from fake_twilio.rest.errors import TwilioError

Check = Callable[[str, str], None]
"""Takes a parameter's name and value; raises Twilio's error."""


def anything(name: str, value: str) -> None:
    """Accept any value."""


def url(code: int) -> Check:
    """Return a check for an absolute URL."""

    def check(name: str, value: str) -> None:
        if not is_url(value):
            raise TwilioError(code, value)

    return check


def integer(code: int, lowest: int, highest: int) -> Check:
    """Return a check for an integer in a range."""

    def check(name: str, value: str) -> None:
        if not (value.isascii() and value.isdigit() and lowest <= int(value) <= highest):
            raise TwilioError(code, value)

    return check


def choice(*choices: str, code: int = 20001) -> Check:
    """Return a check for one of some words; as for Twilio, case does not matter."""

    def check(name: str, value: str) -> None:
        if value.lower() not in choices:
            raise TwilioError(code, f"Invalid {name}: {value}" if code == 20001 else value)

    return check


def pattern(code: int, expression: str) -> Check:
    """Return a check for text that matches a regular expression."""
    compiled = re.compile(expression)

    def check(name: str, value: str) -> None:
        if not compiled.fullmatch(value):
            raise TwilioError(code, value)

    return check


def at_most(code: int, characters: int) -> Check:
    """Return a check for text of a maximum length."""

    def check(name: str, value: str) -> None:
        if len(value) > characters:
            raise TwilioError(code)

    return check


boolean = choice("true", "false")
method = choice("get", "post", code=21209)


def check_all(form: Form, checks: Mapping[str, Check]) -> list[str]:
    """Check every parameter that is not blank; return the unknown names, which Twilio ignores."""
    unknown = []
    for name, value in form.pairs:
        check = checks.get(name)
        if check is None:
            unknown.append(name)
        elif value:
            check(name, value)
    return unknown

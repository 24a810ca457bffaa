"""What a parameter of a REST request may be, with the code that Twilio answers when it is not that."""

import re
from collections.abc import Callable, Mapping

from fake_twilio.addresses import is_url
from fake_twilio.form import Form
from fake_twilio.rest.errors import TwilioError

Check = Callable[[str, str], None]
"""Takes a parameter's name and value; raises Twilio's error."""


def anything(name: str, value: str) -> None:
    """A parameter that is taken as it is."""


def url(code: int) -> Check:
    """An absolute address."""

    def check(name: str, value: str) -> None:
        if not is_url(value):
            raise TwilioError(code, value)

    return check


def integer(code: int, lowest: int, highest: int) -> Check:
    """A whole number in a range."""

    def check(name: str, value: str) -> None:
        if not (value.isascii() and value.isdigit() and lowest <= int(value) <= highest):
            raise TwilioError(code, value)

    return check


def choice(*choices: str, code: int = 20001) -> Check:
    """One of some words; their letter case counts as little as it does for Twilio."""

    def check(name: str, value: str) -> None:
        if value.lower() not in choices:
            raise TwilioError(code, f"Invalid {name}: {value}" if code == 20001 else value)

    return check


def pattern(code: int, expression: str) -> Check:
    """Text of a certain form."""
    compiled = re.compile(expression)

    def check(name: str, value: str) -> None:
        if not compiled.fullmatch(value):
            raise TwilioError(code, value)

    return check


def at_most(code: int, characters: int) -> Check:
    """Text of a certain length."""

    def check(name: str, value: str) -> None:
        if len(value) > characters:
            raise TwilioError(code)

    return check


boolean = choice("true", "false")


method = choice("get", "post", code=21209)


def check_all(form: Form, checks: Mapping[str, Check]) -> list[str]:
    """Check every parameter that is not blank. The names that are unknown: Twilio ignores them silently."""
    unknown = []
    for name, value in form.pairs:
        check = checks.get(name)
        if check is None:
            unknown.append(name)
        elif value:
            check(name, value)
    return unknown

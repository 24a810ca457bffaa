"""The parameters of one request, in the order they came, repeated names and blanks included."""

from collections.abc import Iterable
from urllib.parse import parse_qsl


class Form:
    """Pairs of name and value. A blank value counts as not given, as it does for Twilio."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = list(pairs)

    @classmethod
    def parse(cls, text: str) -> "Form":
        """Read an `application/x-www-form-urlencoded` body, or a query."""
        return cls(parse_qsl(text, keep_blank_values=True, errors="replace"))

    def get(self, name: str) -> str:
        """The first value that is not blank, else an empty string."""
        for key, value in self.pairs:
            if key == name and value:
                return value
        return ""

    def all(self, name: str) -> list[str]:
        """Every value of `name` that is not blank."""
        return [value for key, value in self.pairs if key == name and value]

    def has(self, name: str) -> bool:
        """Whether `name` was sent, even blank."""
        return any(key == name for key, _ in self.pairs)

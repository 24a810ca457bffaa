"""The parameters of one request, in their order, with repeated names and blank values."""

from collections.abc import Iterable
from urllib.parse import parse_qsl


class Form:
    """Pairs of name and value. As for Twilio, a blank value counts as missing."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = list(pairs)

    @classmethod
    def parse(cls, text: str) -> "Form":
        """Parse an `application/x-www-form-urlencoded` body or a query."""
        return cls(parse_qsl(text, keep_blank_values=True, errors="replace"))

    def get(self, name: str) -> str:
        """Return the first value that is not blank, else an empty string."""
        for key, value in self.pairs:
            if key == name and value:
                return value
        return ""

    def all(self, name: str) -> list[str]:
        """Return every value of `name` that is not blank."""
        return [value for key, value in self.pairs if key == name and value]

    def has(self, name: str) -> bool:
        """Tell whether `name` was sent, even with a blank value."""
        return any(key == name for key, _ in self.pairs)

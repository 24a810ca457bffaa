"""Where a TwiML document comes from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Where a document comes from: an address to fetch it from, with what is to be told there, or its own text."""

    url: str = ""
    method: str = "POST"
    text: str = ""
    fields: tuple[tuple[str, str], ...] = ()

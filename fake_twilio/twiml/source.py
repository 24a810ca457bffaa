"""Where a TwiML document comes from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """The source of a document: a URL with the parameters of the request, or the text itself."""

    url: str = ""
    method: str = "POST"
    text: str = ""
    fields: tuple[tuple[str, str], ...] = ()

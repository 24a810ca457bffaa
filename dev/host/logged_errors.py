"""The errors that a function logs, named in its answer for callers that do not see the terminal, like the phones page.

An app that apologises to a caller answers as if all were well. Azure's answers have no such header.
"""

import logging
from contextvars import ContextVar
from urllib.parse import quote

from aiohttp.web import Response

HEADER = "X-Logged-Errors"
MOST = 10
LONGEST = 300
NOW: ContextVar[list[str] | None] = ContextVar("NOW", default=None)


class Listener(logging.Handler):
    """Notes each error with the request in whose context it is logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        """Note one."""
        errors = NOW.get()
        if errors is None or len(errors) == MOST:
            return
        try:
            errors.append(record.getMessage()[:LONGEST])
        except Exception:
            # A line that cannot be written must not fail the app, here as little as on Azure.
            self.handleError(record)


def listen() -> list[str]:
    """Return the list to which the errors of the current context are added from now on."""
    errors: list[str] = []
    NOW.set(errors)
    return errors


def name_errors(response: Response, errors: list[str]) -> None:
    """Add a header for each error, percent-encoded: a header is one line of ASCII."""
    for error in errors:
        response.headers.add(HEADER, quote(error, safe=" !\"#$&'()*+,-./:;<=>?@[]^_`{|}~", errors="replace"))

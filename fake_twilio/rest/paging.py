"""Lists, newest first, page by page (https://www.twilio.com/docs/usage/twilios-response#pagination)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from fake_twilio.form import Form
from fake_twilio.model.call import Call
from fake_twilio.model.message import Message
from fake_twilio.rest.errors import TwilioError

Resource = Call | Message
Test = Callable[[Any], bool]


@dataclass(frozen=True)
class Shown:
    """A resource whose JSON depends on more than itself."""

    sid: str
    body: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the JSON."""
        return self.body


def moment(value: str) -> tuple[datetime, datetime]:
    """Return the first and the last moment of a date, or of a date with time."""
    try:
        start = datetime.fromisoformat(value)
    except ValueError as error:
        raise TwilioError(20001, f"Invalid date: {value}") from error
    start = start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
    return start, start + (timedelta(days=1) if len(value) == 10 else timedelta(seconds=1))


def by_time(form: Form, name: str, of: Callable[[Any], datetime | None]) -> Iterable[Test]:
    """Return the tests for the filters `Name`, `Name<` and `Name>`."""
    if on := form.get(name):
        start, end = moment(on)
        yield lambda resource: (at := of(resource)) is not None and start <= at < end
    if before := form.get(f"{name}<"):
        until = moment(before)[1]
        yield lambda resource: (at := of(resource)) is not None and at < until
    if after := form.get(f"{name}>"):
        since = moment(after)[0]
        yield lambda resource: (at := of(resource)) is not None and at >= since


def page(key: str, resources: dict[str, Any], tests: list[Test], path: str, form: Form) -> dict[str, Any]:
    """Return one page. Its token is the last SID of the previous page, so that new resources shift nothing."""
    number, size = whole(form, "Page", 0), min(max(whole(form, "PageSize", 50), 1), 1000)
    token = form.get("PageToken").removeprefix("PA")
    found: Iterator[Any] = (
        resource for resource in reversed(resources.values()) if all(test(resource) for test in tests)
    )
    if token:
        for resource in found:
            if resource.sid == token:
                break
    else:
        found = islice(found, number * size, None)
    shown = list(islice(found, size + 1))
    more, shown = len(shown) > size, shown[:size]
    filters = [(name, value) for name, value in form.pairs if name not in ("Page", "PageSize", "PageToken")]

    def uri(to: int, after: str = "") -> str:
        pairs = [*filters, ("PageSize", str(size)), ("Page", str(to))]
        return f"{path}?{urlencode([*pairs, ('PageToken', after)] if after else pairs)}"

    return {
        key: [resource.to_json() for resource in shown],
        "end": number * size + len(shown) - 1 if shown else 0,
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1, f"PA{shown[-1].sid}") if more else None,
        "page": number,
        "page_size": size,
        "previous_page_uri": uri(number - 1) if number else None,
        "start": number * size,
        "uri": uri(number, form.get("PageToken")),
    }


def whole(form: Form, name: str, default: int) -> int:
    """Return an integer parameter, or its default."""
    value = form.get(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit()):
        raise TwilioError(20001, f"Invalid {name}: {value}")
    return int(value)

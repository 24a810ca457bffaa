"""GET /api/activity/{sid}: one call, message or conference with its time line. GET /api/activity: all, newest first.

If Twilio did not answer a send, its outcome is unknown, and it is listed under a name of the app's own, `unknown-…`.
GET of that name looks the outcome up at Twilio: `settled`, with the SID in `settled_as`; `not_sent`; or still
`unknown`, with the SIDs that may be it in `candidates`.

If the status of a call, message or conference is not final, and its last event is five minutes old, GET of its SID
asks Twilio and logs the answer: an event with `settled: true`.

The query of the list, each part optional:

    limit         items per page, 1 to 200; default 50
    cursor        the `cursor` of the previous page; it is null on the last page
    kind          call, message or conference
    status        queued, ringing, completed, delivered, ...; an unknown status is answered with the known ones
    to, from      a number in any usual form, or another address as the log shows it, such as client:ann or SUPPORT
    since, until  started at or after, started before: RFC 3339 with an offset; a date, which begins at midnight UTC; or
                  an age such as 30m, 1h, 7d
    format        `json`, or `csv` for a spreadsheet, as with `Accept: text/csv`; the cursor is then in the header
                  `X-Next-Cursor`

A page limited by `status`, `to` or `from` may have fewer items than `limit`, even none.

200 {items: [{sid, kind, started, status, final, to, from, …}], cursor}: `cursor` is null on the last page.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import azure.functions as func
import msgspec

from shared import patterns
from shared.activity import list as log_list
from shared.activity.key import SID
from shared.activity.log import Details, details_of, read_row
from shared.activity.looking_up import up_to_date
from shared.activity.spreadsheet import as_csv
from shared.activity.state import STATUSES, Summary
from shared.contract.operation import ASKING_TWILIO, Operation
from shared.errors import NotFound
from shared.phone_numbers import is_short_code, number
from shared.request_body import Checked, read_query, shown_as
from shared.responses import answers_problems, json_response
from shared.sending.unknown_outcome import is_unsettled, settle

bp = func.Blueprint()

# A header of the answer in CSV, which has no member `cursor`.
NEXT_CURSOR = "X-Next-Cursor"
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def encode_cursor(row_key: str) -> str:
    """Return a RowKey as the opaque cursor for the next page."""
    return base64.urlsafe_b64encode(row_key.encode()).decode().rstrip("=")


def decode_cursor(text: str) -> str:
    """Return the RowKey in a cursor; raises ValueError if it is not one of the app's cursors."""
    try:
        row_key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError):
        row_key = ""
    if not re.fullmatch(r"\d{16}-[\w-]{1,80}", row_key, re.ASCII):
        raise ValueError("is not a cursor of an earlier page")
    return row_key


def to_microseconds(text: str | None) -> int | None:
    """Return a time that `as_moment` has read in microseconds since 1970, the unit of the log."""
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000) if text else None


def as_moment(text: str) -> str:
    """Return a time, a date or an age as a time with its offset that the log can contain; raises ValueError."""
    try:
        moment = read_moment(text)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(
            "expected a time with its offset like 2026-11-21T10:00:00Z, a date, or an age like 30m, 1h, 7d"
        )
    if not 1970 < moment.year < 2286:
        raise ValueError("expected a time between 1971 and 2285")
    return moment.isoformat()


def read_moment(text: str) -> datetime:
    """Return the time that a text means; raises ValueError or OverflowError if it means none."""
    if age := re.fullmatch("([0-9]{1,6})([smhdw])", text):
        return datetime.now(UTC) - timedelta(**{UNITS[age[2]]: int(age[1])})
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    # An unescaped `+` in a query arrives as a space.
    return msgspec.convert(re.sub(r"(?<=[0-9]) (?=[0-9]{2}:[0-9]{2}$)", "+", text), datetime)


def as_address(text: str) -> str:
    """Return a number in E.164, and any other address as it is: a short code, a named sender, `client:…`, `sip:…`."""
    text = re.sub(r"^ (?=\d)", "+", text)
    other_channel = re.match("(?!tel:)[A-Za-z]+:.", text, re.IGNORECASE)
    if is_short_code(text) or re.fullmatch(patterns.ALPHANUMERIC_SENDER, text) or other_channel:
        return text
    return number(text)


def as_status(text: str) -> str:
    """Return a status that a row of the log can have; raises ValueError."""
    if text not in STATUSES:
        raise ValueError(f"expected one of {', '.join(STATUSES)}")
    return text


Moment = Annotated[str, Checked(as_moment)]
Address = Annotated[str, Checked(as_address)]


class ListQuery(msgspec.Struct):
    """The query of the list, checked."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    cursor: Annotated[str, Checked(decode_cursor)] | None = None
    kind: Literal["call", "message", "conference"] | None = None
    status: Annotated[str, Checked(as_status), shown_as(enum=list(STATUSES))] | None = None
    to: Address | None = None
    from_: Address | None = msgspec.field(default=None, name="from")
    since: Moment | None = None
    until: Moment | None = None
    format: Literal["json", "csv"] | None = None


class Page(msgspec.Struct):
    """One page of the list.

    items   calls, messages and conferences, newest first
    cursor  for the next page; null on the last page
    """

    items: list[Summary]
    cursor: str | None


OPERATIONS = (
    Operation(
        method="GET",
        id="ListActivity",
        summary="List calls, messages and conferences, newest first",
        query=ListQuery,
        answers={200: {"application/json": Page, "text/csv": str}},
    ),
    Operation(
        method="GET",
        id="ShowActivity",
        summary="Show one call, message or conference with its events",
        parameter=Annotated[str, msgspec.Meta(description="the SID, or the name of a send with an unknown outcome")],
        answers={200: Details},
        errors=(NotFound, *ASKING_TWILIO),
    ),
)


@bp.route(route="activity/{sid?}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_problems
async def activity(req: func.HttpRequest) -> func.HttpResponse:
    """Return one call or message, or the list."""
    sid = req.route_params.get("sid")
    if sid:
        return await show(sid)
    query = read_query(req, ListQuery)
    page = await read_list(query)
    cursor = encode_cursor(page.after) if page.after else None
    wants_csv = req.headers.get("accept", "").startswith("text/csv") if query.format is None else query.format == "csv"
    if not wants_csv:
        return json_response(Page(page.items, cursor))
    headers = {"Content-Type": "text/csv; charset=utf-8", **({NEXT_CURSOR: cursor} if cursor else {})}
    return func.HttpResponse(as_csv(page.items), headers=headers)


async def show(sid: str) -> func.HttpResponse:
    """Return one call, message or conference with its time line.

    An unknown outcome is looked up at Twilio first, and so is one that is not final some minutes after its last event.
    """
    row = await read_row(sid) if SID.fullmatch(sid) else None
    if row is None:
        raise NotFound("The log has no call, message or conference with that SID.")
    if not is_unsettled(row):
        return json_response(details_of(await up_to_date(row)))
    candidates = await settle(row)
    return json_response(details_of(await read_row(sid) or row, candidates))


async def read_list(query: ListQuery) -> log_list.Page:
    """Read one page of the list."""
    wanted = log_list.Filter(
        query.kind,
        query.status,
        query.to,
        query.from_,
        since=to_microseconds(query.since),
        until=to_microseconds(query.until),
    )
    return await log_list.read_page(wanted, query.limit, query.cursor)

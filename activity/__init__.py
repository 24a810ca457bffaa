"""GET /api/activity/{sid}: one call or message with its time line. GET /api/activity: all of them, newest first.

If Twilio did not answer a send, its outcome is unknown, and it is listed under a name of the app's own, `unknown-…`.
GET of that name looks the outcome up at Twilio: `settled`, with the SID in `settled_as`; `not_sent`; or still
`unknown`, with the SIDs that may be it in `candidates`.

The query of the list, each part optional:

    limit         items per page, 1 to 200; default 50
    cursor        the `cursor` of the previous page
    kind          call or message
    status        queued, ringing, completed, delivered, …; such a page may have fewer items than `limit`, even none
    since, until  RFC 3339 with offset: started at or after, started before

200 {items: [{sid, kind, started, status, final, to, from, …}], cursor}: `cursor` is null on the last page.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import Annotated, Literal

import azure.functions as func
import msgspec

from shared.activity.key import SID
from shared.activity.list import Filter, read_page
from shared.activity.log import details_of, read_row
from shared.errors import NotFound
from shared.request_body import Checked, read_query
from shared.responses import answers_problems, json_response
from shared.sending.unknown_outcome import is_unsettled, settle

bp = func.Blueprint()


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


def to_microseconds(moment: datetime | None) -> int | None:
    """Return a time in microseconds since 1970, the unit of the log."""
    return int(moment.timestamp() * 1_000_000) if moment else None


def in_range(moment: datetime) -> datetime:
    """Return a time that the log can contain; raises ValueError."""
    if not 1970 < moment.year < 2286:
        raise ValueError("expected a time between 1971 and 2285")
    return moment


Moment = Annotated[datetime, msgspec.Meta(tz=True), Checked(in_range)]


class ListQuery(msgspec.Struct):
    """The query of the list, checked."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    cursor: Annotated[str, Checked(decode_cursor)] | None = None
    kind: Literal["call", "message"] | None = None
    status: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    since: Moment | None = None
    until: Moment | None = None


@bp.route(route="activity/{sid?}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_problems
async def activity(req: func.HttpRequest) -> func.HttpResponse:
    """Return one call or message, or the list."""
    sid = req.route_params.get("sid")
    return await show(sid) if sid else await list_all(read_query(req, ListQuery))


async def show(sid: str) -> func.HttpResponse:
    """Return one call or message with its time line. An unknown outcome is looked up at Twilio first."""
    row = await read_row(sid) if SID.fullmatch(sid) else None
    if row is None:
        raise NotFound("The log has no call or message with that SID.")
    if not is_unsettled(row):
        return json_response(details_of(row))
    candidates = await settle(row)
    return json_response(details_of(await read_row(sid) or row, candidates))


async def list_all(query: ListQuery) -> func.HttpResponse:
    """Return one page of the list."""
    wanted = Filter(query.kind, query.status, to_microseconds(query.since), to_microseconds(query.until))
    page = await read_page(wanted, query.limit, query.cursor)
    return json_response({"items": page.items, "cursor": encode_cursor(page.after) if page.after else None})

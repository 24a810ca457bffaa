"""GET /api/activity and GET /api/activity/{sid}."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activity import as_moment
from dev.azurite import azurite, connection_string
from dev.processes import free_port
from shared.activity.key import shard_of
from shared.activity.list import Filter, read_page
from shared.activity.state import STATUSES
from tests.support.app import App, Run, StartApp, assert_problem, errors_of

Logged = tuple[App, list[dict[str, Any]]]

NEWEST = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
# Many on one day, some on days far apart, two in the same microsecond.
AGES = [
    *(timedelta(seconds=seconds) for seconds in range(24)),
    *(timedelta(days=days, hours=days % 24) for days in (0, 1, 1, 2, 30, 31, 366, 2000)),
    timedelta(hours=11, minutes=59),
    timedelta(hours=12),
    timedelta(hours=12, microseconds=1),
]
RECIPIENTS = ("+15005550001", "client:ann", "+442071838750")
# Few, so that a shard has more rows than one query returns.
SOME_SHARDS = "05f"


def new_sid(prefix: str) -> str:
    """Return a SID whose row is in one of SOME_SHARDS."""
    while shard_of(sid := prefix + secrets.token_hex(16)) not in SOME_SHARDS:
        pass
    return sid


def micro(moment: datetime) -> int:
    """Return a time in microseconds since 1970."""
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


@pytest.fixture(scope="module")
def logged(start_app: StartApp) -> Iterator[Logged]:
    """Start an app whose log has exactly the calls and messages that are returned, newest first."""
    port = free_port()
    with azurite(port):
        app = start_app(TABLES_CONNECTION_STRING=connection_string(port))
        rows: list[dict[str, Any]] = []
        for number, age in enumerate(AGES):
            kind = "message" if number % 3 == 0 else "call"
            status = "delivered" if kind == "message" else ("completed", "busy")[number % 2]
            sid = new_sid("SM" if kind == "message" else "CA")
            to = RECIPIENTS[number % len(RECIPIENTS)]
            rows.append({"sid": sid, "kind": kind, "status": status, "at": NEWEST - age, "to": to, "from": "68849"})
        shuffled = random.Random(1).sample(rows, len(rows))

        def log(row: dict[str, Any]) -> int:
            names = ("MessageSid", "MessageStatus") if row["kind"] == "message" else ("CallSid", "CallStatus")
            form = {names[0]: row["sid"], names[1]: row["status"], "To": row["to"], "From": row["from"]}
            return app.signed_post(f"status_callback?started={micro(row['at'])}", form).status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(log, shuffled)) == {204}
        rows.sort(key=lambda row: (-micro(row["at"]), row["sid"]))
        yield app, rows


def read_all(app: App, **query: Any) -> list[str]:
    """Read all pages of the list, and return the SIDs in their order."""
    sids: list[str] = []
    cursor: str | None = None
    for _ in range(200):
        answer = app.get("activity", params={**query, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= query.get("limit", 50)
        sids += [item["sid"] for item in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            return sids
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("limit", [1, 2, 7, len(AGES), 200])
def test_the_list_is_complete_and_newest_first_with_pages_of_any_size(logged: Logged, limit: int) -> None:
    """No row is repeated and none is missing, across shards, days and pages."""
    app, rows = logged

    assert read_all(app, limit=limit) == [row["sid"] for row in rows]


@pytest.mark.parametrize("limit", [3, 50])
@pytest.mark.parametrize("kind", ["call", "message"])
def test_the_list_can_be_limited_to_one_kind(logged: Logged, kind: str, limit: int) -> None:
    """Calls, or messages."""
    app, rows = logged

    assert read_all(app, kind=kind, limit=limit) == [row["sid"] for row in rows if row["kind"] == kind]


@pytest.mark.parametrize("status", ["busy", "delivered", "ringing"])
def test_the_list_can_be_limited_to_one_status(logged: Logged, status: str) -> None:
    """A status follows from the events, so pages may be short; together they are complete."""
    app, rows = logged

    assert read_all(app, status=status, limit=5) == [row["sid"] for row in rows if row["status"] == status]


@pytest.mark.parametrize(
    ("query", "to"),
    [
        ("to=%2B15005550001", "+15005550001"),
        ("to=+15005550001", "+15005550001"),
        ("to=(500) 555-0001", "+15005550001"),
        ("to=tel:%2B44 20 7183 8750", "+442071838750"),
        ("to=client:ann", "client:ann"),
        ("to=%2B15005550009", None),
    ],
)
def test_the_list_can_be_limited_to_a_recipient_in_any_usual_form(logged: Logged, query: str, to: str | None) -> None:
    """Also with an unescaped `+`; another address is written as the log shows it."""
    app, rows = logged
    listed = [item["sid"] for item in app.get(f"activity?limit=200&{query}").json()["items"]]

    assert listed == [row["sid"] for row in rows if row["to"] == to]


@pytest.mark.parametrize(("sender", "found"), [("68849", True), ("+15005550006", False), ("SUPPORT", False)])
def test_the_list_can_be_limited_to_a_sender(logged: Logged, sender: str, found: bool) -> None:
    """A short code here; pages may be short, and together they are complete."""
    app, rows = logged

    assert read_all(app, limit=5, **{"from": sender}) == [row["sid"] for row in rows if found]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-21T13:00:00+01:00", NEWEST),
        ("2026-11-21T12:00:00Z", NEWEST),
        ("2026-11-21T06:30:00-05:30", NEWEST),
        ("2026-11-21", NEWEST.replace(hour=0)),
    ],
)
@pytest.mark.parametrize("name", ["since", "until"])
def test_a_time_may_have_an_unescaped_plus_or_be_a_date(logged: Logged, name: str, text: str, moment: datetime) -> None:
    """`+` in a query arrives as a space; a date begins at midnight UTC."""
    app, rows = logged
    listed = [item["sid"] for item in app.get(f"activity?limit=200&{name}={text}").json()["items"]]

    assert listed == [row["sid"] for row in rows if (row["at"] >= moment) == (name == "since")]


@pytest.mark.parametrize(
    ("age", "seconds"), [("45s", 45), ("30m", 1800), ("1h", 3600), ("7d", 604800), ("2w", 1209600)]
)
def test_a_time_may_be_an_age(age: str, seconds: int) -> None:
    """Seconds, minutes, hours, days or weeks before now."""
    passed = datetime.now(UTC) - datetime.fromisoformat(as_moment(age))

    assert abs(passed - timedelta(seconds=seconds)) < timedelta(seconds=5)


def test_an_unknown_status_is_an_error_that_lists_the_known_ones(app: App) -> None:
    """A misspelt status must not be an empty list."""
    [error] = errors_of(app.get("activity", params={"status": "complete"})).values()

    assert all(status in error for status in STATUSES)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (NEWEST - timedelta(seconds=20), None),
        (None, NEWEST - timedelta(seconds=20)),
        (NEWEST - timedelta(days=31, hours=7), NEWEST - timedelta(seconds=5)),
        (NEWEST - timedelta(hours=12), NEWEST - timedelta(hours=11)),
        (NEWEST - timedelta(hours=12, microseconds=1), NEWEST - timedelta(hours=12)),
        (NEWEST, NEWEST),
        (NEWEST + timedelta(days=400), None),
        (None, NEWEST - timedelta(days=4000)),
    ],
)
def test_the_list_can_be_limited_to_a_time_range(
    logged: Logged, since: datetime | None, until: datetime | None
) -> None:
    """`since` is inclusive, `until` is exclusive; to the microsecond, and on day boundaries."""
    app, rows = logged
    query = {name: time.isoformat() for name, time in (("since", since), ("until", until)) if time}

    assert read_all(app, limit=7, **query) == [
        row["sid"] for row in rows if (since is None or row["at"] >= since) and (until is None or row["at"] < until)
    ]


def test_an_item_has_the_status_and_a_link_to_the_time_line(logged: Logged) -> None:
    """What is not known is left out."""
    app, rows = logged
    [item] = app.get("activity", params={"limit": 1}).json()["items"]

    assert item == {
        "sid": rows[0]["sid"],
        "kind": rows[0]["kind"],
        "started": "2026-11-21T12:00:00.000Z",
        "status": rows[0]["status"],
        "final": True,
        "to": rows[0]["to"],
        "from": rows[0]["from"],
        "ended": item["ended"],
        "links": {"activity": f"{app.url}/api/activity/{rows[0]['sid']}"},
    }


def test_an_empty_log_is_an_empty_list(empty_app: App) -> None:
    """Even before the tables exist."""
    assert empty_app.get("activity").json() == {"items": [], "cursor": None}


def test_a_page_is_made_from_a_limited_number_of_rows(
    logged: Logged, run_here: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rare status takes as many requests as needed. The limit is 2,000 rows; here it is ten."""
    app, rows = logged
    monkeypatch.setattr("shared.activity.list.MOST_SCANNED", 10)
    monkeypatch.setenv("TABLES_CONNECTION_STRING", app.settings["TABLES_CONNECTION_STRING"])
    pages: list[list[str]] = []

    async def story() -> None:
        after: str | None = None
        while not pages or after:
            page = await read_page(Filter(status="busy"), 50, after)
            pages.append([item.sid for item in page.items])
            after = page.after

    run_here(story())
    parts = [rows[first : first + 10] for first in range(0, len(rows), 10)]
    assert pages == [[row["sid"] for row in part if row["status"] == "busy"] for part in parts]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "é"}, "cursor"),
        ({"cursor": "JyBvciAxIGVxIDE"}, "cursor"),
        ({"kind": "fax"}, "kind"),
        ({"status": "x" * 65}, "status"),
        ({"to": "somebody else"}, "to"),
        ({"from": "order 4155550155"}, "from"),
        ({"since": "1y"}, "since"),
        ({"since": "999999w"}, "since"),
        ({"since": "2026-13-01"}, "since"),
        ({"since": "2026-11-21 10:00"}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"until": "2026-11-21T10:00:00"}, "until"),
        ({"since": "0001-01-01T00:00:00Z"}, "since"),
        ({"page": "2"}, "page"),
    ],
)
def test_a_wrong_parameter_is_an_error(app: App, query: dict[str, str], field: str) -> None:
    """A misspelt filter must not list everything."""
    assert list(errors_of(app.get("activity", params=query))) == [field]


@pytest.mark.parametrize("sid", ["CA" + "0" * 32, "x", "CA' or 1 eq 1", "%2e%2e", "é", "CA#", "a" * 300, "unknown-1"])
def test_a_sid_that_is_not_in_the_log_is_a_404(app: App, sid: str) -> None:
    """Whatever characters it has."""
    assert_problem(app.get(f"activity/{sid}"), 404, "not_found")


@pytest.mark.parametrize("path", ["activity", "activity/CA1"])
def test_without_storage_the_log_is_a_503(app_without_storage: App, path: str) -> None:
    """The list, and one call."""
    assert_problem(app_without_storage.get(path), 503, "storage_unavailable")

"""GET /api/activity and GET /api/activity/{sid}."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables import TableClient

from dev.azurite import azurite, connection_string
from dev.processes import free_port
from shared.activity.event import Event, name_of, to_json
from shared.activity.key import row_key, shard_of
from shared.storage.tables import ACTIVITY
from tests.support.app import App, StartApp, assert_problem, errors_of

NEWEST = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
# Many on one day, some on days far apart, two at the same microsecond.
AGES = [
    *(timedelta(seconds=seconds) for seconds in range(40)),
    *(timedelta(days=days, hours=days % 24) for days in (0, 1, 1, 2, 30, 31, 366, 2000)),
    timedelta(hours=11, minutes=59),
    timedelta(hours=12),
    timedelta(hours=12, microseconds=1),
]


def micro(moment: datetime) -> int:
    """Return a time as the log counts it."""
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


@pytest.fixture(scope="module")
def logged(start_app: StartApp) -> Iterator[tuple[App, list[dict[str, Any]]]]:
    """An app whose log holds exactly the calls and texts that are returned, newest first."""
    port = free_port()
    with azurite(port):
        app = start_app(TABLES_CONNECTION_STRING=connection_string(port))
        rows: list[dict[str, Any]] = []
        for number, age in enumerate(AGES):
            kind = "message" if number % 3 == 0 else "call"
            status = "delivered" if kind == "message" else ("completed", "busy")[number % 2]
            sid = ("SM" if kind == "message" else "CA") + secrets.token_hex(16)
            rows.append({"sid": sid, "kind": kind, "status": status, "at": NEWEST - age})
        shuffled = random.Random(1).sample(rows, len(rows))

        def log(row: dict[str, Any]) -> int:
            names = ("MessageSid", "MessageStatus") if row["kind"] == "message" else ("CallSid", "CallStatus")
            form = dict(zip(names, (row["sid"], row["status"]), strict=True))
            return app.signed_post(f"status_callback?started={micro(row['at'])}", form).status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(log, shuffled)) == {204}
        rows.sort(key=lambda row: (-micro(row["at"]), row["sid"]))
        yield app, rows


def read_all(app: App, **query: Any) -> list[str]:
    """Page through the list and return the SIDs in the order they came."""
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


Logged = tuple[App, list[dict[str, Any]]]


@pytest.mark.parametrize("limit", [1, 2, 7, 50, 51, 200])
def test_the_list_is_complete_and_newest_first_however_it_is_cut(logged: Logged, limit: int) -> None:
    """No row twice, none left out, across shards, days and pages."""
    app, rows = logged

    assert read_all(app, limit=limit) == [row["sid"] for row in rows]


@pytest.mark.parametrize("limit", [3, 50])
@pytest.mark.parametrize("kind", ["call", "message"])
def test_the_list_can_hold_one_kind_only(logged: Logged, kind: str, limit: int) -> None:
    """Calls, or messages."""
    app, rows = logged

    assert read_all(app, kind=kind, limit=limit) == [row["sid"] for row in rows if row["kind"] == kind]


@pytest.mark.parametrize("status", ["busy", "delivered", "ringing"])
def test_the_list_can_hold_one_status_only(logged: Logged, status: str) -> None:
    """A status is worked out from the events, so pages may be short; together they are complete."""
    app, rows = logged

    assert read_all(app, status=status, limit=5) == [row["sid"] for row in rows if row["status"] == status]


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
def test_the_list_can_begin_and_end_at_a_time(logged: Logged, since: datetime | None, until: datetime | None) -> None:
    """`since` is part of it, `until` is not; to the microsecond, on day boundaries too."""
    app, rows = logged
    query = {name: time.isoformat() for name, time in (("since", since), ("until", until)) if time}

    assert read_all(app, limit=7, **query) == [
        row["sid"] for row in rows if (since is None or row["at"] >= since) and (until is None or row["at"] < until)
    ]


def test_an_item_tells_what_became_of_it(logged: Logged) -> None:
    """Enough for a table of calls; the time line is one address away."""
    app, rows = logged
    [item] = app.get("activity", params={"limit": 1}).json()["items"]

    assert item == {
        "sid": rows[0]["sid"],
        "kind": rows[0]["kind"],
        "started": "2026-11-21T12:00:00.000Z",
        "status": rows[0]["status"],
        "final": True,
        "ended": item["ended"],
        "links": {"activity": f"{app.url}/api/activity/{rows[0]['sid']}"},
    }


def test_an_empty_log_is_an_empty_list(start_app: StartApp) -> None:
    """Also before the tables exist."""
    port = free_port()
    with azurite(port):
        app = start_app(TABLES_CONNECTION_STRING=connection_string(port))

        assert app.get("activity").json() == {"items": [], "cursor": None}


def test_no_request_looks_at_more_than_two_thousand_rows(start_app: StartApp) -> None:
    """A status that few rows have is looked for in as many requests as it takes; the 2,000th row is in the first."""
    port = free_port()
    with azurite(port):
        app = start_app(TABLES_CONNECTION_STRING=connection_string(port))
        # Of one shard, so that they can be stored a hundred at a time.
        sids = [sid for number in range(40_000) if shard_of(sid := f"CA{number:032x}") == "0"][:2002]
        entities = []
        for index, sid in enumerate(sids):
            key = row_key(sid, micro(NEWEST) - index)
            event = Event(created=True, status="busy" if index in (1999, 2000) else "completed")
            row = {"PartitionKey": key.partition, "RowKey": key.row, "sid": sid, "kind": "call"}
            entities.append({**row, name_of(event): to_json(event)})
        with TableClient.from_connection_string(connection_string(port), ACTIVITY) as table:
            table.create_table()
            for first in range(0, len(entities), 100):
                table.submit_transaction([("create", entity) for entity in entities[first : first + 100]])
        page = app.get("activity", params={"status": "busy"}).json()
        rest = app.get("activity", params={"status": "busy", "cursor": page["cursor"]}).json()

    assert [item["sid"] for item in page["items"]] == [sids[1999]]
    assert [item["sid"] for item in rest["items"]] == [sids[2000]]
    assert rest["cursor"] is None


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
        ({"since": "yesterday"}, "since"),
        ({"until": "2026-11-21T10:00:00"}, "until"),
        ({"since": "0001-01-01T00:00:00Z"}, "since"),
        ({"page": "2"}, "page"),
    ],
)
def test_a_wrong_part_of_the_query_is_named(app: App, query: dict[str, str], field: str) -> None:
    """A misspelt filter must not quietly list everything."""
    assert list(errors_of(app.get("activity", params=query))) == [field]


@pytest.mark.parametrize("sid", ["CA" + "0" * 32, "x", "CA' or 1 eq 1", "%2e%2e", "é", "CA#", "a" * 300, "unknown-1"])
def test_a_sid_that_the_log_does_not_hold_is_not_found(app: App, sid: str) -> None:
    """Whatever was asked for; what was asked is not repeated."""
    assert_problem(app.get(f"activity/{sid}"), 404, "not_found")


def test_without_storage_both_say_so(start_app: StartApp) -> None:
    """503, for a while."""
    app = start_app(TABLES_CONNECTION_STRING=connection_string(free_port()))

    assert_problem(app.get("activity"), 503, "storage_unavailable")
    assert_problem(app.get("activity/CA1"), 503, "storage_unavailable")

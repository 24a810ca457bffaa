"""docs/operations.md: its queries are run on what the app really logs, and its tables are compared with the code."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import re
from datetime import UTC, datetime, timedelta

import azure.functions as func
import pytest
import requests

from dev.processes import free_port
from fake_twilio.testing import FakeTwilio
from shared.responses import answers_problems
from shared.twilio.error_codes import APP_ERRORS, DELIVERY_ERRORS, REQUEST_ERRORS
from tests.support.app import App, StartApp, sign
from tests.support.documents import code_blocks, rows, section, text_of
from tests.support.log_tables import COLUMNS, COMMON, Workspace

TEXT = text_of("docs/operations.md")
ONE, FAILING, REJECTED = code_blocks(TEXT, "kusto")

WORDS = """ago and arg_max asc between by coalesce count datetime desc distinct extend extract false has in isfuzzy
    isnotempty let make_set_if matches max min or order project regex replace_regex strcat_array sum summarize toint
    true union where"""

CALL, OTHER = "CA" + "1" * 32, "CA" + "2" * 32
CALLBACK = {"CallSid": CALL, "CallStatus": "ringing", "SequenceNumber": "1"}
FAILED = {
    "CallSid": CALL,
    "ErrorCode": "11200",
    "ErrorUrl": "https://phone.example/api/answer_call?From=%2B15551234567",
}


def exception_line() -> str:
    """Return the log line of an unexpected exception in a keyed route, followed by its traceback as on Azure."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)

    @answers_problems
    async def make_call(req: func.HttpRequest) -> func.HttpResponse:
        raise RuntimeError("boom")

    log = logging.getLogger("shared.responses")
    log.addHandler(handler)
    try:
        asyncio.run(make_call(func.HttpRequest("POST", "http://localhost", body=b"")))
    finally:
        log.removeHandler(handler)
    return written.getvalue().rstrip()


@pytest.fixture(scope="module")
def apps(start_app: StartApp) -> dict[str, App]:
    """A healthy app, one that reaches neither its tables nor Twilio, and one without an auth token."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    tables = f"AccountName=a;AccountKey=YQ==;TableEndpoint={nowhere}/a;"
    return {
        "healthy": start_app(),
        "cut off": start_app(TABLES_CONNECTION_STRING=tables, TWILIO_API_BASE_URL=nowhere),
        "without a token": start_app(TWILIO_AUTH_TOKEN=""),
    }


@pytest.fixture(scope="module")
def night(apps: dict[str, App], fake_twilio_session: FakeTwilio) -> Workspace:
    """A workspace after one bad night: everything that the document describes has happened."""
    log, healthy, cut_off, no_token = Workspace(), *apps.values()
    json = b'{"a": 1}'
    url = f"{healthy.url}/api/status_callback?bodySHA256={hashlib.sha256(json).hexdigest()}"
    signed = {"X-Twilio-Signature": sign(url, {}, healthy.settings["TWILIO_AUTH_TOKEN"]), "Content-Type": "text/plain"}
    shared_key = {"X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=HMAC_SHA256"}

    for _ in range(2):  # the first request to the storage may take too long on a busy machine
        healthy.get("activity?limit=1")
    log.ask(healthy, "fallback", lambda: healthy.signed_post("fallback", FAILED), "Twilio's error")
    log.ask(healthy, "activity_of", lambda: healthy.get(f"activity/{CALL}"))
    log.ask(healthy, "activity_of", lambda: healthy.get(f"activity/{OTHER}"))
    log.ask(healthy, "make_call", lambda: healthy.post("make_call", {"to": "nonsense"}))
    log.ask(healthy, "make_call", lambda: healthy.post("make_call", {"to": "+15551234567"}))
    fake_twilio_session.phone("+15551234567").wait_for_call().decline()
    fake_twilio_session.wait_until_quiet()
    log.ask(
        healthy,
        "status_callback",
        lambda: healthy.signed_post("status_callback", CALLBACK, "another"),
        "does not match",
    )
    log.ask(
        healthy,
        "status_callback",
        lambda: healthy.signed_post("status_callback", CALLBACK, "a third"),
        "does not match",
    )
    log.ask(
        healthy, "status_callback", lambda: healthy.post("status_callback", CALLBACK), "X-Twilio-Signature is missing"
    )
    log.ask(healthy, "status_callback", lambda: requests.post(url, b"{}", headers=signed, timeout=9), "bodySHA256 does")
    log.ask(
        healthy,
        "answer_call",
        lambda: healthy.signed_post("answer_call", CALLBACK, "another", headers=shared_key),
        "it is signed with a shared key",
    )
    log.ask(healthy, "client_call", lambda: healthy.signed_post("client_call", {"CallSid": OTHER}), "is not connected")
    log.ask(cut_off, "status_callback", lambda: cut_off.signed_post("status_callback", CALLBACK), "table ")
    log.ask(cut_off, "make_call", lambda: cut_off.post("make_call", {"to": "+15551234567"}), "make_call answers 502")
    log.ask(no_token, "answer_call", lambda: no_token.signed_post("answer_call", CALLBACK, "any"), "cannot check")

    crashed = requests.Response()
    crashed.url, crashed.status_code = f"{healthy.url}/api/make_call", 500
    log.request("make_call", crashed, [(3, exception_line())])
    # https://github.com/Azure/azure-functions-host: RpcException
    message = "Result: Failure\nException: KeyError: 'To'\nStack:   File \"/home/site/wwwroot/receive_sms/__init__.py\""
    crashed.url = f"{healthy.url}/api/receive_sms"
    log.request("receive_sms", crashed, [(3, "Executed 'Functions.receive_sms' (Failed, Duration=12ms)")])
    operation = log.tables["AppRequests"][-1]["OperationId"]
    of = {"OperationId": operation, "OperationName": "receive_sms"}
    log.add("AppExceptions", InnermostMessage=message, SeverityLevel=3, Message="", **of)
    log.add("AppTraces", Message="Worker failed to index functions", SeverityLevel=3, OperationId="", OperationName="")
    return log


def about(query: str, sid: str, started: datetime) -> str:
    """Return the first query with its SID and start filled in."""
    filled = re.sub(r'sid = "\w+"', f'sid = "{sid}"', query)
    return re.sub(r"datetime\(\S+?\)", f"datetime({started:%Y-%m-%dT%H:%M:%SZ})", filled)


@pytest.mark.parametrize("query", [ONE, FAILING, REJECTED])
def test_a_query_names_only_tables_and_columns_that_exist(query: str) -> None:
    """A misspelt column is an error that only the portal would show."""
    known = {*WORDS.split(), *COMMON.split(), *COLUMNS, *" ".join(COLUMNS.values()).split()}
    bare = re.sub(r'@?".*?"|datetime\(\S+\)|\b\d+[mhd]\b', " ", query)
    made = set(re.findall(r"(\w+) = ", bare))

    assert set(re.findall(r"[A-Za-z_]\w*", bare)) - known - made == set()


def test_one_call_is_found_by_its_sid_across_requests_and_lines(night: Workspace) -> None:
    """Long after its start: the lines that name it, and the requests for it; nothing of other calls."""
    found = night.run(about(ONE, CALL, datetime(2026, 1, 1, tzinfo=UTC)))

    assert {(row["OperationName"], row["ResultCode"]) for row in found if row["ResultCode"]} == {
        ("fallback", "200"),
        ("activity_of", "404"),
    }
    assert [row["Line"] for row in found if row["Line"]] == [
        f"Twilio's error '11200' at 'https://phone.example/api/answer_call', '{CALL}'"
    ]


def test_a_call_without_problems_is_found_by_its_time(night: Workspace) -> None:
    """No line names it, but its webhooks are among the requests."""
    soon = datetime.now(UTC) - timedelta(minutes=9)
    found = night.run(about(ONE, OTHER, soon))

    assert len([row for row in found if row["ResultCode"]]) == len(night.tables["AppRequests"])
    assert [row["TimeGenerated"] for row in found] == sorted(row["TimeGenerated"] for row in found)
    assert not [row for row in found if "Execut" in str(row["Line"]) and "Failed" not in row["Line"]]


def test_failures_are_grouped_by_function_and_status_with_their_lines(night: Workspace) -> None:
    """With errors that were answered 200 and the host's own errors; without successes."""
    failing = {(row["Function"], row["Status"]): (row["Times"], row["Lines"]) for row in night.run(FAILING)}

    assert failing.pop(("status_callback", "403"))[0] == 4
    assert failing.pop(("make_call", "400")) == (1, [])
    assert failing.pop(("activity_of", "404")) == (2, [])
    assert "answer_call refused: it is signed with a shared key" in failing.pop(("answer_call", "403"))[1][0]
    assert "answer_call cannot check signatures: TWILIO_AUTH_TOKEN" in failing.pop(("answer_call", "503"))[1][0]
    assert "table sids: " in failing.pop(("status_callback", "503"))[1][0]
    assert "make_call answers 502 twilio_unavailable: " in failing.pop(("make_call", "502"))[1][0]
    assert failing.pop(("make_call", "500")) == (1, ["make_call failed ... RuntimeError: boom"])
    assert "KeyError: 'To'" in failing.pop(("receive_sms", "500"))[1][0]
    assert "Twilio's error '11200'" in failing.pop(("fallback", "200"))[1][0]
    [(nowhere, (_, lines))] = failing.items()
    assert not any(nowhere)
    assert lines == ["Worker failed to index functions"]


def test_what_failed_two_hours_ago_is_not_failing_now(night: Workspace) -> None:
    """Older failures would hide the current ones."""
    earlier = Workspace()
    for table, kept in night.tables.items():
        earlier.tables[table] = [{**row, "TimeGenerated": row["TimeGenerated"] - timedelta(hours=2)} for row in kept]

    assert earlier.run(FAILING) == []
    assert len(earlier.run(REJECTED)) == len(night.run(REJECTED))


def test_rejected_webhooks_are_shown_with_the_reason_and_the_address(night: Workspace, apps: dict[str, App]) -> None:
    """Equal ones are counted, and each has the address that was checked."""
    found = night.run(REJECTED)
    base = apps["healthy"].url
    [mismatch] = [row for row in found if "does not match http" in row["Why"]]

    assert {row["Webhook"] for row in found} == {"status_callback", "answer_call"}
    assert len(found) == 5
    assert mismatch["Times"] == 2
    assert mismatch["Why"] == (
        f"the signature does not match {base}/api/status_callback and the 3 fields that came with it; "
        f"PUBLIC_BASE_URL is {base}"
    )


def as_pattern(line: str) -> str:
    """Return the pattern of a documented line: … stands for any text."""
    return ".+".join(re.escape(part) for part in line.split("…"))


@pytest.mark.parametrize("line", [row[0].strip("`") for row in rows(section(TEXT, "Log lines"))])
def test_every_documented_log_line_is_logged(line: str, night: Workspace) -> None:
    """When the words of a line change, the document must change too."""
    assert any(re.fullmatch(as_pattern(line), written) for written in night.lines()), line


@pytest.mark.parametrize("why", re.findall(r"(?m)^\| `(.*?)`", section(TEXT, "Twilio gets a 403 from the app")))
def test_every_documented_reason_for_a_403_is_logged(why: str, night: Workspace) -> None:
    """Word for word, because people search for the words."""
    assert any(re.search(as_pattern(why.rstrip("…")), row["Why"]) for row in night.run(REJECTED)), why


@pytest.mark.parametrize("row", rows(section(TEXT, "Twilio's error codes")), ids=lambda row: row[0][1:6])
def test_the_documented_status_of_each_twilio_code_is_the_one_of_the_app(row: list[str]) -> None:
    """Rejected sends have a status, wrong credentials are a 502, failed deliveries are explained."""
    codes = [int(code) for code in re.findall(r"\[(\d+)\]", row[0])]
    refused = re.search(r"(\d{3}) `twilio_refused`", row[1])

    assert codes
    for code in codes:
        if code >= 30000:
            assert code in DELIVERY_ERRORS
        elif code in REQUEST_ERRORS:
            assert refused
            assert REQUEST_ERRORS[code].status == int(refused[1])
        else:
            assert not refused
            assert (code in APP_ERRORS) == ("502 `twilio_unavailable`" in row[1])


def test_public_base_url_may_have_a_path_that_the_proxy_removes(start_app: StartApp) -> None:
    """As API Management does. Host and X-Forwarded-* are ignored; PUBLIC_BASE_URL counts."""
    app = start_app(PUBLIC_BASE_URL="https://api.example.com/phone")
    headers = {"Host": "func.azurewebsites.net", "X-Forwarded-Host": "elsewhere.example", "X-Forwarded-Proto": "http"}

    assert app.signed_post("twiml_hello", {"CallSid": CALL}, headers=headers).status_code == 200
    app.settings["PUBLIC_BASE_URL"] = "https://api.example.com"
    assert app.signed_post("twiml_hello", {"CallSid": CALL}, headers=headers).status_code == 403

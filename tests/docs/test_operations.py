"""docs/operations.md: its queries are run on what the app really writes, and what it says of lines and codes is so."""

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
from shared.twilio.error_codes import DELIVERY_FAILURES, OUR_FAULTS, REFUSALS
from tests.support.app import ROOT, App, StartApp, sign
from tests.support.log_tables import COLUMNS, COMMON, Workspace

TEXT = (ROOT / "docs" / "operations.md").read_text("utf-8")
ONE, FAILING, REFUSED = re.findall(r"```kusto\n(.*?)```", TEXT, re.DOTALL)

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
    """Return the line of an exception in a function of our own users, with the traceback behind it as on Azure."""
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
    """An app that is well, one that reaches neither its tables nor Twilio, and one without an auth token."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    tables = f"AccountName=a;AccountKey=YQ==;TableEndpoint={nowhere}/a;"
    return {
        "well": start_app(),
        "cut off": start_app(TABLES_CONNECTION_STRING=tables, TWILIO_API_BASE_URL=nowhere),
        "without a token": start_app(TWILIO_AUTH_TOKEN=""),
    }


@pytest.fixture(scope="module")
def night(apps: dict[str, App], fake_twilio_session: FakeTwilio) -> Workspace:
    """One bad night: everything that the document speaks of has happened."""
    log, well, cut_off, no_token = Workspace(), *apps.values()
    json = b'{"a": 1}'
    url = f"{well.url}/api/status_callback?bodySHA256={hashlib.sha256(json).hexdigest()}"
    signed = {"X-Twilio-Signature": sign(url, {}, well.settings["TWILIO_AUTH_TOKEN"]), "Content-Type": "text/plain"}
    shared_key = {"X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=HMAC_SHA256"}

    log.ask(well, "fallback", lambda: well.signed_post("fallback", FAILED), "Twilio's error")
    log.ask(well, "activity_of", lambda: well.get(f"activity/{CALL}"))
    log.ask(well, "activity_of", lambda: well.get(f"activity/{OTHER}"))
    log.ask(well, "make_call", lambda: well.post("make_call", {"to": "nonsense"}))
    log.ask(well, "make_call", lambda: well.post("make_call", {"to": "+15551234567"}))
    fake_twilio_session.phone("+15551234567").wait_for_call().decline()
    fake_twilio_session.wait_until_quiet()
    log.ask(well, "status_callback", lambda: well.signed_post("status_callback", CALLBACK, "another"), "does not match")
    log.ask(well, "status_callback", lambda: well.signed_post("status_callback", CALLBACK, "a third"), "does not match")
    log.ask(well, "status_callback", lambda: well.post("status_callback", CALLBACK), "X-Twilio-Signature is missing")
    log.ask(well, "status_callback", lambda: requests.post(url, b"{}", headers=signed, timeout=9), "bodySHA256 does")
    log.ask(
        well,
        "answer_call",
        lambda: well.signed_post("answer_call", CALLBACK, "another", headers=shared_key),
        "it is signed with a shared key",
    )
    log.ask(cut_off, "status_callback", lambda: cut_off.signed_post("status_callback", CALLBACK), "table ")
    log.ask(cut_off, "make_call", lambda: cut_off.post("make_call", {"to": "+15551234567"}), "make_call answers 502")
    log.ask(no_token, "answer_call", lambda: no_token.signed_post("answer_call", CALLBACK, "any"), "cannot check")

    crashed = requests.Response()
    crashed.url, crashed.status_code = f"{well.url}/api/make_call", 500
    log.request("make_call", crashed, [(3, exception_line())])
    # https://github.com/Azure/azure-functions-host: RpcException
    message = "Result: Failure\nException: KeyError: 'To'\nStack:   File \"/home/site/wwwroot/receive_sms/__init__.py\""
    crashed.url = f"{well.url}/api/receive_sms"
    log.request("receive_sms", crashed, [(3, "Executed 'Functions.receive_sms' (Failed, Duration=12ms)")])
    operation = log.tables["AppRequests"][-1]["OperationId"]
    of = {"OperationId": operation, "OperationName": "receive_sms"}
    log.add("AppExceptions", InnermostMessage=message, SeverityLevel=3, Message="", **of)
    log.add("AppTraces", Message="Worker failed to index functions", SeverityLevel=3, OperationId="", OperationName="")
    return log


def about(query: str, sid: str, started: datetime) -> str:
    """Return the first query as a person fills it in."""
    filled = re.sub(r'sid = "\w+"', f'sid = "{sid}"', query)
    return re.sub(r"datetime\(\S+?\)", f"datetime({started:%Y-%m-%dT%H:%M:%SZ})", filled)


@pytest.mark.parametrize("query", [ONE, FAILING, REFUSED])
def test_a_query_names_only_tables_and_columns_that_there_are(query: str) -> None:
    """A misspelt column is an error in the portal, and at night."""
    known = {*WORDS.split(), *COMMON.split(), *COLUMNS, *" ".join(COLUMNS.values()).split()}
    bare = re.sub(r'@?".*?"|datetime\(\S+\)|\b\d+[mhd]\b', " ", query)
    made = set(re.findall(r"(\w+) = ", bare))

    assert set(re.findall(r"[A-Za-z_]\w*", bare)) - known - made == set()


def test_one_call_is_found_by_its_sid_across_requests_and_lines(night: Workspace) -> None:
    """Long after its start: what was said of it, and who looked it up; nothing of other calls."""
    rows = night.run(about(ONE, CALL, datetime(2026, 1, 1, tzinfo=UTC)))

    assert {(row["OperationName"], row["ResultCode"]) for row in rows if row["ResultCode"]} == {
        ("fallback", "200"),
        ("activity_of", "404"),
    }
    assert [row["Line"] for row in rows if row["Line"]] == [
        f"Twilio's error '11200' at 'https://phone.example/api/answer_call', '{CALL}'"
    ]


def test_a_call_that_went_well_is_found_by_its_time(night: Workspace) -> None:
    """Nothing is said of it, but its webhooks were requests like any other."""
    soon = datetime.now(UTC) - timedelta(minutes=9)
    rows = night.run(about(ONE, OTHER, soon))

    assert len([row for row in rows if row["ResultCode"]]) == len(night.tables["AppRequests"])
    assert [row["TimeGenerated"] for row in rows] == sorted(row["TimeGenerated"] for row in rows)
    assert not [row for row in rows if "Execut" in str(row["Line"]) and "Failed" not in row["Line"]]


def test_what_is_failing_now_is_told_by_function_and_status_with_its_lines(night: Workspace) -> None:
    """Also an error that was answered 200, and the host's own outside any request; a success is left out."""
    rows = {(row["Function"], row["Status"]): (row["Times"], row["Lines"]) for row in night.run(FAILING)}

    assert rows.pop(("status_callback", "403"))[0] == 4
    assert rows.pop(("make_call", "400")) == (1, [])
    assert rows.pop(("activity_of", "404")) == (2, [])
    assert "answer_call refused: it is signed with a shared key" in rows.pop(("answer_call", "403"))[1][0]
    assert "answer_call cannot check signatures: TWILIO_AUTH_TOKEN" in rows.pop(("answer_call", "503"))[1][0]
    assert "table sids: " in rows.pop(("status_callback", "503"))[1][0]
    assert "make_call answers 502 twilio_unavailable: " in rows.pop(("make_call", "502"))[1][0]
    assert rows.pop(("make_call", "500")) == (1, ["make_call failed ... RuntimeError: boom"])
    assert "KeyError: 'To'" in rows.pop(("receive_sms", "500"))[1][0]
    assert "Twilio's error '11200'" in rows.pop(("fallback", "200"))[1][0]
    [(nowhere, (_, lines))] = rows.items()
    assert not any(nowhere)
    assert lines == ["Worker failed to index functions"]


def test_what_failed_two_hours_ago_is_not_failing_now(night: Workspace) -> None:
    """Otherwise the last night's trouble hides this one's."""
    earlier = Workspace()
    for table, rows in night.tables.items():
        earlier.tables[table] = [{**row, "TimeGenerated": row["TimeGenerated"] - timedelta(hours=2)} for row in rows]

    assert earlier.run(FAILING) == []
    assert len(earlier.run(REFUSED)) == len(night.run(REFUSED))


def test_the_refused_webhooks_are_told_with_the_reason_and_the_address(night: Workspace, apps: dict[str, App]) -> None:
    """Equal ones together, and each with the address that was checked."""
    rows = night.run(REFUSED)
    base = apps["well"].url
    [mismatch] = [row for row in rows if "does not match http" in row["Why"]]

    assert {row["Webhook"] for row in rows} == {"status_callback", "answer_call"}
    assert len(rows) == 5
    assert mismatch["Times"] == 2
    assert mismatch["Why"] == (
        f"the signature does not match {base}/api/status_callback and the 3 fields that came with it; "
        f"PUBLIC_BASE_URL is {base}"
    )


def cells(heading: str) -> list[list[str]]:
    """Return the rows of the table under a heading."""
    part = TEXT.split(f"# {heading}\n")[1].split("\n#")[0]
    rows = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in part.splitlines() if line.startswith("| ")]
    return rows[2:]


def as_pattern(line: str) -> str:
    """Return what a line in the document stands for: … is anything."""
    return ".+".join(re.escape(part) for part in line.split("…"))


@pytest.mark.parametrize("line", [row[0].strip("`") for row in cells("Lines, and what they mean")])
def test_a_line_that_the_document_explains_is_one_that_is_written(line: str, night: Workspace) -> None:
    """The words of a line may change; the document must then change too."""
    assert any(re.fullmatch(as_pattern(line), written) for written in night.lines()), line


@pytest.mark.parametrize(
    "why", [found[1] for row in cells("Twilio gets a 403 from the app") if (found := re.match(r"`(.*?)`", row[0]))]
)
def test_a_reason_that_the_document_explains_is_one_that_is_given(why: str, night: Workspace) -> None:
    """Word for word, since people look for words."""
    assert any(re.search(as_pattern(why.rstrip("…")), row["Why"]) for row in night.run(REFUSED)), why


@pytest.mark.parametrize("row", cells("Twilio says …"), ids=lambda row: row[0][1:6])
def test_what_the_document_says_of_a_code_is_what_the_app_answers(row: list[str]) -> None:
    """A refusal with its status, a credential's as our own fault, a failed delivery with words for it."""
    codes = [int(code) for code in re.findall(r"\[(\d+)\]", row[0])]
    refused = re.search(r"(\d{3}) `twilio_refused`", row[1])

    assert codes
    for code in codes:
        if code >= 30000:
            assert code in DELIVERY_FAILURES
        elif code in REFUSALS:
            assert refused
            assert REFUSALS[code].status == int(refused[1])
        else:
            assert not refused
            assert (code in OUR_FAULTS) == ("502 `twilio_unavailable`" in row[1])


def test_a_public_address_may_have_a_path_that_the_proxy_takes_away(start_app: StartApp) -> None:
    """As API Management does. Whatever Host and X-Forwarded-* say, the address of the settings counts."""
    app = start_app(PUBLIC_BASE_URL="https://api.example.com/phone")
    headers = {"Host": "func.azurewebsites.net", "X-Forwarded-Host": "elsewhere.example", "X-Forwarded-Proto": "http"}

    assert app.signed_post("twiml_hello", {"CallSid": CALL}, headers=headers).status_code == 200
    app.settings["PUBLIC_BASE_URL"] = "https://api.example.com"
    assert app.signed_post("twiml_hello", {"CallSid": CALL}, headers=headers).status_code == 403

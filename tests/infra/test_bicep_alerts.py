"""The alerts: each query is tried on what the running app writes, so that a changed line changes its alert.

On Azure a line's text is AppTraces.Message, its level SeverityLevel:
https://learn.microsoft.com/azure/azure-monitor/reference/tables/apptraces
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import azure.functions as func
import pytest

from dev.processes import free_port
from fake_twilio.testing import FakeTwilio
from shared.responses import answers_problems
from shared.settings import ROUTE_PREFIX
from tests.support.app import App, StartApp
from tests.support.bicep_template import ALL, deploy

Row = dict[str, Any]
SEVERITY = {"INFO": 1, "WARNING": 2, "ERROR": 3, "CRITICAL": 4}
CONDITIONS: dict[str, Any] = {
    r'(\w+) contains "(.*)"': lambda cell, text: text.lower() in cell.lower(),
    r'(\w+) !contains "(.*)"': lambda cell, text: text.lower() not in cell.lower(),
    r'(\w+) =~ "(.*)"': lambda cell, text: text.lower() == cell.lower(),
    r'(\w+) matches regex @"(.*)"': lambda cell, text: re.search(text, cell) is not None,
    r"(\w+) >= (\d+)": lambda cell, text: cell >= int(text),
}

deployed = deploy(**ALL)
QUERIES = {
    rule.body["properties"]["displayName"]: rule.body["properties"]["criteria"]["allOf"][0]["query"]
    for rule in deployed.of("Microsoft.Insights/scheduledQueryRules")
}
REFUSED, FAILING, SENDS, CAPPED = "Webhooks are refused", "Webhooks fail", "Calls and texts fail", "The log has reached"


def holds(condition: str, row: Row) -> bool:
    """Return whether a condition of a query is true for a row."""
    negated = re.fullmatch(r"not\((.*)\)", condition)
    if negated:
        return not holds(negated[1], row)
    for form, test in CONDITIONS.items():
        match = re.fullmatch(form, condition)
        if match:
            return bool(test(row[match[1]], match[2]))
    raise NotImplementedError(condition)


def alerts_on(row: Row, table: str = "AppTraces") -> list[str]:
    """Return the titles of the alerts that a row of a table fires."""
    fired = []
    for title, query in QUERIES.items():
        source, *steps = query.strip().splitlines()
        assert all(step.startswith("| where ") for step in steps), query
        if source == table and all(holds(step.removeprefix("| where "), row) for step in steps):
            fired.append(title)
    return fired


def rows_of(app: App) -> list[Row]:
    """Return the app's log as rows of AppTraces; the local host puts level and logger before each line."""
    found = [re.match(r"(INFO|WARNING|ERROR|CRITICAL) [\w.]+: (.*)", line) for line in app.lines]
    return [{"SeverityLevel": SEVERITY[match[1]], "Message": match[2]} for match in found if match]


def alerts_after(app: App, marker: str) -> list[str]:
    """Return what the newest line that holds `marker` fires."""
    app.wait_for_line(marker)
    return alerts_on([row for row in rows_of(app) if marker in row["Message"]][-1])


CALLBACK = {"CallSid": "CA" + "0" * 32, "CallStatus": "ringing", "SequenceNumber": "1"}
NOWHERE = f"http://127.0.0.1:{free_port()}"
# Neither the tables nor Twilio can be reached.
CUT_OFF = {
    "TABLES_CONNECTION_STRING": f"AccountName=a;AccountKey=YQ==;TableEndpoint={NOWHERE}/a;",
    "TWILIO_API_BASE_URL": NOWHERE,
}


@pytest.fixture(scope="module")
def apps(app: App, start_app: StartApp) -> Callable[[str], App]:
    """Return a function that gives a usual app, one without an auth token, or one that reaches nothing."""
    differences = {"without a token": {"TWILIO_AUTH_TOKEN": ""}, "cut off": CUT_OFF}
    return cache(lambda name: start_app(**differences[name]) if name in differences else app)


@pytest.mark.parametrize(
    ("name", "request_it", "marker", "alerts"),
    [
        (
            "usual",
            lambda app: app.signed_post("status_callback", CALLBACK, "x"),
            "signature does not match",
            [REFUSED],
        ),
        ("usual", lambda app: app.post("status_callback", CALLBACK), "X-Twilio-Signature is missing", []),
        ("without a token", lambda app: app.signed_post("status_callback", {}, "x"), "cannot check", [FAILING]),
        ("cut off", lambda app: app.signed_post("status_callback", CALLBACK), "table sids: ", [FAILING]),
        ("cut off", lambda app: app.post("make_call", {"to": "+15551234567"}), "make_call answers 502 ", [SENDS]),
    ],
    ids=["another token", "no signature", "no auth token", "no tables", "no Twilio"],
)
def test_a_line_in_the_log_fires_its_alert(
    apps: Callable[[str], App], name: str, request_it: Callable[[App], object], marker: str, alerts: list[str]
) -> None:
    """Requests without a signature come from anybody and fire none."""
    request_it(apps(name))

    assert alerts_after(apps(name), marker) == alerts


def test_an_exception_in_a_function_fires(caplog: pytest.LogCaptureFixture) -> None:
    """The guard's own line, with the traceback behind it as on Azure."""

    @answers_problems
    async def make_call(req: func.HttpRequest) -> func.HttpResponse:
        raise RuntimeError

    asyncio.run(make_call(func.HttpRequest("POST", "http://localhost", body=b"")))
    [record] = caplog.records
    message = logging.Formatter().format(record)

    assert "Traceback" in message
    assert alerts_on({"SeverityLevel": SEVERITY[record.levelname], "Message": message}) == [SENDS]


@pytest.mark.parametrize(
    "message",
    [
        # https://github.com/Azure/azure-webjobs-sdk
        "Executed 'Functions.status_callback' (Failed, Id=1b4e28ba-2fa1-11d2-883f-0016d3cca427, Duration=12ms)",
        "Worker failed to index functions",
    ],
)
def test_an_error_of_the_host_fires(message: str) -> None:
    """A webhook that ends with an exception leaves only the host's line."""
    assert alerts_on({"SeverityLevel": 3, "Message": message}) == [FAILING]


def test_success_and_errors_of_callers_fire_no_alert(app: App, fake_twilio: FakeTwilio) -> None:
    """Otherwise the alerts are switched off within a week."""
    seen = len(rows_of(app))
    app.post("make_call", {"to": "+15551234567", "say": "Hello"})
    app.post("send_sms", {"to": "+15551234567", "body": "Hello"})
    app.post("make_call", {"to": "nonsense"})
    app.post("send_sms", {"to": "+15005550001", "body": "Hello"})
    app.get("activity")
    app.get("activity/CA0")
    app.get("health")
    fake_twilio.phone("+15551234567").wait_for_call().decline()
    fake_twilio.wait_until_quiet()

    assert [row for row in rows_of(app)[seen:] if alerts_on(row)] == []


def test_a_reached_cap_fires() -> None:
    """The row is of the kind that https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap describes."""
    row = {
        "Category": "Ingestion",
        "Detail": "The daily cap is reached. Ingestion status = OverQuota",
    }
    [title] = alerts_on(row, "_LogOperation")

    assert title.startswith(CAPPED)
    assert alerts_on({**row, "Detail": "Data collection resumed"}, "_LogOperation") == []


def test_every_alert_goes_to_the_given_address() -> None:
    """Through the one action group."""
    [group] = deployed.of("Microsoft.Insights/actionGroups")
    rules = deployed.of("Microsoft.Insights/scheduledQueryRules")
    metrics = deployed.of("Microsoft.Insights/metricAlerts")

    assert [to["emailAddress"] for to in group.body["properties"]["emailReceivers"]] == [ALL["alertEmail"]]
    assert all(rule.body["properties"]["actions"] == {"actionGroups": [group.id]} for rule in rules)
    assert all(alert.body["properties"]["actions"] == [{"actionGroupId": group.id}] for alert in metrics)
    assert len(rules) == 4
    assert len(metrics) == 3


def test_without_an_address_there_are_no_alerts() -> None:
    """Alerts and tests cost money, and nobody would receive them."""
    kinds = {resource.kind for resource in deploy().resources}

    assert not kinds & {"Microsoft.Insights/webtests", "Microsoft.Insights/metricAlerts"}
    assert not kinds & {"Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/actionGroups"}


def test_log_alerts_look_back_further_than_they_wait() -> None:
    """A line that arrives late would otherwise fall between two looks. And a new workspace has no tables yet."""
    for rule in deployed.of("Microsoft.Insights/scheduledQueryRules"):
        properties = rule.body["properties"]
        wait, window = (int(properties[key][2:-1]) for key in ("evaluationFrequency", "windowSize"))
        assert window > wait
        assert properties["skipQueryValidation"] is True
        assert properties["scopes"] == [deployed.of("Microsoft.OperationalInsights/workspaces")[0].id]


def test_the_availability_test_asks_for_the_health_route_where_twilio_calls(app: App) -> None:
    """The real route, over the public address, and linked to the component that shows it."""
    own = deploy(alertEmail="someone@example.com")
    for template, base in ((deployed, ALL["publicBaseUrl"]), (own, f"https://{own.outputs['functionAppHostName']}")):
        [test] = template.of("Microsoft.Insights/webtests")
        [component] = template.of("Microsoft.Insights/components")
        [alert] = [
            alert
            for alert in template.of("Microsoft.Insights/metricAlerts")
            if "webTestId" in alert.body["properties"]["criteria"]
        ]
        criteria = alert.body["properties"]["criteria"]
        locations = {place["Id"] for place in test.body["properties"]["Locations"]}

        assert test.body["properties"]["Request"]["RequestUrl"] == f"{base}{ROUTE_PREFIX}/health"
        assert test.body["tags"][f"hidden-link:{component.id}"] == "Resource"
        assert (criteria["webTestId"], criteria["componentId"]) == (test.id, component.id)
        assert alert.body["properties"]["scopes"] == [test.id, component.id]
        assert 1 < criteria["failedLocationCount"] < len(locations)
    assert app.get("health").status_code == test.body["properties"]["ValidationRules"]["ExpectedHttpStatusCode"]

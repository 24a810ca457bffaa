"""The tables of Log Analytics after some requests to the running app.

The columns are those of https://learn.microsoft.com/azure/azure-monitor/reference/tables/apprequests, apptraces and
appexceptions. The values that the host writes are in https://github.com/Azure/azure-webjobs-sdk
(ApplicationInsightsLogger and WebJobsTelemetryInitializer): a request's Url has no query, its name is the function's.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import requests

from tests.support import kusto
from tests.support.app import App
from tests.support.kusto import Table

COMMON = """AppRoleInstance AppRoleName AppVersion ClientBrowser ClientCity ClientCountryOrRegion ClientIP ClientModel
    ClientOS ClientStateOrProvince ClientType IKey ItemCount Measurements OperationId OperationName ParentId Properties
    ResourceGUID SDKVersion SessionId SourceSystem SyntheticSource TenantId TimeGenerated Type UserAccountId
    UserAuthenticatedId UserId"""
COLUMNS = {
    "AppRequests": "DurationMs Id Name ReferencedItemId ReferencedType ResultCode Source Success Url",
    "AppTraces": "Message ReferencedItemId ReferencedType SeverityLevel",
    "AppExceptions": """Assembly Details ExceptionType HandledAt InnermostAssembly InnermostMessage InnermostMethod
        InnermostType Message Method OuterAssembly OuterMessage OuterMethod OuterType ProblemId SeverityLevel""",
}
SEVERITY = {"INFO": 1, "WARNING": 2, "ERROR": 3, "CRITICAL": 4}


class Workspace:
    """A Log Analytics workspace: its tables and their rows."""

    def __init__(self) -> None:
        """Create empty tables."""
        self.tables: dict[str, Table] = {name: [] for name in COLUMNS}

    def add(self, table: str, **columns: Any) -> None:
        """Add a row to a table."""
        assert columns.keys() <= {*COMMON.split(), *COLUMNS[table].split()}
        self.tables[table].append({"TimeGenerated": datetime.now(UTC), "Type": table, "ItemCount": 1, **columns})

    def request(self, function: str, answer: requests.Response, said: list[tuple[int, str]]) -> None:
        """Add the rows of one request: the request, its log lines, and the two lines of the host."""
        of = {"OperationId": uuid.uuid4().hex, "OperationName": function}
        url, status = answer.url.partition("?")[0], str(answer.status_code)
        self.add("AppRequests", Name=function, Url=url, ResultCode=status, DurationMs=1.0, Success=True, **of)
        host = [(1, f"Executing 'Functions.{function}'"), (1, f"Executed 'Functions.{function}' (Succeeded)")]
        for severity, message in [*host, *said]:
            self.add("AppTraces", SeverityLevel=severity, Message=message, **of)

    def ask(self, app: App, function: str, send: Callable[[], requests.Response], marker: str = "") -> None:
        """Send a request, wait until the app has logged a line with `marker`, and add the rows of the request."""
        seen = len(app.lines)
        answer = send()
        deadline = time.monotonic() + 5
        while marker and not any(marker in line for line in app.lines[seen:]):
            assert time.monotonic() < deadline, f"no line with {marker!r} in {app.lines[seen:]}"
            time.sleep(0.02)
        found = [re.match(r"(INFO|WARNING|ERROR|CRITICAL) [\w.]+: (.*)", line) for line in app.lines[seen:]]
        self.request(function, answer, [(SEVERITY[match[1]], match[2]) for match in found if match])

    def run(self, query: str) -> Table:
        """Run a query and return its rows."""
        return kusto.run(query, self.tables)

    def lines(self) -> list[str]:
        """Return every log line."""
        return [row["Message"] for row in self.tables["AppTraces"]]

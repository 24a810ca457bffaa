"""Waiting for what takes its time in Azure: new roles, new names, a build, a start."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from deployment.azure_cli import AzFailed
from deployment.terminal import Terminal

Answer = TypeVar("Answer")

# A role assignment works after some minutes, ten at most:
# https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected
NEW_ROLE = r"Forbidden|AuthorizationFailure|not authorized|InaccessibleStorage|StorageAccess|Status Code: 403"
NEW_NAME = r"Max retries exceeded|NameResolutionError|getaddrinfo|name resolution|Failed to resolve"
FOR_GOOD = r"ForbiddenByFirewall|Public network access is disabled|Ip Forbidden"


class Patience:
    """How long the script waits; `pace` 0 does not wait at all, which is for tests."""

    def __init__(self, terminal: Terminal, pace: float) -> None:
        """Wait `pace` times as long as usual."""
        self.terminal = terminal
        self.pace = pace

    def tries(self, every: float, minutes: float) -> Iterator[int]:
        """Count tries, with a wait between them, until the time is up; a try may take its time too."""
        end = time.monotonic() + minutes * 60
        for count in range(max(1, round(minutes * 60 / every))):
            if count:
                time.sleep(every * self.pace)
            if time.monotonic() > end:
                return
            yield count

    def until_allowed(self, act: Callable[[], Answer], doing: str, minutes: float = 10, also: str = "") -> Answer:
        """Return what `act` does once Azure lets it: what was created a moment ago is not known everywhere yet."""
        waitable = "|".join(filter(None, (NEW_ROLE, NEW_NAME, also)))
        for count in self.tries(every=20, minutes=minutes):
            try:
                return act()
            except AzFailed as error:
                if not re.search(waitable, error.text) or re.search(FOR_GOOD, error.text):
                    raise
                failure = error
                if count == 0:
                    self.terminal.say(f"  Azure does not allow {doing} yet; new roles and names take some minutes ...")
        raise failure

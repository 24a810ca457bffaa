"""The Azure CLI: each command is printed before it runs, and answers as JSON.

The commands used here were checked against azure-cli 2.91.0: tests/support/stand_in_az/commands.json.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from deployment.options import SECRET_NAMES
from deployment.terminal import Refused, Terminal

Answer = TypeVar("Answer")

OLDEST = (2, 77)
NOT_FOUND = 3  # the exit code for a 404: azure/cli/core/util.py, handle_exception
# A role assignment works after some minutes, ten at most:
# https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected
NEW_ROLE = r"Forbidden|AuthorizationFailure|not authorized|InaccessibleStorage|StorageAccess|Status Code: 403"
NEW_NAME = r"Max retries exceeded|NameResolutionError|getaddrinfo|name resolution|Failed to resolve"
PERMANENT = r"ForbiddenByFirewall|Public network access is disabled|Ip Forbidden"


class AzFailed(Exception):
    """A command of the Azure CLI failed; `text` is what it printed."""

    def __init__(self, words: list[str], code: int, text: str) -> None:
        """Keep the exit code, and the end of the text: a failed build prints its whole log."""
        super().__init__(f"`{shlex.join(['az', *words])}` failed (exit code {code})")
        self.code = code
        self.text = text.strip()[-8000:] or "It printed nothing."


class Az:
    """Runs commands of the Azure CLI, in its default subscription or another one."""

    def __init__(self, terminal: Terminal, subscription: str = "") -> None:
        """Remember the terminal, where commands are printed."""
        self.terminal = terminal
        self.subscription = subscription

    def check(self) -> None:
        """Print the subscription and the login; raises Refused when the Azure CLI is too old."""
        version = str(self.json("version")["azure-cli"])
        if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST:
            needed = ".".join(map(str, OLDEST))
            raise Refused(f"The Azure CLI {version} is too old: {needed} or newer is needed.", "az upgrade")
        found = self.json("account", "show")
        self.terminal.say(f"  {found['name']} ({found['id']}), as {found['user']['name']}")

    def json(self, *words: str, variables: Mapping[str, str] | None = None) -> Any:
        """Return a command's answer."""
        answer = self.execute([*words, "--output", "json"], variables)
        return json.loads(answer) if answer.strip() else None

    def find(self, *words: str) -> Any:
        """Return a command's answer, None for what does not exist."""
        try:
            return self.json(*words)
        except AzFailed as error:
            if error.code == NOT_FOUND:
                return None
            raise

    def do(self, *words: str) -> None:
        """Run a command whose answer does not matter."""
        self.execute([*words, "--output", "none"])

    def execute(self, words: list[str], variables: Mapping[str, str] | None = None) -> str:
        """Run one command, with these environment variables, and return its output; raises AzFailed."""
        if self.subscription and words[0] != "version":
            words = [*words, "--subscription", self.subscription]
        given = "".join(f"{name}={shlex.quote(value)} " for name, value in (variables or {}).items())
        self.terminal.say(f"$ {given}{shlex.join(['az', *words])}")
        kept = {name: value for name, value in os.environ.items() if name not in SECRET_NAMES}
        plain = {"PYTHONIOENCODING": "utf-8", "AZURE_CORE_NO_COLOR": "true"}
        done = self.start(words, {**kept, **plain, **(variables or {})})
        if done.returncode != 0:
            raise AzFailed(words, done.returncode, self.terminal.clean(done.stderr))
        return done.stdout

    def start(self, words: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run `az` to its end, without a terminal."""
        command, nothing = [*find_program(), *words], subprocess.DEVNULL
        return subprocess.run(
            command, env=environ, stdin=nothing, capture_output=True, encoding="utf-8", errors="replace", check=False
        )

    def until_allowed(
        self, act: Callable[[], Answer], doing: str, minutes: float = 10, waitable: str = f"{NEW_ROLE}|{NEW_NAME}"
    ) -> Answer:
        """Repeat `act` while Azure rejects it for a reason that passes, like a new role; return its result."""
        for count in tries(every=20, minutes=minutes):
            try:
                return act()
            except AzFailed as error:
                if not re.search(waitable, error.text) or re.search(PERMANENT, error.text):
                    raise
                failure = error
                if count == 0:
                    self.terminal.say(f"  Azure does not allow {doing} yet; this can take some minutes ...")
        raise failure


def tries(every: float, minutes: float) -> Iterator[int]:
    """Count tries, with a wait of some seconds between them, until the time is up."""
    end = time.monotonic() + minutes * 60
    for count in range(max(1, round(minutes * 60 / every))):
        if count:
            time.sleep(every)
        if time.monotonic() > end:
            return
        yield count


def find_program() -> list[str]:
    """Return how `az` is started: on Windows by the Python beside its batch file, which would interpret & and %."""
    found = shutil.which("az")
    if found is None:
        raise Refused("The Azure CLI is not installed: https://learn.microsoft.com/cli/azure/install-azure-cli")
    path = Path(found)
    if path.suffix.lower() in (".cmd", ".bat"):
        for python in (path.parent.parent / "python.exe", path.parent / "python.exe"):
            if python.exists():
                return [str(python), "-I", "-B", "-m", "azure.cli"]
    return [str(path)]

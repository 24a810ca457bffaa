"""The Azure CLI: each command is printed before it runs, and answers as JSON.

The commands and options used here were checked against the source of azure-cli 2.91.0
(https://github.com/Azure/azure-cli); tests/stand_in_az/commands.json holds what it takes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployment.secret_names import SECRET_NAMES
from deployment.terminal import Refused, Terminal, command_line

OLDEST = (2, 77)
NOT_FOUND = 3  # the exit code for a 404: azure/cli/core/util.py, handle_exception
LONGEST = 8000
# These two groups speak to Microsoft Graph, and `version` to nobody: they take no --subscription.
WITHOUT_SUBSCRIPTION = ("ad", "version")


class AzFailed(Exception):
    """A command of the Azure CLI failed; `text` is what it said."""

    def __init__(self, words: list[str], code: int, text: str) -> None:
        """Keep what ran, the exit code and the words."""
        super().__init__(f"`{command_line(['az', *words])}` failed (exit code {code})")
        self.words = words
        self.code = code
        # A failed build comes with its whole log; the end of it says what went wrong.
        self.text = text.strip()[-LONGEST:] or "It said nothing."


class Az:
    """Runs commands of the Azure CLI."""

    plan = False

    def __init__(self, terminal: Terminal, subscription: str = "") -> None:
        """Run in this subscription, else in the one that the CLI has as its default."""
        self.terminal = terminal
        self.subscription = subscription
        self.program: list[str] = []

    def json(self, *words: str) -> Any:
        """Return what a command answers."""
        answer = self.execute([*words, "--output", "json"])
        return json.loads(answer) if answer.strip() else None

    def find(self, *words: str) -> Any:
        """Return what a command answers, None when there is no such thing."""
        try:
            return self.json(*words)
        except AzFailed as error:
            if error.code == NOT_FOUND:
                return None
            raise

    def do(self, *words: str) -> None:
        """Run a command whose answer does not matter."""
        self.execute([*words, "--output", "none"])

    def value(self, variable: str, *words: str, query: str) -> str:
        """Return one text out of a command's answer; the plan keeps it in this shell variable."""
        text = self.execute([*words, "--query", query, "--output", "tsv"]).strip()
        return "" if text == "None" else text

    def execute(self, words: list[str]) -> str:
        """Run one command to its end and return its output; raises AzFailed."""
        words = self.in_subscription(words)
        self.program = self.program or find_program()
        self.terminal.command(["az", *words])
        complaints: list[str] = []
        with subprocess.Popen(
            [*self.program, *words],
            env=environ(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        ) as process:
            listener = threading.Thread(target=self.listen, args=(process, complaints), daemon=True)
            listener.start()
            try:
                assert process.stdout is not None
                output = process.stdout.read()
                code = process.wait()
                listener.join()
            except BaseException:
                process.terminate()
                raise
        if code != 0:
            raise AzFailed(words, code, self.terminal.clean("".join(complaints)))
        return output

    def in_subscription(self, words: list[str]) -> list[str]:
        """Return the command for the chosen subscription, where one was chosen."""
        if self.subscription and words[0] not in WITHOUT_SUBSCRIPTION:
            return [*words, "--subscription", self.subscription]
        return words

    def listen(self, process: subprocess.Popen[str], complaints: list[str]) -> None:
        """Show warnings at once, since they tell how far a long command is; keep the rest for the failure."""
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("WARNING: "):
                self.terminal.say(f"  {line.removeprefix('WARNING: ').rstrip()}")
            else:
                complaints.append(line)


def environ(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for the CLI: without Twilio's secrets, which are none of its business."""
    kept = {name: value for name, value in variables.items() if name not in SECRET_NAMES}
    return {**kept, "PYTHONIOENCODING": "utf-8", "AZURE_CORE_NO_COLOR": "true"}


def find_program() -> list[str]:
    """Return how the Azure CLI is started."""
    path = shutil.which("az")
    if path is None:
        raise Refused("The Azure CLI is not installed: https://learn.microsoft.com/cli/azure/install-azure-cli")
    return past_batch_file(Path(path))


def past_batch_file(path: Path) -> list[str]:
    """Return how to start what this file starts: on Windows, the Python beside it or above it.

    The batch file itself would read &, % and parentheses in an argument as its own.
    """
    if path.suffix.lower() in (".cmd", ".bat"):
        for python in (path.parent.parent / "python.exe", path.parent / "python.exe"):
            if python.exists():
                return [str(python), "-I", "-B", "-m", "azure.cli"]
    return [str(path)]

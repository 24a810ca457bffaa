"""Every secret of the tests is marked. Whatever the scripts do, the mark is nowhere where somebody could come by it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from tests.support.stand_in_az.cli import Call
from tests.support.stand_in_az.cloud import Fault
from tests.support.stand_in_az.world import World

pytestmark = pytest.mark.skipif(os.name != "posix", reason="puts a script named az on the PATH")

MARK = "marked-"
SECRETS = {"TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_NEXT", "TWILIO_API_SECRET"}


@contextmanager
def watched(there: World) -> Iterator[list[str]]:
    """Collect what can be seen of the scripts' processes at each command: their arguments, and what az may read."""
    seen: list[str] = []

    def look(call: Call) -> None:
        seen.extend(call.words)
        seen.extend(f"az has {name}" for name in SECRETS & set(call.variables))
        for process in psutil.Process().children(recursive=True):
            try:
                seen.extend(process.cmdline())
            except psutil.Error:  # it has just ended
                continue

    there.azure.before = look
    yield seen
    there.azure.before = lambda call: None


def files(there: World) -> dict[str, str]:
    """Return every file that the scripts could have written."""
    places = (there.repository, there.folder / "tmp", there.folder / "bin")
    return {
        str(path): path.read_bytes().decode("utf-8", "replace")
        for place in places
        for path in place.rglob("*")
        if path.is_file()
    }


def test_no_secret_is_printed_left_in_a_file_or_on_a_command_line(there: World) -> None:
    """From the first deployment to the last removal, with failures on the way."""
    first_token = there.twilio.token
    outputs = []
    with watched(there) as seen:
        # Azure repeats what it was given, which it does not do; if it did, it would not be shown.
        echo = f"Something is wrong with {there.twilio.token}."
        there.azure.faults = [Fault("keyvault secret set", echo), Fault("keyvault secret set-attributes", echo)]
        for script, *options in (
            ("deploy", "--location", "westeurope", "--yes"),
            ("deploy", "--location", "westeurope", "--yes", "--call", "+15551234567"),
            ("deploy", "--what-if"),
            ("rotate", "--yes"),
            ("rotate", "--yes", "--only", "auth-token"),
            ("deploy", "--plan", "--location", "westeurope"),
            ("destroy", "--confirm", "rg-phone"),
        ):
            given = there.secrets if script == "deploy" and there.twilio.token == first_token else {}
            outputs.append(there.run(script, *options, **given))

    codes = [done.returncode for done in outputs]
    assert codes == [1, 0, 0, 1, 0, 0, 0], [done.stderr for done in outputs]
    assert there.twilio.token != first_token
    for done in outputs:
        assert MARK not in done.stdout + done.stderr
    assert "Something is wrong with ***." in outputs[0].stderr
    assert len(seen) > 500
    assert "twilio-auth-token" in seen, "the commands were not seen"
    assert [word for word in seen if MARK in word or word.startswith("az has")] == []
    assert [path for path, text in files(there).items() if MARK in text] == []
    assert os.listdir(there.folder / "tmp") == []


def test_a_secret_is_only_in_a_file_while_the_cli_reads_it(there: World) -> None:
    """In a folder and a file that are closed to everybody else."""
    found: list[tuple[int, int]] = []

    def look(call: Call) -> None:
        if call.command == "keyvault secret set":
            path = there.folder / call["file"]
            found.append((path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777))

    there.azure.before = look

    assert there.deploy().returncode == 0
    assert found == [(0o600, 0o700), (0o600, 0o700)]
    assert os.listdir(there.folder / "tmp") == []

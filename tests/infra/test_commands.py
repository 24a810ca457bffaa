"""The commands as processes, and the commands of the Azure CLI that they run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.app import ROOT
from tests.support.stand_in_az.cli import COMMANDS, RECORD, Refusal, read
from tests.support.stand_in_az.world import World

GROUP = ("--resource-group", "rg-phone")


def test_each_command_runs_as_a_process_with_the_standard_library_alone(there: World) -> None:
    """With a program named az on the PATH."""
    deployed = there.process("deploy", *GROUP, "--location", "westeurope", "--yes", **there.secrets)
    assert deployed.returncode == 0, deployed.stderr
    assert there.app.fetched["TWILIO_AUTH_TOKEN"] == there.twilio.token
    assert there.calls_go_to == f"https://{there.app.host}/api/answer_call"

    rotated = there.process("rotate", *GROUP, "--yes", "--only", "api-key")
    assert rotated.returncode == 0, rotated.stderr
    assert there.app.fetched["TWILIO_API_SECRET"] == there.twilio.keys[there.app.settings["TWILIO_API_KEY"]]

    destroyed = there.process("destroy", *GROUP, "--confirm", "rg-phone")
    assert destroyed.returncode == 0, destroyed.stderr
    assert (there.azure.groups, there.calls_go_to) == ({}, "")
    assert "marked-" not in "".join(done.stdout + done.stderr for done in (deployed, rotated, destroyed))


def test_a_failure_is_an_exit_code_and_words_on_standard_error(there: World) -> None:
    """Without a traceback."""
    done = there.process("rotate", *GROUP)

    assert (done.returncode, there.azure.calls) == (1, [])
    assert "--yes" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["deploy", "destroy", "rotate", "connect_number"])
def test_every_command_explains_itself(command: str) -> None:
    """--help needs nothing."""
    done = subprocess.run(
        [sys.executable, "-S", f"infra/{command}.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith(f"usage: python3 infra/{command}.py")
    assert "--resource-group" in done.stdout


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("group exist --name x", "misspelled"),
        ("group exists --name x --colour red", "--colour"),
        ("group exists", "required"),
        ("group exists --name", "expected one argument"),
        ("group exists --name x --output xml", "'xml'"),
        ("deployment group create -g x --parameters", "at least one"),
    ],
)
def test_the_stand_in_rejects_what_the_cli_rejects(words: str, refusal: str) -> None:
    """Otherwise it would prove nothing."""
    with pytest.raises(Refusal, match=refusal) as raised:
        read(words.split())

    assert raised.value.code == 2


def test_advice_names_commands_that_the_cli_accepts() -> None:
    """And the record of them names the version that the code names."""
    source = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "infra").rglob("*.py")))

    assert f"azure-cli {RECORD['azure-cli']}" in source
    found = re.findall(r"\baz ((?:[a-z][a-z-]+ ?)+?)(?= -|[\"`,:;]|$)", source)
    assert [words for words in found if words.strip() not in COMMANDS] == []
    assert len(found) > 8


@pytest.mark.skipif(not shutil.which("az"), reason="there is no Azure CLI here")
def test_the_real_cli_accepts_every_command(there: World, tmp_path: Path) -> None:
    """Without a login it gets no further than its own arguments; exit code 2 is its word for wrong ones."""
    assert there.deploy("--call", "+15551234567").code == 0
    assert there.run("rotate", "--yes").code == 0
    there.azure.resources.append({**there.azure.resources[0], "name": "mine", "id": "/x/mine", "tags": None})
    assert there.run("destroy", "--confirm", "rg-phone").code == 0
    alone = {"AZURE_CONFIG_DIR": str(tmp_path), "AZURE_CORE_COLLECT_TELEMETRY": "0"}
    for name in ("infra/main.bicepparam", "app.zip", "secret"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")

    def run(words: list[str]) -> subprocess.CompletedProcess[str]:
        words = [
            {"--file": "secret", "--src": "app.zip"}.get(before, word)
            for before, word in zip(["", *words], words, strict=False)
        ]
        environ = {**os.environ, **alone}
        return subprocess.run(["az", *words], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    calls = {json.dumps([call.command, sorted(call.options)]): call.words for call in there.azure.calls}
    assert len(calls) > 20
    with ThreadPoolExecutor(4) as pool:
        for done in pool.map(run, calls.values()):
            assert done.returncode != 2, f"{done.args}\n{done.stderr}"

"""deploy.py --plan: commands for a person to read and to paste, from a machine that has neither the CLI nor a login."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.stand_in_az.cli import COMMANDS, Call, Refusal, read
from tests.support.stand_in_az.world import ROOT, World

pytestmark = pytest.mark.skipif(os.name != "posix", reason="puts a script named az on the PATH")

READS = ("show", "list", "exists", "version", "what-if")


def plan(there: World, *options: str, **variables: str) -> str:
    """Return the plan, made where there is no az."""
    path = str(there.folder / "tmp")
    done = there.run("deploy", "--location", "westeurope", "--plan", *options, PATH=path, **variables)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_a_plan_needs_nothing_and_changes_nothing(there: World) -> None:
    """No CLI, no login, no secret, no group; only a region has to be said."""
    text = plan(there)

    assert there.azure.calls == []
    assert there.twilio.requests == []
    assert "az deployment group create --resource-group rg-phone --name phone --template-file infra/main.bicep" in text
    assert all(line.startswith(("#", "az ", "(", "rm ", "python3 ", "curl ")) or "=$(" in line for line in lines(text))


def test_a_plan_has_the_messaging_service_that_the_environment_names(there: World) -> None:
    """As a shell variable like the others; without one there is none."""
    service = "MG" + "5" * 32
    assert "twilioMessagingServiceSid=" not in plan(there)

    text = plan(there, TWILIO_MESSAGING_SERVICE_SID=service)

    assert '"twilioMessagingServiceSid=$TWILIO_MESSAGING_SERVICE_SID"' in text
    assert service not in text


def test_a_plan_that_stops_has_changed_nothing(there: World) -> None:
    """And says so."""
    path = str(there.folder / "tmp")
    done = there.run("deploy", "--location", "westeurope", "--plan", "--secrets", "/nowhere", PATH=path)

    assert done.returncode == 1
    assert "nothing: no step has changed anything yet" in done.stderr


def lines(text: str) -> list[str]:
    """Return the lines that are not empty."""
    return [line for line in text.splitlines() if line]


def changing(calls: list[Call]) -> list[tuple[str, dict[str, object]]]:
    """Return the commands that change something, without what differs from run to run."""
    unlike = ("file", "src", "output", "query")
    return [
        (call.command, {name: value for name, value in call.options.items() if name not in unlike})
        for call in calls
        if not call.command.endswith(READS)
    ]


def test_the_plan_pasted_into_a_shell_does_what_the_script_does(there: World) -> None:
    """The same commands in the same order, the same app in the end, and no secret left in a file."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    text = plan(there, "--call", "+15551234567")
    environ = there.environ(**there.secrets, CURL_CA_BUNDLE=there.variables["SSL_CERT_FILE"])
    pasted = subprocess.run(
        ["bash", "-eu"],
        cwd=there.repository,
        env=environ,
        input=text,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert pasted.returncode == 0, pasted.stderr + pasted.stdout
    assert not list(there.repository.glob("twilio-*"))
    (there.repository / "app.zip").unlink()
    assert there.app.fetched["TWILIO_AUTH_TOKEN"] == there.twilio.token
    assert there.app.fetched["TWILIO_API_SECRET"] == there.twilio.keys[there.secrets["TWILIO_API_KEY"]]
    assert len(there.app.calls) == 1
    by_hand, settings = changing(there.azure.calls), dict(there.app.settings)

    there.azure.calls.clear()
    there.azure.groups.clear()
    there.azure.resources.clear()
    there.azure.deployments.clear()
    there.azure.vaults.clear()
    done = there.deploy("--call", "+15551234567")

    assert done.returncode == 0, done.stderr
    by_script = changing(there.azure.calls)
    # The plan registers every provider, since it cannot see which are registered.
    assert [call for call in by_hand if call in by_script or call[0] != "provider register"] == by_script
    assert there.app.settings == settings


def test_a_secret_in_the_environment_is_not_in_the_plan(there: World) -> None:
    """The plan is made to be shown around."""
    text = plan(there, **there.secrets)

    assert "marked-" not in text
    assert '"$TWILIO_AUTH_TOKEN"' in text


def sources() -> list[Path]:
    """Return the files in which commands are written for people."""
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    return [*sorted((ROOT / "infra").glob("*.py")), ROOT / "README.md", *workflows]


def written(path: Path) -> str:
    """Return what a file shows to people: a program's texts but its docstrings, the code in a document."""
    text = path.read_text("utf-8").replace("\\\n", " ")
    if path.suffix == ".md":
        return "\n".join(re.findall(r"(?s)```.*?```|`[^`\n]+`", text))
    if path.suffix != ".py":
        return text
    tree = ast.parse(text)
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            texts.append("".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values))
        elif isinstance(node, ast.Constant) and id(node) not in parts | docstrings:
            texts.append(str(node.value))
    return "\n".join(texts)


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.name)
def test_every_command_written_for_people_is_one_that_the_cli_takes(path: Path) -> None:
    """Advice, documents and workflows: command and options exist in the recorded version of the CLI."""
    for found in re.finditer(r"(?<![\w/-])az (?=[a-z])((?:[a-z-]+ )*[a-z-]+)((?: --?[a-z-]+)*)", written(path)):
        words = found[1].split()
        beginnings = (" ".join(words[:end]) for end in range(len(words), 0, -1))
        command = next((beginning for beginning in beginnings if beginning in COMMANDS), "")
        assert command, f"{path.name}: az {found[1]}"
        known = {name for names in COMMANDS[command] for name in names.split()}
        rest = found.string[found.start() :].split("`")[0].split("\n")[0]
        assert set(re.findall(r" (--[a-z][a-z-]*)", rest)) <= known | {"--fail"}, f"{path.name}: {rest}"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("group exist --name x", "'group exist' is misspelled or not recognized by the system."),
        ("group exists --name x --colour red", "unrecognized arguments: --colour"),
        ("group exists", "the following arguments are required: --name -n --resource-group -g"),
        ("group exists --name", "argument --name/-n/--resource-group/-g: expected one argument"),
        ("group exists --name x --output xml", "'xml' is not a valid value"),
        ("tag update --resource-id x --operation Merge --tags", None),
        ("deployment group create -g x --parameters", "expected at least one argument"),
    ],
)
def test_the_stand_in_refuses_what_the_cli_refuses(words: str, refusal: str | None) -> None:
    """Else it would prove nothing."""
    if refusal is None:
        assert read(words.split()).options["tags"] == []
        return
    with pytest.raises(Refusal) as raised:
        read(words.split())

    assert refusal in str(raised.value)
    assert raised.value.code == 2


@pytest.mark.skipif(not shutil.which("az"), reason="there is no Azure CLI here")
def test_the_real_cli_takes_every_command_of_the_plan(there: World, tmp_path: Path) -> None:
    """Without a login it gets no further than its own arguments; exit code 2 is its word for wrong ones."""
    alone = {"AZURE_CONFIG_DIR": str(tmp_path), "AZURE_CORE_COLLECT_TELEMETRY": "0"}
    environ = {**os.environ, **alone, "AZURE_BICEP_USE_BINARY_FROM_PATH": "true"}

    for name in ("twilio-auth-token", "twilio-api-secret", "app.zip", "infra/main.bicep"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")

    def run(command: str) -> subprocess.CompletedProcess[str]:
        words = ["bash", "-c", command]
        return subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    commands = re.findall(r"(?m)^(?:\w+=\$\()?(az .*?)\)?$", plan(there, "--call", "+15551234567"))
    assert len(commands) > 25
    with ThreadPoolExecutor(4) as pool:
        for done in pool.map(run, commands):
            assert done.returncode != 2, f"{done.args[-1]}\n{done.stderr}"


def test_the_record_names_the_version_that_the_code_names() -> None:
    """Which source the commands were checked against."""
    record = json.loads((ROOT / "tests" / "support" / "stand_in_az" / "commands.json").read_text())

    assert f"azure-cli {record['azure-cli']}" in (ROOT / "infra" / "deployment" / "azure_cli.py").read_text()

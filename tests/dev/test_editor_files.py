"""The files for editors and dev containers name commands, options, ports and files that exist."""

import json
import re
import sys
from typing import Any

import pytest

from dev import __main__ as command_line
from dev import environment
from dev.app_settings import settings
from dev.host import __main__ as host
from dev.instructions import how_to_run_the_app
from dev.setup import ROOT

PORTS = (7071, 7072, 10002)


def read(name: str) -> Any:
    """Return a JSON file that may have lines of comments."""
    return json.loads(re.sub(r"^\s*//.*$", "", (ROOT / name).read_text("utf-8"), flags=re.MULTILINE))


TASKS = {task["label"]: task for task in read(".vscode/tasks.json")["tasks"]}
LAUNCHES = {launch["name"]: launch for launch in read(".vscode/launch.json")["configurations"]}


@pytest.mark.parametrize("label", TASKS)
def test_every_task_is_a_command_of_the_project(label: str) -> None:
    """Its options are known."""
    module, *arguments = TASKS[label]["args"][1:]

    assert TASKS[label]["args"][0] == "-m"
    assert module == "dev"
    assert command_line.parser().parse_args(arguments).command == label


def test_the_debugger_waits_for_the_services_and_uses_their_ports() -> None:
    """The last line that the services print ends the wait, and so does an error. A taken port is such an error."""
    launch = LAUNCHES["Debug the app"]
    task = TASKS[launch["preLaunchTask"]]
    options = command_line.parser().parse_args(task["args"][2:])
    ends = re.compile(task["problemMatcher"]["background"]["endsPattern"])

    assert (options.port, options.phones_port, options.tables_port) == PORTS
    assert ends.search(how_to_run_the_app(*PORTS, settings(*PORTS)).strip().splitlines()[-1])
    assert ends.search("dev: Port 7072 is taken")
    assert not ends.search("Installing what requirements-dev.txt names into .venv ...")


def test_the_debugger_starts_the_host_with_options_that_it_has(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its settings are those of the services."""
    launch = LAUNCHES["Debug the app"]
    options = [argument for argument in launch["args"] if argument.startswith("--")]
    monkeypatch.setattr(sys, "argv", ["host", "--help"])
    with pytest.raises(SystemExit):
        host.main()
    known = re.findall(r"--[\w-]+", capsys.readouterr().out)

    assert launch["module"] == "dev.host"
    assert set(options) <= set(known)
    assert launch["args"][launch["args"].index("--port") + 1] == str(PORTS[0])
    assert (ROOT / launch["args"][launch["args"].index("--settings") + 1]).is_file()


def test_the_dev_container_has_a_python_that_the_project_accepts_and_forwards_its_ports() -> None:
    """The usual ports, which `python3 -m dev run` takes there."""
    container = read(".devcontainer/devcontainer.json")
    found = re.fullmatch(r"mcr\.microsoft\.com/devcontainers/python:(\d)\.(\d+)-bookworm", container["image"])

    assert found
    environment.check_python((int(found[1]), int(found[2])))
    assert tuple(container["forwardPorts"]) == PORTS
    assert set(container["portsAttributes"]) == {str(port) for port in PORTS}

"""The workflows on GitHub: pinned, with no more rights than they need, and with commands that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def jobs(text: str) -> dict[str, str]:
    """Return each job's lines."""
    _, *parts = re.split(r"(?m)^  (\w[\w-]*):$", text.partition("\njobs:\n")[2])
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_and_say_their_version(path: Path) -> None:
    """A tag can be moved by whoever gets hold of it."""
    uses = re.findall(r"uses: (.*)", path.read_text("utf-8"))

    assert uses
    for line in uses:
        assert re.fullmatch(r"(actions|azure)/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_rights_are_given_to_jobs_and_only_those(path: Path) -> None:
    """Nothing for all, reading for each, a token for Azure and a comment where they are used."""
    text = path.read_text("utf-8")

    assert "\npermissions: {}\n" in text
    assert "pull_request_target" not in text
    assert "secrets." not in text
    for name, job in jobs(text).items():
        given = set(re.findall(r"(?m)^      ([\w-]+: (?:read|write))$", job))
        wanted = {"contents: read"}
        wanted |= {"id-token: write"} if "azure/login@" in job else set()
        wanted |= {"pull-requests: write"} if "gh pr comment" in job else set()
        assert given == wanted, name
        assert job.count("persist-credentials: false") == job.count("actions/checkout@") == 1
        assert "timeout-minutes:" in job


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_comes_from_outside_is_not_pasted_into_a_shell(path: Path) -> None:
    """Expressions are given to the environment, where they are text."""
    for step in re.findall(r"(?ms)^      - run: (.*?)(?=^      - |^        env:|\Z)", path.read_text("utf-8")):
        assert "${{" not in step, step


DEPLOY = (ROOT / ".github" / "workflows" / "deploy.yml").read_text("utf-8")


def test_a_fork_gets_no_token_for_azure_and_only_main_is_deployed() -> None:
    """A pull request runs code of anyone."""
    found = jobs(DEPLOY)

    assert "github.event.pull_request.head.repo.full_name == github.repository" in found["what-if"]
    assert "github.event_name != 'pull_request' && github.ref == 'refs/heads/main'" in found["deploy"]
    assert ("--what-if" in found["what-if"], "--yes" in found["deploy"]) == (True, True)
    assert "--yes" not in found["what-if"]


@pytest.mark.parametrize(
    "page", [DEPLOY, (ROOT / "infra" / "README.md").read_text("utf-8")], ids=["workflow", "README"]
)
def test_variables_that_jobs_depend_on_are_documented_as_those_of_the_repository(page: str) -> None:
    """A job's `if` is evaluated before its environment is known, so it cannot see the environment's variables."""
    conditions = re.findall(r"(?ms)^    if: (.*?)^    \w", DEPLOY)
    names = {name for condition in conditions for name in re.findall(r"vars\.(\w+)", condition)}

    assert names == {"AZURE_RESOURCE_GROUP"}
    [sentence] = re.findall(r"(?is)variables of the repository[^.]*", page)
    assert names <= set(re.findall(r"\w+", sentence))
    assert not re.search(r"(?i)variables of the (two )?environments?\b(?! is)", page)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_script_and_option_that_a_workflow_uses_exists(path: Path) -> None:
    """A renamed option would else be found on GitHub only."""
    for script, options in re.findall(r"python infra/(\w+)\.py(.*)", path.read_text("utf-8")):
        if not options:
            assert (ROOT / "infra" / f"{script}.py").exists()
            continue
        command = [sys.executable, f"infra/{script}.py", "--help"]
        shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for option in re.findall(r" (--[\w-]+)", options):
            assert option in shown, option

"""Scan the Bicep files with checkov: `python3 infra/scan.py`.

checkov (https://www.checkov.io) is large, so it gets an environment of its own in .dev/checkov at the first run, and
asks nothing of the network after that. Three things make the scan fail: a finding that scan.toml does not explain, an
explanation without a finding, and a file that checkov cannot read (which checkov itself passes over).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any

INFRA = Path(__file__).resolve().parent
HOME = INFRA.parent / ".dev" / "checkov"
PYTHON = HOME / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

Skips = dict[str, dict[str, str]]


def read_skips(path: Path) -> tuple[str, Skips]:
    """Return the version of checkov and, for each resource, the checks that are not followed and why."""
    content = tomllib.loads(path.read_text("utf-8"))
    version = content.pop("checkov")
    return version, content


def install(version: str) -> None:
    """Make the environment hold this version of checkov; does nothing when it does."""
    stamp = HOME / "version.txt"
    if stamp.exists() and stamp.read_text("utf-8") == version:
        return
    print(f"Installing checkov {version} into {HOME} ... (a minute or two, and only once)", flush=True)
    venv.create(HOME, with_pip=True, clear=True)
    subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", f"checkov=={version}"], check=True)
    stamp.write_text(version, "utf-8")


def scan(folder: Path) -> dict[str, Any]:
    """Return checkov's report on a folder of Bicep files."""
    options = ["--framework", "bicep", "--skip-download", "--output", "json", "--quiet", "--compact"]
    command = [str(PYTHON), "-P", "-m", "checkov.main", "--directory", str(folder), *options]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"checkov broke off with {done.returncode}:\n{done.stderr or done.stdout}") from None
    return report


def problems(report: dict[str, Any], skips: Skips) -> list[str]:
    """Return what is wrong: files that were not read, findings that nobody explained, explanations of nothing."""
    summary = report.get("summary")
    if summary is None or not summary["resource_count"]:
        return ["checkov has found no resources"]
    wrong = []
    if summary["parsing_errors"]:
        wrong.append(f"checkov cannot read {summary['parsing_errors']} of the files")
    found = {(check["resource"], check["check_id"]): check for check in report["results"]["failed_checks"]}
    explained = {(resource, check) for resource, checks in skips.items() for check in checks}
    for resource, check in sorted(set(found) - explained):
        finding = found[resource, check]
        wrong.append(f"{check} {finding['check_name']}: {resource} in {finding['file_path']}")
    for resource, check in sorted(explained - set(found)):
        wrong.append(f"scan.toml explains {check} of {resource}, which is not found")
    return wrong


def main() -> int:
    """Scan, say what is wrong, and return the exit code."""
    version, skips = read_skips(INFRA / "scan.toml")
    install(version)
    report = scan(INFRA)
    wrong = problems(report, skips)
    for problem in wrong:
        print(problem, file=sys.stderr)
    explained = sum(len(checks) for checks in skips.values())
    if not wrong:
        print(f"checkov {version}: {report['summary']['passed']} checks passed, {explained} skipped with a reason.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

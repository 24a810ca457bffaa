"""Scans the Bicep files with checkov: `python3 infra/scan.py`.

checkov (https://www.checkov.io) is large, so the first run installs it into an environment of its own, .dev/checkov.
The scan fails on a finding that scan.toml does not explain, on an explanation without a finding, and on a file that
checkov cannot read (which checkov itself ignores).
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


def install(version: str) -> None:
    """Make the environment hold this version of checkov."""
    stamp = HOME / "version.txt"
    if not stamp.exists() or stamp.read_text("utf-8") != version:
        print(f"Installing checkov {version} into {HOME} ... (a minute or two, only once)", flush=True)
        venv.create(HOME, with_pip=True, clear=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", f"checkov=={version}"], check=True)
        stamp.write_text(version, "utf-8")


def scan() -> dict[str, Any]:
    """Return checkov's report on the Bicep files."""
    # main.bicep has modules only, and checkov's parser does not know its deployer().
    options = ["--framework", "bicep", "--skip-path", "main.bicep", "--skip-download", "--output", "json", "--compact"]
    command = [str(PYTHON), "-P", "-m", "checkov.main", "--directory", str(INFRA), *options]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"checkov ended with {done.returncode}:\n{done.stderr or done.stdout}") from None
    return report


def problems(report: dict[str, Any], skips: dict[str, dict[str, str]]) -> list[str]:
    """Return what is wrong; `skips` are, for each resource, the checks that are not followed, with the reason."""
    summary = report.get("summary")
    if summary is None or not summary["resource_count"]:
        return ["checkov has found no resources"]
    wrong = [f"checkov cannot read {summary['parsing_errors']} of the files"] if summary["parsing_errors"] else []
    found = {(check["resource"], check["check_id"]): check for check in report["results"]["failed_checks"]}
    explained = {(resource, check) for resource, checks in skips.items() for check in checks}
    for resource, check in sorted(set(found) ^ explained):
        finding = found.get((resource, check))
        where = f"{finding['check_name']}: {finding['file_path']}" if finding else "is explained and not found"
        wrong.append(f"{check} of {resource}: {where}")
    return wrong


def main() -> int:
    """Scan, print what is wrong, and return the exit code."""
    skips = tomllib.loads((INFRA / "scan.toml").read_text("utf-8"))
    install(skips.pop("checkov"))
    report = scan()
    wrong = problems(report, skips)
    print("\n".join(wrong) or f"{report['summary']['passed']} checks passed; scan.toml explains the others.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

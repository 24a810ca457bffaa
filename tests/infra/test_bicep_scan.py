"""infra/scan.py: what makes a scan fail. checkov itself is too large for these tests; CI runs the script."""

from __future__ import annotations

import copy
import tomllib
from typing import Any

import pytest
import scan

from tests.support.bicep_template import FILES, INFRA, read

SKIPS = {"Microsoft.KeyVault/vaults.vault": {"CKV_AZURE_110": "A reason."}}
# As checkov 3.3.30 has it, without what is not looked at.
FINDING = {
    "check_id": "CKV_AZURE_110",
    "check_name": "Ensure that key vault enables purge protection",
    "file_path": "/modules/keyVault.bicep",
    "resource": "Microsoft.KeyVault/vaults.vault",
}
REPORT = {
    "results": {"failed_checks": [FINDING]},
    "summary": {"passed": 21, "failed": 1, "skipped": 0, "parsing_errors": 0, "resource_count": 70},
}


def test_a_report_of_explained_findings_passes() -> None:
    """Nothing is wrong."""
    assert scan.problems(REPORT, SKIPS) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [({"parsing_errors": 1}, "cannot read 1 of the files"), ({"resource_count": 0}, "no resources")],
)
def test_files_that_checkov_does_not_read_make_the_scan_fail(change: dict[str, int], words: str) -> None:
    """checkov itself counts them and exits with 0."""
    report: dict[str, Any] = copy.deepcopy(REPORT)
    report["summary"] |= change

    [problem] = scan.problems(report, SKIPS)
    assert words in problem


def test_a_finding_without_a_reason_makes_the_scan_fail() -> None:
    """Also when the same check is explained for another resource."""
    elsewhere = {**FINDING, "resource": "Microsoft.KeyVault/vaults.other"}
    report = {**REPORT, "results": {"failed_checks": [FINDING, elsewhere]}}

    [problem] = scan.problems(report, SKIPS)
    assert problem.startswith("CKV_AZURE_110 of Microsoft.KeyVault/vaults.other: Ensure that key vault enables")


def test_a_reason_without_a_finding_makes_the_scan_fail() -> None:
    """So that the list says what is true."""
    report = {**REPORT, "results": {"failed_checks": []}}

    [problem] = scan.problems(report, SKIPS)
    assert "is explained and not found" in problem


def test_each_skip_has_a_reason_and_is_of_a_resource_that_exists() -> None:
    """In a sentence."""
    skips = tomllib.loads((INFRA / "scan.toml").read_text("utf-8"))
    version = skips.pop("checkov")
    symbols = {name for path in FILES for name, found in read(path).items() if found.kind == "resource"}

    assert version
    for resource, checks in skips.items():
        assert resource.rpartition(".")[2] in symbols
        assert all(reason.endswith(".") and len(reason) > 20 for reason in checks.values())


def test_the_file_that_is_not_scanned_has_no_resources() -> None:
    """checkov's parser does not know a function in it."""
    assert not [found for found in read(INFRA / "main.bicep").values() if found.kind == "resource"]

"""The real compiler and linter on infra/, where the Bicep CLI is on the PATH; in CI it always is.

https://learn.microsoft.com/azure/azure-resource-manager/bicep/install
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import Any

import pytest

from tests.support.app import ROOT
from tests.support.bicep_template import ALL, INFRA, deploy

BICEP = shutil.which("bicep")
pytestmark = pytest.mark.skipif(BICEP is None, reason="no `bicep` on the PATH: files are not compiled, only read")

# An API version that is newer than the CLI, which then knows nothing of the type.
TYPE_NOT_KNOWN = "BCP081"


def bicep(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the CLI and assert that it has nothing to say against the files."""
    done = subprocess.run(
        [str(BICEP), *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if re.search(r" : (Warning|Error|Info) ", line)]
    assert [line for line in said if TYPE_NOT_KNOWN not in line] == []
    assert done.returncode == 0, done.stderr
    return done


def test_the_linter_has_nothing_to_say() -> None:
    """With the rules of infra/bicepconfig.json."""
    bicep("lint", str(INFRA / "main.bicep"))


def test_the_parameter_file_compiles() -> None:
    """With what it reads from the environment."""
    bicep("build-params", str(INFRA / "main.bicepparam"), "--stdout", TWILIO_ACCOUNT_SID="AC" + "0" * 32)


def resources_in(template: dict[str, Any]) -> set[tuple[str, str]]:
    """Return type and API version of what a compiled template makes, in its modules too."""
    resources = template["resources"]
    found = set()
    for resource in resources.values() if isinstance(resources, dict) else resources:
        if resource["type"] == "Microsoft.Resources/deployments":
            found |= resources_in(resource["properties"]["template"])
        elif not resource.get("existing"):
            found.add((resource["type"], resource["apiVersion"]))
    return found


def test_what_the_compiler_makes_is_what_these_tests_read() -> None:
    """Our own reader of Bicep and the compiler see the same parameters, outputs and resources."""
    compiled = json.loads(bicep("build", str(INFRA / "main.bicep"), "--stdout").stdout)
    ours = deploy(**ALL)

    assert set(compiled["outputs"]) == set(ours.outputs)
    assert set(compiled["parameters"]) == {
        name for name, found in ours.declarations.items() if found.kind == "parameter"
    }
    assert resources_in(compiled) == {(resource.kind, resource.version) for resource in ours.resources}

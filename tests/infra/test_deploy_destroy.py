"""destroy.py: the way back, with nothing left behind but what was asked to stay."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.support.stand_in_az.cloud import Fault
from tests.support.stand_in_az.world import World

pytestmark = pytest.mark.skipif(os.name != "posix", reason="puts a script named az on the PATH")

YES = ("--confirm", "rg-phone")


def other(name: str, kind: str = "Microsoft.Compute/virtualMachines") -> dict[str, Any]:
    """Return a resource in the group that is not ours."""
    return {"id": f"/x/{name}", "name": name, "type": kind, "location": "x", "tags": None, "resourceGroup": "rg-phone"}


def test_a_group_that_deploy_made_goes_as_a_whole(deployed: World) -> None:
    """The number is given back first; the vault is purged, so that its name is free for the next time."""
    done = deployed.run("destroy", *YES)

    assert done.returncode == 0, done.stderr
    assert (deployed.azure.groups, deployed.azure.resources, deployed.azure.deleted_vaults) == ({}, [], [])
    assert deployed.calls_go_to == ""
    assert "- Microsoft.KeyVault/vaults  kv-" in done.stdout
    assert deployed.deploy().returncode == 0


def test_what_else_is_in_the_group_stays_and_so_does_the_group(deployed: World) -> None:
    """Application Insights' own alert rule goes, since it came with ours."""
    rule, receivers = "microsoft.alertsmanagement/smartDetectorAlertRules", "microsoft.insights/actiongroups"
    [component] = [found["name"] for found in deployed.azure.resources if found["type"].endswith("/components")]
    deployed.azure.resources += [
        other("vm-mine"),
        other(f"Failure Anomalies - {component}", rule),
        other("Application Insights Smart Detection", receivers),
        other("Failure Anomalies - appi-of-somebody", rule),
    ]

    done = deployed.run("destroy", *YES)

    assert done.returncode == 0, done.stderr
    left = [found["name"] for found in deployed.azure.resources]
    assert left == ["vm-mine", "Failure Anomalies - appi-of-somebody"]
    assert list(deployed.azure.groups) == ["rg-phone"]
    assert deployed.azure.deployments == {}
    assert "stays: Microsoft.Compute/virtualMachines  vm-mine" in done.stdout


def test_a_group_that_was_there_before_stays(there: World) -> None:
    """Its roles and locks are somebody's work."""
    there.azure.groups["rg-phone"] = {"location": "westeurope", "tags": None}
    assert there.run("deploy", "--yes", **there.secrets).returncode == 0

    assert there.run("destroy", *YES).returncode == 0
    assert (list(there.azure.groups), there.azure.resources) == (["rg-phone"], [])


def test_the_data_can_stay_and_is_found_again(deployed: World) -> None:
    """The roles on it go: the next identity has the same name and another ID, and Azure refuses to change a role."""
    done = deployed.run("destroy", "--keep-data", *YES)

    assert done.returncode == 0, done.stderr
    [kept] = deployed.azure.resources
    assert kept["name"].endswith("data")
    assert deployed.azure.roles == []
    assert f"{kept['name']} is kept." in done.stdout
    assert deployed.deploy().returncode == 0
    assert deployed.run("destroy", *YES).returncode == 0
    assert deployed.azure.resources == []


def test_only_the_named_app_goes(deployed: World) -> None:
    """Two apps may live in one group."""
    assert deployed.deploy("--name", "second").returncode == 0

    assert deployed.run("destroy", "--name", "second", *YES).returncode == 0
    assert {found["tags"]["phone-deployment"] for found in deployed.azure.resources} == {"phone"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "Nobody is here to answer: Type the resource group's name, rg-phone, to go on"),
        (("--confirm", "rg-phon"), "That was not the group's name, so nothing was removed."),
    ],
)
def test_nothing_goes_before_the_name_is_typed(deployed: World, options: tuple[str, ...], words: str) -> None:
    """Yes is too easily said."""
    before = deployed.snapshot()

    done = deployed.run("destroy", *options)

    assert done.returncode == 1
    assert words in done.stderr
    assert deployed.snapshot()[1:] == before[1:]
    assert deployed.azure.ran("group delete") == 0


def test_a_number_that_cannot_be_disconnected_stops_it(deployed: World) -> None:
    """Else callers would hear an error; who wants that can say so."""
    deployed.twilio.fake.simulator.numbers.clear()

    done = deployed.run("destroy", *YES)

    assert done.returncode == 1
    assert "--leave-number" in done.stderr
    assert len(deployed.azure.resources) == 8
    assert deployed.run("destroy", "--leave-number", *YES).returncode == 0
    assert deployed.azure.resources == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("command", ["group delete", "resource delete", "deployment group delete", "keyvault purge"])
def test_a_removal_that_breaks_off_can_be_taken_up(deployed: World, command: str, after: bool) -> None:
    """Whether Azure had done it or not."""
    if command != "group delete":
        deployed.azure.resources.append(other("vm-mine"))
    deployed.azure.faults = [Fault(command, "(InternalServerError) Try later.", after=after)]

    done = deployed.run("destroy", *YES)

    assert (done.returncode == 1) is (command != "keyvault purge"), done.stderr
    again = deployed.run("destroy", *YES)
    assert again.returncode == 0, again.stderr
    assert [found["name"] for found in deployed.azure.resources] in ([], ["vm-mine"])
    assert (deployed.azure.deleted_vaults, deployed.azure.deployments) == ([], {})


def test_where_there_is_nothing_there_is_nothing_to_do(there: World) -> None:
    """A second time, or a wrong name."""
    done = there.run("destroy", *YES)

    assert done.returncode == 0
    assert "There is no resource group rg-phone." in done.stdout


def test_deploy_has_it_as_an_option(deployed: World) -> None:
    """For those who look there."""
    done = deployed.run("deploy", "--destroy", "--leave-number", *YES)

    assert done.returncode == 0, done.stderr
    assert deployed.azure.groups == {}

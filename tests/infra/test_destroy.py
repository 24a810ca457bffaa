"""destroy.py: the way back, with nothing left but what was asked to stay."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stand_in_az.cloud import Fault
from tests.support.stand_in_az.world import World

YES = ("--confirm", "rg-phone")


def other(name: str, kind: str = "Microsoft.Compute/virtualMachines") -> dict[str, Any]:
    """Return a resource of somebody else in the group."""
    return {"id": f"/x/{name}", "name": name, "type": kind, "location": "x", "tags": None, "resourceGroup": "rg-phone"}


def left(there: World) -> list[str]:
    """Return the names of the resources that exist."""
    return [found["name"] for found in there.azure.resources]


def test_a_group_that_deploy_made_is_deleted_and_names_are_free_again(deployed: World) -> None:
    """The number gets back what it had, vault and workspace are purged; a deployment to another region works."""
    done = deployed.run("destroy", *YES)

    assert done.code == 0, done.err
    assert (deployed.azure.groups, deployed.azure.resources, deployed.calls_go_to) == ({}, [], "")
    assert (deployed.azure.deleted_vaults, deployed.azure.deleted_workspaces) == ([], [])
    assert deployed.deploy("--location", "eastus2").code == 0


def test_what_belongs_to_somebody_else_stays_and_so_does_the_group(deployed: World) -> None:
    """Application Insights' own alert rule goes, since it came with our component."""
    rule, receivers = "microsoft.alertsmanagement/smartDetectorAlertRules", "microsoft.insights/actiongroups"
    [component] = [found["name"] for found in deployed.azure.resources if found["type"].endswith("/components")]
    deployed.azure.resources += [
        other("vm-mine"),
        other(f"Failure Anomalies - {component}", rule),
        other("Application Insights Smart Detection", receivers),
        other("Failure Anomalies - appi-of-somebody", rule),
    ]

    done = deployed.run("destroy", *YES)

    assert done.code == 0, done.err
    assert left(deployed) == ["vm-mine", "Failure Anomalies - appi-of-somebody"]
    assert list(deployed.azure.groups) == ["rg-phone"]
    assert deployed.azure.deleted_workspaces == []
    assert "stays: Microsoft.Compute/virtualMachines  vm-mine" in done.out


def test_a_group_that_existed_before_stays(there: World) -> None:
    """Its roles and locks are the work of somebody else."""
    there.azure.groups["rg-phone"] = {"location": "westeurope", "tags": None}
    assert there.deploy().code == 0

    assert there.run("destroy", *YES).code == 0
    assert (list(there.azure.groups), left(there)) == (["rg-phone"], [])


def test_the_data_can_stay_and_is_found_again(deployed: World) -> None:
    """The next deployment uses the same account."""
    assert deployed.run("destroy", "--keep-data", *YES).code == 0

    [kept] = left(deployed)
    assert kept.endswith("data")
    deployed.azure.groups["rg-phone"]["location"] = "eastus2"
    assert deployed.run("deploy", "--yes", **deployed.secrets).code == 0, "in the region of the data"
    assert deployed.azure.deployments["rg-phone", "phone"]["parameters"]["location"] == "westeurope"
    assert left(deployed).count(kept) == 1
    assert deployed.run("destroy", *YES).code == 0
    assert left(deployed) == []


def test_only_the_named_app_is_removed(deployed: World) -> None:
    """By the tag on the resources."""
    assert deployed.deploy("--name", "second", "--no-connect").code == 0

    assert deployed.run("destroy", "--name", "second", "--leave-number", *YES).code == 0
    assert {found["tags"]["phone-deployment"] for found in deployed.azure.resources} == {"phone"}


@pytest.mark.parametrize(("options", "answers"), [((), []), (("--confirm", "rg-phon"), []), ((), ["yes"])])
def test_nothing_is_removed_before_the_groups_name_is_typed(
    deployed: World, options: tuple[str, ...], answers: list[str]
) -> None:
    """A yes is not enough."""
    before, deployed.answers = deployed.snapshot()[1:], answers

    assert deployed.run("destroy", *options).code == 1
    assert deployed.snapshot()[1:] == before
    assert deployed.azure.commands()[-1] == "group show"

    deployed.answers = ["rg-phone"]
    assert deployed.run("destroy").code == 0


def test_a_number_that_cannot_be_disconnected_stops_the_removal(deployed: World) -> None:
    """Callers would hear an error; --leave-number accepts that."""
    before, deployed.twilio.token = left(deployed), "marked-changed-by-hand"
    deployed.twilio.keys.clear()

    done = deployed.run("destroy", *YES)

    assert (done.code, left(deployed)) == (1, before)
    assert "--leave-number" in done.err
    assert deployed.run("destroy", "--leave-number", *YES).code == 0
    assert left(deployed) == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "command", ["group delete", "resource delete", "monitor log-analytics workspace delete", "keyvault purge"]
)
def test_an_interrupted_removal_is_continued_by_the_next_run(deployed: World, command: str, after: bool) -> None:
    """Whether Azure had carried out the command or not."""
    if command != "group delete":
        deployed.azure.resources.append(other("vm-mine"))
    deployed.azure.faults = [Fault(command, after=after)]

    done = deployed.run("destroy", *YES)

    assert (done.code == 1) is (command != "keyvault purge"), done.err
    again = deployed.run("destroy", *YES)
    assert again.code == 0, again.err
    assert left(deployed) in ([], ["vm-mine"])
    assert (deployed.azure.deleted_vaults, deployed.azure.deleted_workspaces) == ([], [])


def test_where_nothing_exists_nothing_is_done(there: World) -> None:
    """A second time, or after a wrong name."""
    assert there.run("destroy", *YES).code == 0
    assert there.azure.commands() == ["version", "account show", "group exists", "keyvault list-deleted"]

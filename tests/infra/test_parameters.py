"""The parameters of a deployment: in one file, for deploy.py, azd and workflows, and kept until they are changed."""

from __future__ import annotations

import pytest

from tests.support.bicep_template import parameters_in
from tests.support.stand_in_az.world import World


def parameters(there: World, name: str = "phone") -> dict[str, object]:
    """Return the parameters of the last deployment."""
    found: dict[str, object] = there.azure.deployments["rg-phone", name]["parameters"]
    return found


CHOICES = [
    (("--set", "alwaysReady=1"), "alwaysReady", 1),
    (("--set", "pythonVersion=3.12"), "pythonVersion", "3.12"),
    (("--set", "instanceMemoryMB=4096"), "instanceMemoryMB", 4096),
    (("--set", "storageSku=Standard_ZRS"), "storageSku", "Standard_ZRS"),
    (("--set", "allowedCountries=US,CA"), "allowedCountries", "US,CA"),
    (("--tag", "team=it's"), "tags", {"team": "it's"}),
    (("--public-base-url", "https://phone.example.com/"), "publicBaseUrl", "https://phone.example.com"),
    (("--alert-email", "ann@example.com"), "alertEmail", "ann@example.com"),
]


@pytest.mark.parametrize(("options", "name", "value"), CHOICES, ids=[name for _, name, _ in CHOICES])
def test_what_was_chosen_stays_until_it_is_changed(
    deployed: World, options: tuple[str, ...], name: str, value: object
) -> None:
    """The next deployment needs no option, and neither do azd and the workflow, which read the same file."""
    assert deployed.run("deploy", "--yes", *options, "--no-connect").code == 0
    assert parameters_in(deployed.parameters.read_text(), {"TWILIO_ACCOUNT_SID": "AC"})[name] == value

    assert deployed.run("deploy", "--yes", "--no-connect").code == 0
    assert parameters(deployed)[name] == value


def test_a_choice_can_be_changed_and_taken_back(deployed: World) -> None:
    """The file has one line for it."""
    for value in ("3", "0"):
        assert deployed.run("deploy", "--yes", "--set", f"alwaysReady={value}").code == 0
        assert deployed.run("deploy", "--yes").code == 0
        assert parameters(deployed)["alwaysReady"] == int(value)
    assert deployed.parameters.read_text().count("param alwaysReady") == 2, "once more in a comment"


def test_tags_are_added_to_those_that_the_file_has(deployed: World) -> None:
    """Also to those that were written by hand, on several lines."""
    with deployed.parameters.open("a") as file:
        file.write("param tags = {\n  team: 'ops'\n}\n")
    assert deployed.run("deploy", "--yes", "--tag", "cost=it's").code == 0

    assert deployed.run("deploy", "--yes", "--tag", "floor=2").code == 0
    assert parameters(deployed)["tags"] == {"team": "ops", "cost": "it's", "floor": "2"}


def test_a_choice_that_azure_rejects_is_not_written(deployed: World) -> None:
    """The next deployment would fail as well."""
    before = deployed.parameters.read_text()

    done = deployed.run("deploy", "--yes", "--set", "maximumInstanceCount=1")

    assert (done.code, deployed.parameters.read_text()) == (1, before)


def test_an_app_of_another_name_has_a_file_of_its_own(deployed: World) -> None:
    """Its choices are its own."""
    assert deployed.deploy("--name", "second", "--set", "alwaysReady=1", "--no-connect").code == 0
    assert deployed.run("deploy", "--yes").code == 0
    assert deployed.deploy("--name", "second", "--no-connect").code == 0

    assert parameters(deployed, "second")["alwaysReady"] == 1
    assert "alwaysReady" not in parameters(deployed)


def test_settings_and_region_of_the_app_stay(there: World) -> None:
    """What came from the environment once need not be there the next time."""
    options = ("--location", "eastus2", "--no-connect")
    there.azure.groups["rg-phone"] = {"location": "westeurope", "tags": None}
    environment = {"PUBLIC_BASE_URL": "https://phone.example.com", "ALLOWED_COUNTRIES": "US"}
    assert there.run("deploy", "--yes", *options, **there.secrets, **environment).code == 0

    assert there.run("deploy", "--yes", "--no-connect").code == 0
    assert parameters(there)["location"] == "eastus2"
    assert parameters(there)["publicBaseUrl"] == "https://phone.example.com"
    assert parameters(there)["allowedCountries"] == "US"


def test_the_apps_own_host_is_no_choice(deployed: World) -> None:
    """The template fills it in."""
    assert deployed.run("deploy", "--yes").code == 0
    assert parameters(deployed)["publicBaseUrl"] == ""

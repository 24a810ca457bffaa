"""azure.yaml, and the hook that it calls: what azd is told exists, and what azd leaves undone is done.

azd itself is not here. What it does with the file was read in its source, https://github.com/Azure/azure-dev.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from fnmatch import fnmatchcase

import pytest

from tests.support.app import ROOT
from tests.support.bicep_language import DEPLOYER
from tests.support.bicep_template import ACCOUNT as ANY_ACCOUNT
from tests.support.bicep_template import INFRA, deploy, parameters_in
from tests.support.stand_in_az.cloud import TOO_EARLY, Fault
from tests.support.stand_in_az.twilio import ACCOUNT, KEY
from tests.support.stand_in_az.world import NUMBER, Done, World


def test_azure_yaml_calls_the_hook_on_every_system() -> None:
    """By a file that exists."""
    assert re.findall(r"run: \w+ (\S+)", (ROOT / "azure.yaml").read_text("utf-8")) == ["infra/azd_hook.py"] * 2
    assert (INFRA / "azd_hook.py").is_file()


def test_azd_finds_template_parameters_and_app() -> None:
    """The .bicepparam beside the module, a template for a resource group, and one resource with the service's tag."""
    tagged = [found for found in deploy().resources if found.body.get("tags", {}).get("azd-service-name") == "app"]

    assert (INFRA / "main.bicepparam").is_file()
    assert "targetScope = 'resourceGroup'" in (INFRA / "main.bicep").read_text("utf-8")
    assert [found.kind for found in tagged] == ["Microsoft.Web/sites"]


def is_left_behind(path: str) -> bool:
    """Whether azd leaves a file out: the last pattern that fits its name, or that of a folder above, decides.

    https://github.com/Azure/azure-dev/blob/main/cli/azd/pkg/project/project_utils.go
    """
    patterns = [line for line in (ROOT / ".funcignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert not [pattern for pattern in patterns if "/" in pattern], "this reads names only"
    fitting = ([pattern for pattern in patterns if fnmatchcase(name, pattern.lstrip("!"))] for name in path.split("/"))
    return any(found and not found[-1].startswith("!") for found in fitting)


def test_azd_uploads_what_deploy_py_uploads() -> None:
    """One names what is uploaded, the other what is not."""
    from deployment import app_package

    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    listed += [str(path.relative_to(ROOT)) for path in ROOT.glob("*/page/vendor/*")]  # not in the repository

    with zipfile.ZipFile(io.BytesIO(app_package.build())) as package:
        expected = sorted(name for name in listed if name and (ROOT / name).is_file() and not is_left_behind(name))
        assert sorted(package.namelist()) == expected


@pytest.mark.parametrize(
    "path",
    [
        ".azure/phone/.env",
        ".env",
        ".venv/pyvenv.cfg",
        "phone_env/pyvenv.cfg",  # where `azd restore` installs, in a checkout that is called phone
        "azure.yaml",
        "dev/node_modules/azurite/package.json",
        "infra/azd_hook.py",
        "local.settings.json",
        "shared/__pycache__/settings.cpython-312.pyc",
        "tests/conftest.py",
    ],
)
def test_secrets_tools_and_caches_are_not_uploaded(path: str) -> None:
    """By .funcignore."""
    assert is_left_behind(path)


def test_the_identity_that_is_logged_in_at_azd_may_write_secrets() -> None:
    """The hook uses the same login."""
    environ = {"TWILIO_ACCOUNT_SID": ANY_ACCOUNT["twilioAccountSid"]}
    source = (INFRA / "main.bicepparam").read_text("utf-8")
    roles = deploy(**parameters_in(source, environ)).of("Microsoft.Authorization/roleAssignments")

    found = {role.body["properties"]["description"]: role.body["properties"]["principalId"] for role in roles}
    assert found["Key Vault Secrets Officer"] == DEPLOYER


class Azd:
    """Does by the Azure CLI what azd does by itself, and calls the hook with the environment that azd gives it."""

    def __init__(self, there: World, **settings: str) -> None:
        """Begin with `azd env set`."""
        self.there = there
        self.names = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_API_KEY": KEY, "TWILIO_FROM_NUMBER": NUMBER, **settings}
        self.names |= {"AZURE_SUBSCRIPTION_ID": "beef", "AZURE_RESOURCE_GROUP": "rg-phone", "AZURE_LOCATION": "eastus2"}

    def az(self, *words: str) -> None:
        """Run a command of the Azure CLI."""
        done = self.there.az(list(words), self.names)
        assert done.returncode == 0, done.stderr

    def up(self, **secrets: str) -> Done:
        """Deploy the template by the parameter file, upload the code, and run the hook."""
        from deployment import app_package

        azure, group = self.there.azure, ("--resource-group", "rg-phone")
        self.az("group", "create", "--location", "eastus2", *group)
        self.az("deployment", "group", "create", *group, "--name", "phone-176", "--parameters", "infra/main.bicepparam")
        [made] = [found for (_, name), found in azure.deployments.items() if name == "phone-176"]
        outputs = deploy(**made["parameters"]).outputs
        self.names |= {name: self.there.app.real(value) for name, value in outputs.items()}
        package = self.there.folder / "app.zip"
        package.write_bytes(app_package.build(build_id="azd's own"))
        app = (*group, "--name", outputs["functionAppName"])
        self.az("functionapp", "deployment", "source", "config-zip", *app, "--src", "app.zip", "--build-remote", "true")
        return self.there.run("azd_hook", **{**self.names, **secrets})


def secrets_of(there: World) -> dict[str, str]:
    """Return what a user has in the environment."""
    return {name: there.secrets[name] for name in ("TWILIO_AUTH_TOKEN", "TWILIO_API_SECRET")}


def test_after_azd_up_the_app_has_its_secrets_and_its_number(there: World) -> None:
    """In the subscription that was chosen at azd."""
    there.azure.before = lambda call: there.azure.calls.clear() if "config-zip" in call.words else None

    done = Azd(there).up(**secrets_of(there))

    assert done.code == 0, done.err
    assert there.app.fetched["TWILIO_AUTH_TOKEN"] == there.twilio.token
    assert there.app.fetched["TWILIO_API_SECRET"] == there.twilio.keys[KEY]
    assert there.calls_go_to == f"https://{there.app.host}/api/answer_call"
    assert {call["subscription"] for call in there.azure.calls if call.command != "version"} == {"beef"}
    assert "marked-" not in done.out + done.err


def test_the_second_time_nothing_is_asked_or_written(there: World) -> None:
    """The vault has the secrets."""
    azd = Azd(there, PUBLIC_BASE_URL="https://phone.example.com")
    assert azd.up(**secrets_of(there)).code == 0
    there.azure.calls.clear()

    again = azd.up()

    assert again.code == 0, again.err
    assert there.azure.ran("keyvault secret set") == []
    assert there.calls_go_to == "https://phone.example.com/api/answer_call"


def test_without_an_api_key_or_a_number_neither_is_missed(there: World) -> None:
    """Both are optional."""
    azd = Azd(there, TWILIO_API_KEY="", TWILIO_FROM_NUMBER="")

    assert azd.up(TWILIO_AUTH_TOKEN=there.twilio.token).code == 0
    assert (there.calls_go_to, there.azure.secret("twilio-api-secret")) == ("", "")


def test_a_new_role_and_a_starting_app_are_waited_for(there: World) -> None:
    """azd itself does not look whether the app runs."""
    there.azure.faults = [Fault("keyvault secret show", TOO_EARLY, times=2), Fault("keyvault secret set", TOO_EARLY)]
    there.app.sick, there.app.unlisted = 3, 1

    done = Azd(there).up(**secrets_of(there))

    assert done.code == 0, done.err
    assert (there.app.sick, there.app.unlisted) == (0, 0)


@pytest.mark.parametrize(
    ("settings", "secrets"),
    [({}, {}), ({}, {"TWILIO_AUTH_TOKEN": "marked-wrong"}), ({"TWILIO_ACCOUNT_SID": "AC" + "9" * 32}, {"old": ""})],
    ids=["missing", "wrong", "of another account"],
)
def test_secrets_that_twilio_does_not_accept_are_not_kept(
    there: World, settings: dict[str, str], secrets: dict[str, str]
) -> None:
    """The values of azd are checked together with the secrets."""
    given = secrets_of(there) | secrets if secrets else {}

    done = Azd(there, **settings).up(**given)

    assert done.code == 1
    assert re.search("TWILIO_(AUTH_TOKEN|API_SECRET)", done.err)
    assert there.azure.secret("twilio-auth-token") == ""
    assert "marked-" not in done.out + done.err


def test_the_other_commands_know_what_azd_has_made(there: World) -> None:
    """By the tag on the resources, since the deployment has another name."""
    assert Azd(there).up(**secrets_of(there)).code == 0

    for command in (("rotate", "--yes"), ("deploy", "--yes"), ("destroy", "--confirm", "rg-phone")):
        done = there.run(*command)
        assert done.code == 0, done.err
    assert there.azure.resources == []
    assert list(there.azure.groups) == ["rg-phone"], "azd has made it"


def test_typed_by_hand_the_hook_names_what_azd_sets(there: World) -> None:
    """With the command that runs it."""
    environ = there.environ()
    done = subprocess.run(
        [sys.executable, "-S", "infra/azd_hook.py"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "AZURE_RESOURCE_GROUP, functionAppName" in done.stderr
    assert "azd hooks run postdeploy" in done.stderr

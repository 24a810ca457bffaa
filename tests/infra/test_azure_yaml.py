"""azure.yaml, and the hook that it calls: what azd is told exists, and what azd leaves undone is done.

azd itself is not here. What it does with the file was read in its source, https://github.com/Azure/azure-dev.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.support.app import ROOT
from tests.support.bicep_language import parse, parts, text_of, value_of
from tests.support.bicep_template import ACCOUNT as ANY_ACCOUNT
from tests.support.bicep_template import INFRA, deploy
from tests.support.stand_in_az.answers_vault import TOO_EARLY
from tests.support.stand_in_az.cloud import Fault
from tests.support.stand_in_az.twilio import ACCOUNT
from tests.support.stand_in_az.world import FUNCTIONS, KEY, NUMBER, World

with_a_script_as_az = pytest.mark.skipif(os.name != "posix", reason="puts a script named az on the PATH")

GROUP = "rg-azd"
NAME = "phone-1763737200"  # azd's environment and a time: its deployments are never called like those of deploy.py


def read(text: str) -> dict[str, Any]:
    """Return what a YAML file of nothing but nested names and one-line values says."""
    root: dict[str, Any] = {}
    places: list[tuple[int, dict[str, Any]]] = [(-1, root)]
    for line in text.splitlines():
        found = re.fullmatch(r"( *)([\w-]+):(?: (\S.*))?", line)
        if line.lstrip().startswith("#"):
            continue
        assert found, f"not a form that this reads: {line!r}"
        indent, name, value = len(found[1]), found[2], found[3]
        while places[-1][0] >= indent:
            places.pop()
        assert name not in places[-1][1], f"{name} comes twice"
        inner: dict[str, Any] = {}
        places[-1][1][name] = {"true": True, "false": False}.get(value, value.strip("'")) if value else inner
        if not value:
            places.append((indent, inner))
    return root


YAML = read((ROOT / "azure.yaml").read_text("utf-8"))
[SERVICE] = YAML["services"]
HOOKS = [(event, system, hook) for event, systems in YAML["hooks"].items() for system, hook in systems.items()]


def test_it_is_what_azds_schema_takes() -> None:
    """By the parts of schemas/v1.0/azure.yaml.json in Azure/azure-dev that these names are under."""
    service = YAML["services"][SERVICE]

    assert set(YAML) == {"name", "requiredVersions", "infra", "services", "hooks"}
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", YAML["name"])
    assert len(YAML["name"]) >= 2
    assert set(YAML["requiredVersions"]) <= {"azd", "extensions"}
    assert YAML["infra"]["provider"] in ("bicep", "terraform")
    assert set(YAML["infra"]) == {"provider", "path", "module"}
    assert (set(service), service["host"], service["language"]) == ({"project", "language", "host"}, "function", "py")
    for event, systems in YAML["hooks"].items():
        assert re.fullmatch("(pre|post)(provision|package|publish|deploy|restore|up|down)", event)
        assert set(systems) == {"posix", "windows"}  # and then nothing beside them
    for _, _, hook in HOOKS:
        assert set(hook) == {"shell", "run", "interactive"}
        assert hook["shell"] in ("sh", "pwsh")
        assert hook["interactive"] is True  # secrets are asked for


def test_the_template_and_its_parameter_file_are_where_azd_looks() -> None:
    """azd takes the .bicepparam beside the module; the template is for a resource group, which azd then asks for."""
    module = ROOT / YAML["infra"]["path"] / YAML["infra"]["module"]

    assert module.with_suffix(".bicepparam") == INFRA / "main.bicepparam"
    assert module.with_suffix(".bicepparam").is_file()
    assert "targetScope = 'resourceGroup'" in module.with_suffix(".bicep").read_text("utf-8")


def test_the_function_app_and_nothing_else_is_tagged_as_the_service() -> None:
    """azd stops where two resources of a group have the tag."""
    tagged = [found for found in deploy().resources if "azd-service-name" in found.body.get("tags", {})]

    assert [found.kind for found in tagged] == ["Microsoft.Web/sites"]
    assert tagged[0].body["tags"]["azd-service-name"] == SERVICE


@pytest.mark.parametrize(("event", "system", "hook"), HOOKS, ids=lambda value: value if isinstance(value, str) else "")
def test_every_hook_is_a_script_that_exists_told_its_event(event: str, system: str, hook: dict[str, Any]) -> None:
    """From the folder of azure.yaml, which is where azd runs it."""
    python, script, *arguments = hook["run"].split()

    assert (python, hook["shell"]) == {"posix": ("python3", "sh"), "windows": ("py", "pwsh")}[system]
    assert arguments == [event]
    shown = subprocess.run([sys.executable, script, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert event in shown.stdout


def test_an_azd_that_does_not_heed_funcignore_is_refused() -> None:
    """It came with 1.18.0: https://github.com/Azure/azure-dev/pull/5383."""
    versions = re.fullmatch(r">= (\d+)\.(\d+)\.(\d+)", YAML["requiredVersions"]["azd"])

    assert versions
    assert tuple(map(int, versions.groups())) >= (1, 18, 0)


def is_left_behind(path: str) -> bool:
    """Whether azd leaves a file out of the zip: the last pattern that fits the name of it, or of a folder above, says.

    https://github.com/Azure/azure-dev/blob/main/cli/azd/pkg/project/project_utils.go
    """
    patterns = [line for line in (ROOT / ".funcignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert not [pattern for pattern in patterns if "/" in pattern], "this reads names only"
    for name in path.split("/"):
        fitting = [pattern for pattern in patterns if fnmatchcase(name, pattern.removeprefix("!"))]
        if fitting and not fitting[-1].startswith("!"):
            return True
    return False


def test_azd_uploads_what_deploy_py_uploads(tmp_path: Path) -> None:
    """One says what goes, the other what stays."""
    packed = tmp_path / "app.zip"
    subprocess.run(
        [sys.executable, "infra/deployment/app_package.py", str(packed)], cwd=ROOT, capture_output=True, check=True
    )
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    there = [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]

    with zipfile.ZipFile(packed) as package:
        assert sorted(name for name in there if not is_left_behind(name)) == package.namelist()


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
def test_what_is_nobodys_business_stays_at_home(path: str) -> None:
    """Secrets, tools and what tools have made."""
    assert is_left_behind(path)


def parameters(environ: dict[str, str]) -> dict[str, Any]:
    """Return the values of infra/main.bicepparam in an environment."""
    source = re.sub(r"^param ", "var ", (INFRA / "main.bicepparam").read_text("utf-8"), flags=re.MULTILINE)
    found = {}
    for node in parts(parse(source)):
        if node.type == "variable_declaration":
            name, value = (text_of(part) for part in parts(node))
            read_from = re.search(r"readEnvironmentVariable\('(\w+)'", value)
            found[name] = environ.get(read_from[1], value_of(value)) if read_from else value_of(value)
    return found


def test_whoever_is_logged_in_at_azd_may_write_secrets() -> None:
    """azd compiles the parameter file with AZURE_PRINCIPAL_ID in the environment."""
    azds = {"TWILIO_ACCOUNT_SID": ANY_ACCOUNT["twilioAccountSid"], "AZURE_PRINCIPAL_ID": "1" * 8}

    def may_write(environ: dict[str, str]) -> list[tuple[str, str]]:
        roles = deploy(**parameters(environ)).of("Microsoft.Authorization/roleAssignments")
        found = [role.body["properties"] for role in roles]
        return [
            (role["principalId"], role["principalType"])
            for role in found
            if role["description"] == "Key Vault Secrets Officer"
        ]

    assert may_write(azds) == [("1" * 8, "User")]
    assert may_write({**azds, "AZURE_PRINCIPAL_TYPE": "ServicePrincipal"}) == [("1" * 8, "ServicePrincipal")]
    assert may_write({"TWILIO_ACCOUNT_SID": ANY_ACCOUNT["twilioAccountSid"]}) == []


class Azd:
    """Does by the Azure CLI what azd does by itself, and calls the hooks with the environment that azd gives them."""

    def __init__(self, there: World, **settings: str) -> None:
        """Begin with `azd env set`."""
        self.there = there
        self.names = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_API_KEY": KEY, "TWILIO_FROM_NUMBER": NUMBER, **settings}
        self.names |= {"AZURE_SUBSCRIPTION_ID": "beef", "AZURE_RESOURCE_GROUP": GROUP, "AZURE_ENV_NAME": "phone"}

    def az(self, *words: str) -> Any:
        """Run a command of the Azure CLI, and return its answer."""
        command = ["az", *words, "--output", "json"]
        done = subprocess.run(
            command, cwd=self.there.repository, env=self.there.environ(), capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout or "null")

    def provision(self, **secrets: str) -> subprocess.CompletedProcess[str]:
        """Deploy the template with the parameter file's values, keep the outputs, and run the hook."""
        values = parameters({**self.names, "AZURE_PRINCIPAL_ID": "1" * 8}).items()
        given = [f"{name}={json.dumps(value) if name == 'tags' else value}" for name, value in values]
        named = ("--resource-group", GROUP, "--name", NAME)
        self.az("group", "create", "--name", GROUP, "--location", "eastus2")
        create = ("deployment", "group", "create", *named, "--template-file", "infra/main.bicep")
        self.az(*create, "--parameters", *given)
        outputs = self.az("deployment", "group", "show", *named)["properties"]["outputs"]
        self.names |= {name: str(output["value"]) for name, output in outputs.items()}
        self.there.azure.calls.clear()
        return self.hook("postprovision", **secrets)

    def deploy(self) -> subprocess.CompletedProcess[str]:
        """Upload the code, and run the hook."""
        command = [sys.executable, "infra/deployment/app_package.py", "app.zip"]
        subprocess.run(command, cwd=self.there.repository, capture_output=True, check=True)
        app = ("--resource-group", GROUP, "--name", self.names["functionAppName"])
        upload = ("functionapp", "deployment", "source", "config-zip", *app, "--src", "app.zip")
        self.az(*upload, "--build-remote", "true")
        (self.there.repository / "app.zip").unlink()
        self.there.azure.calls.clear()
        return self.hook("postdeploy")

    def hook(self, event: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run azure.yaml's hook, without anybody who could be asked."""
        command = [sys.executable, "-S", *YAML["hooks"][event]["posix"]["run"].split()[1:], "--pace", "0"]
        environ = self.there.environ(**{**self.names, **variables})
        return subprocess.run(
            command, cwd=self.there.repository, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )


def secrets_of(there: World) -> dict[str, str]:
    """Return what a pipeline, or a person, has in the environment."""
    return {name: there.secrets[name] for name in ("TWILIO_AUTH_TOKEN", "TWILIO_API_SECRET")}


@with_a_script_as_az
def test_after_azd_up_the_app_answers_and_the_number_is_connected(there: World) -> None:
    """Secrets after `provision`, the rest after `deploy`; in the subscription that was chosen at azd."""
    azd = Azd(there)

    provisioned = azd.provision(**secrets_of(there))
    assert provisioned.returncode == 0, provisioned.stderr
    assert there.azure.secret("twilio-auth-token") == there.twilio.token
    assert there.azure.secret("twilio-api-secret") == there.twilio.keys[KEY]
    assert there.app.fetched["TWILIO_AUTH_TOKEN"] == there.twilio.token

    deployed = azd.deploy()
    assert deployed.returncode == 0, deployed.stderr
    assert there.app.functions == list(FUNCTIONS)
    assert there.calls_go_to == f"https://{there.app.host}/api/answer_call"
    assert f"az functionapp keys list --resource-group {GROUP}" in deployed.stdout
    assert {call["subscription"] for call in there.azure.calls if call.command != "version"} == {"beef"}
    assert "marked-" not in provisioned.stdout + provisioned.stderr + deployed.stdout + deployed.stderr


@with_a_script_as_az
def test_a_domain_of_ones_own_is_connected_with_the_address_that_the_app_had_before(there: World) -> None:
    """Which is the app's too: nobody is taken anything from."""
    azd = Azd(there, PUBLIC_BASE_URL="https://phone.example.com")
    assert azd.provision(**secrets_of(there)).returncode == 0
    there.twilio.fake.number(NUMBER).voice_url = f"https://{there.app.host}/api/answer_call"

    done = azd.deploy()

    assert done.returncode == 0, done.stderr
    assert there.calls_go_to == "https://phone.example.com/api/answer_call"


@with_a_script_as_az
def test_the_second_time_nothing_is_asked_or_written(there: World) -> None:
    """The vault has the secrets."""
    azd = Azd(there)
    assert azd.provision(**secrets_of(there)).returncode == 0

    again = azd.provision()

    assert again.returncode == 0, again.stderr
    assert "Key Vault has them already" in again.stdout
    assert there.azure.ran("keyvault secret set") == 0


@with_a_script_as_az
def test_secrets_that_are_nowhere_are_asked_for(there: World) -> None:
    """And where nobody is, the failure says so, and what to type at azd."""
    done = Azd(there).provision()

    assert done.returncode == 1
    assert "Nobody is here to answer: TWILIO_AUTH_TOKEN" in done.stderr
    assert there.azure.secret("twilio-auth-token") == ""


@with_a_script_as_az
def test_without_an_api_key_or_a_number_neither_is_missed(there: World) -> None:
    """Both are optional."""
    azd = Azd(there, TWILIO_API_KEY="", TWILIO_FROM_NUMBER="")

    assert azd.provision(TWILIO_AUTH_TOKEN=there.twilio.token).returncode == 0
    assert azd.deploy().returncode == 0
    assert there.calls_go_to == ""
    assert there.azure.secret("twilio-api-secret") == ""


@with_a_script_as_az
def test_the_role_on_the_vault_is_waited_for(there: World) -> None:
    """It may be as new as the vault; a first look that is refused says nothing about what is in there."""
    azd = Azd(there)
    there.azure.faults = [Fault("keyvault secret set", TOO_EARLY)]
    assert azd.provision(**secrets_of(there)).returncode == 0
    there.azure.faults = [Fault("keyvault secret show", TOO_EARLY, times=2)]

    done = azd.provision()

    assert done.returncode == 0, done.stderr
    assert "Azure does not allow reading secrets yet" in done.stdout
    assert there.azure.secret("twilio-auth-token") == there.twilio.token


@with_a_script_as_az
def test_the_app_is_waited_for_before_its_number_is_connected(there: World) -> None:
    """azd has uploaded the code, and does not look whether it runs."""
    azd = Azd(there)
    assert azd.provision(**secrets_of(there)).returncode == 0
    there.app.sick, there.app.unlisted = 3, 1

    done = azd.deploy()

    assert done.returncode == 0, done.stderr
    assert (there.app.sick, there.app.unlisted) == (0, 0)
    assert done.stdout.index("Azure knows its") < done.stdout.index("Connect the number")


@with_a_script_as_az
def test_secrets_that_twilio_does_not_take_are_not_kept(there: World) -> None:
    """An API key that was changed by `azd env set` needs its own secret."""
    done = Azd(there).provision(TWILIO_AUTH_TOKEN="marked-wrong", TWILIO_API_SECRET="marked-wrong")

    assert done.returncode == 1
    assert "Twilio says no" in done.stderr
    assert there.azure.secret("twilio-auth-token") == ""
    assert "marked-" not in done.stdout + done.stderr


@with_a_script_as_az
def test_what_azd_has_made_destroy_py_can_remove(there: World) -> None:
    """By the tag on its resources, since the deployment has another name; a group that azd made stays."""
    azd = Azd(there)
    assert azd.provision(**secrets_of(there)).returncode == 0

    done = there.run("destroy", "--resource-group", GROUP, "--confirm", GROUP)

    assert done.returncode == 0, done.stderr
    assert there.azure.resources == []
    assert list(there.azure.groups) == [GROUP]


@with_a_script_as_az
@pytest.mark.parametrize("event", YAML["hooks"])
def test_typed_by_hand_a_hook_says_how_azd_runs_it(there: World, event: str) -> None:
    """Without azd's environment there is nothing that it could know."""
    azd = Azd(there)
    azd.names = {}

    done = azd.hook(event)

    assert done.returncode == 1
    assert f"azd hooks run {event}" in done.stderr
    assert "AZURE_RESOURCE_GROUP, functionAppName" in done.stderr
    assert there.azure.calls == []


@with_a_script_as_az
def test_what_azd_has_made_rotate_py_and_deploy_py_know(there: World) -> None:
    """By the same tag."""
    azd = Azd(there)
    assert azd.provision(**secrets_of(there)).returncode == 0
    assert azd.deploy().returncode == 0
    token = there.twilio.token

    rotated = there.run("rotate", "--resource-group", GROUP, "--yes")
    assert rotated.returncode == 0, rotated.stderr
    assert there.twilio.token != token
    assert there.azure.secret("twilio-auth-token") == there.twilio.token

    deployed = there.run("deploy", "--resource-group", GROUP, "--yes")
    assert deployed.returncode == 0, deployed.stderr

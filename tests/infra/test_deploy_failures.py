"""deploy.py when something is wrong: it says what failed, what it left and what to type next, and can be run again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from deploy import parser
from deployment.azure_cli import past_batch_file
from deployment.explain import explain

from tests.support.stand_in_az.answers_vault import TOO_EARLY
from tests.support.stand_in_az.cli import Call
from tests.support.stand_in_az.cloud import Fault
from tests.support.stand_in_az.world import NUMBER, World

pytestmark = pytest.mark.skipif(os.name != "posix", reason="puts a script named az on the PATH")

# Without these the script goes on, and says what it could not do.
OPTIONAL = ("keyvault list-deleted", "tag update")


def test_every_command_may_fail_and_the_next_run_goes_on(there: World) -> None:
    """Each command of a first deployment fails in its turn, in one subscription; at the end the phone answers."""
    failed: list[str] = []

    def fail_once_each(call: Call) -> None:
        what = f"{call.command} {call['namespace'] or (call['file'] and Path(call['file']).name) or ''}".strip()
        if call.command not in OPTIONAL and what not in failed:
            failed.append(what)
            there.azure.faults.append(Fault(call.command, "(SomethingNew) Azure says something new."))

    there.azure.before = fail_once_each
    for number in range(1, 40):
        done = there.deploy("--call", "+15551234567")
        assert len(failed) >= number or done.returncode == 0, f"{failed[-1]} failed twice"
        if done.returncode == 0:
            break
        assert done.returncode == 1
        assert re.search(r"Stopped at step \d+, '[A-Z][^']+'\.\n  Why:\n    `az " + failed[-1].split()[0], done.stderr)
        assert "(SomethingNew) Azure says something new." in done.stderr
        assert "  What stands now:\n" in done.stderr
        assert "python3 infra/deploy.py --resource-group rg-phone" in done.stderr
        assert "Traceback" not in done.stderr
        assert os.listdir(there.folder / "tmp") == []
    assert there.app.fetched["TWILIO_AUTH_TOKEN"] == there.twilio.token
    assert there.app.calls == [{"to": "+15551234567"}]
    wanted = {"version", "group create", "deployment group what-if", "deployment group create", "rest"}
    wanted |= {"keyvault secret set twilio-auth-token", "functionapp deployment source config-zip"}
    assert wanted <= set(failed), failed


def test_what_stands_is_told(there: World) -> None:
    """The list grows with the steps."""
    there.azure.faults = [Fault("functionapp deployment source config-zip", "Zip deployment failed. No space left.")]

    done = there.deploy()

    assert "the resource provider Microsoft.KeyVault, registered" in done.stderr
    assert "the resources of the deployment 'phone' in rg-phone" in done.stderr
    assert "TWILIO_AUTH_TOKEN in the Key Vault kv-" in done.stderr
    assert "Zip deployment failed. No space left." in done.stderr
    assert "connected" not in done.stderr


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("Please run 'az login' to setup account.", "type `az login`"),
        (
            "InvalidTemplateDeployment - Deployment failed with multiple errors: 'Authorization failed for template "
            "resource 'x' of type 'Microsoft.Authorization/roleAssignments'. The client 'ann' with object id 'o' does "
            "not have permission to perform action 'Microsoft.Authorization/roleAssignments/write' at scope '/x'.'",
            "Role Based Access Control Administrator",
        ),
        (
            "(AuthorizationFailed) The client 'ann' does not have authorization to perform action "
            "'Microsoft.Resources/subscriptions/resourceGroups/write' over scope '/subscriptions/s'.",
            "'Contributor' does",
        ),
        ("(StorageAccountAlreadyTaken) The storage account named stxhost is already taken.", "another with --name"),
        ("(Conflict) Website with given name func-x already exists.", "another with --name"),
        ("(ConflictError) A vault with the same name already exists in deleted state.", "az keyvault purge --name"),
        ("(VaultAlreadyExists) The vault name 'kv-x' is already in use.", "az keyvault purge --name"),
        (
            "(LocationNotAvailableForResourceType) The provided location 'x' is not available for resource type "
            "'Microsoft.Web/serverfarms'.",
            "az functionapp list-flexconsumption-locations",
        ),
        (
            "(MissingSubscriptionRegistration) The subscription is not registered to use namespace 'Microsoft.Foo'.",
            "az provider register --namespace Microsoft.Foo --wait",
        ),
        ("(InvalidResourceGroupLocation) Invalid resource group location 'x'.", "leave --location out"),
        ("(DeploymentActive) The deployment cannot be saved.", "the same command waits for it"),
        ("(SubscriptionIsOverQuotaForSku) This region has a quota of 0 instances", "quota for this region is used up"),
        ("(RequestDisallowedByPolicy) Resource 'kv' was disallowed by policy.", "A policy of your organisation"),
        ("(ScopeLocked) The scope cannot perform delete because following scope(s) are locked", "az lock list"),
        ("Error while attempting to download Bicep CLI: <urlopen error timed out>.", "az bicep version"),
        ("Insufficient privileges to complete the operation.", "--deployer-principal-id"),
        ("HTTPSConnectionPool(host='management.azure.com'): Max retries exceeded", "HTTPS_PROXY"),
        ("(ForbiddenByFirewall) Public network access is disabled.", "network rules"),
        ("Something that nobody has seen before.", None),
    ],
)
def test_known_refusals_are_explained(text: str, advice: str | None) -> None:
    """With what to type against them."""
    found = explain(text)

    assert (advice in found[0]) if advice else (found == [])


def test_an_explanation_stands_with_the_failure(there: World) -> None:
    """Azure's words come first, and are whole."""
    text = "(StorageAccountAlreadyTaken) The storage account named stxhost is already taken.\nCode: x"
    there.azure.faults = [Fault("deployment group create", text)]

    done = there.deploy()

    assert "named stxhost is already taken.\n    Code: x\n" in done.stderr
    assert "Choose another with --name." in done.stderr


def test_a_role_that_never_comes_is_explained(there: World) -> None:
    """The patience has an end."""
    there.azure.faults = [Fault("keyvault secret show", TOO_EARLY, times=100)]

    done = there.deploy()

    assert "Key Vault Secrets Officer" in done.stderr
    assert there.azure.ran("keyvault secret show") == 30


def test_a_vault_that_was_deleted_is_found_before_anything_is_made(there: World) -> None:
    """Its name is taken for some days."""
    vault = {"vaultId": "/subscriptions/s/resourceGroups/RG-Phone/providers/x", "tags": {"phone-deployment": "phone"}}
    there.azure.deleted_vaults = [{"name": "kv-abc123rgphonep", "properties": vault}]

    done = there.deploy()

    assert done.returncode == 1
    assert "az keyvault purge --name kv-abc123rgphonep" in done.stderr
    assert there.azure.groups == {}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--location", "west_europe"), "argument --location/-l: 'west_europe': expected a region like westeurope"),
        (("--set", "x"), "argument --set: 'x': expected NAME=VALUE"),
        (("--name", "A Phone"), "argument --name: 'A Phone': expected 3 to 24 lower-case"),
        (("--resource-group", "rg/1"), "'rg/1': expected 1 to 90 letters"),
        (("--number", "555 1234"), "'5551234': expected a number like +15005550006"),
        (("--public-base-url", "http://x"), "'http://x': expected https:// and a host"),
        (("--parameters", "no.bicepparam"), "'no.bicepparam': there is no such file"),
        (("--plan", "--what-if"), "argument --what-if: not allowed with argument --plan"),
        (("--verbose",), "unrecognized arguments: --verbose"),
    ],
)
def test_odd_options_are_refused_with_their_name(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], words: str
) -> None:
    """By the command line itself."""
    with pytest.raises(SystemExit):
        parser().parse_args(["--resource-group", "rg", *options])

    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--location", "Mars North"), "The region marsnorth does not offer Flex Consumption. These do: eastus2, west"),
        (("--location", "westeurope", "--set", "pythonVersion=3.9"), "offers Python 3.11, 3.12, 3.13 and not 3.9"),
        (("--location", "westeurope", "--set", "colour=red"), "--set colour: the template has no such parameter"),
        (("--location", "westeurope", "--set", "name=x"), "--set name: this parameter has an option of its own"),
        (("--location", "westeurope", "--secrets", "no.env"), "no.env cannot be read: No such file or directory"),
        ((), "rg-phone does not exist yet: say where with --location"),
    ],
)
def test_what_cannot_be_deployed_is_refused(there: World, options: tuple[str, ...], words: str) -> None:
    """Before anything is made."""
    done = there.run("deploy", "--yes", *options, **there.secrets)

    assert done.returncode == 1
    assert words in done.stderr
    assert there.azure.groups == {}


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"TWILIO_AUTH_TOKEN": "marked-one\nmarked-two"}, "TWILIO_AUTH_TOKEN: expected one line of letters, digits"),
        ({"TWILIO_AUTH_TOKEN": "marked-\u00e9"}, "TWILIO_AUTH_TOKEN: expected one line"),
        ({"TWILIO_AUTH_TOKEN": "marked-wrong"}, "TWILIO_AUTH_TOKEN is not an auth token of the account"),
        ({"TWILIO_API_SECRET": "marked-wrong"}, "TWILIO_API_KEY and TWILIO_API_SECRET are not a key of the account"),
        ({"TWILIO_API_KEY": "SK12"}, "TWILIO_API_KEY: expected an API key's SID, SK and 32 hexadecimal digits"),
        ({"TWILIO_ACCOUNT_SID": "ac" + "0" * 32}, "TWILIO_ACCOUNT_SID: expected the account's SID"),
        ({"TWILIO_FROM_NUMBER": "5005550006"}, "TWILIO_FROM_NUMBER: expected the number that calls"),
        ({"TWILIO_AUTH_TOKEN": ""}, "Nobody is here to answer: TWILIO_AUTH_TOKEN"),
        ({"TWILIO_API_SECRET": ""}, "Nobody is here to answer: TWILIO_API_SECRET"),
    ],
)
def test_odd_twilio_values_are_refused_without_being_shown(there: World, variables: dict[str, str], words: str) -> None:
    """By name, before anything is made."""
    done = there.deploy(**variables)

    assert done.returncode == 1
    assert words in done.stderr
    assert "marked-" not in done.stdout + done.stderr
    assert there.azure.groups == {}


def test_a_file_of_secrets_with_a_stray_line_is_refused(there: World, tmp_path: Path) -> None:
    """A mistyped name would otherwise be ignored; the line itself may be a secret."""
    file = tmp_path / "twilio.env"
    file.write_text("TWILIO_AUTHTOKEN=marked-token\n")

    done = there.run("deploy", "--location", "westeurope", "--secrets", str(file))

    assert "a line does not begin with one of TWILIO_ACCOUNT_SID" in done.stderr
    assert "marked-token" not in done.stderr


def test_twilio_out_of_reach_stops_nothing(there: World) -> None:
    """The check is a help, not a condition."""
    done = there.deploy("--no-connect", TWILIO_API_BASE_URL="http://127.0.0.1:9")

    assert done.returncode == 0, done.stderr
    assert "Twilio could not be asked whether they are right" in done.stdout


def test_without_the_cli_there_is_a_word_where_to_get_it(there: World) -> None:
    """And no traceback."""
    done = there.deploy(PATH=str(there.folder / "tmp"))

    assert done.returncode == 1
    assert "https://learn.microsoft.com/cli/azure/install-azure-cli" in done.stderr


@pytest.mark.parametrize("place", ["python.exe", "wbin/python.exe"])
def test_on_windows_the_cli_is_started_past_its_batch_file(tmp_path: Path, place: str) -> None:
    """As Microsoft's installer lays it out, and as pip does."""
    (tmp_path / "wbin").mkdir()
    batch = tmp_path / "wbin" / "az.cmd"
    assert past_batch_file(batch) == [str(batch)]

    (tmp_path / place).touch()
    assert past_batch_file(batch) == [str(tmp_path / place), "-I", "-B", "-m", "azure.cli"]
    assert past_batch_file(tmp_path / "wbin" / "az") == [str(tmp_path / "wbin" / "az")]


def test_an_old_cli_is_refused(there: World) -> None:
    """Debian 12's own knows nothing of Flex Consumption."""
    there.azure.version = "2.45.0"

    assert "The Azure CLI 2.45.0 is too old" in there.deploy().stderr


def test_a_login_as_a_managed_identity_needs_an_id(there: World) -> None:
    """It has no entry that the CLI could look up by its name."""
    there.azure.login = {"name": "userAssignedIdentity", "type": "servicePrincipal", "assignedIdentityInfo": "MSI"}

    assert "give its object ID with --deployer-principal-id" in there.deploy().stderr
    assert there.deploy("--deployer-principal-id", "o", "--deployer-principal-type", "ServicePrincipal").returncode == 0


def test_a_number_that_cannot_be_connected_leaves_the_rest_standing(deployed: World) -> None:
    """The command that connects it alone follows."""
    deployed.twilio.fake.number(NUMBER).voice_url = "https://other.example.com"

    done = deployed.run("deploy", "--yes")

    assert done.returncode == 1
    assert "python3 infra/connect_number.py --resource-group rg-phone --name phone --take-over" in done.stderr
    assert deployed.calls_go_to == "https://other.example.com"


def test_an_app_that_does_not_become_healthy_is_told_about(there: World) -> None:
    """With what its health says."""
    there.app.sick = 1000

    done = there.deploy()

    assert "The app did not become healthy: 503 status: not_ready, settings: wrong" in done.stderr
    assert "az functionapp config appsettings list --resource-group rg-phone --name func-phone-" in done.stderr


def test_a_certificate_that_python_does_not_trust_is_explained(there: World) -> None:
    """The usual end of a first try on macOS, and behind proxies."""
    there.variables["SSL_CERT_FILE"] = "/dev/null"
    try:
        done = there.deploy()
    finally:
        there.variables["SSL_CERT_FILE"] = str(there.folder / "certificate.pem")

    assert "Install Certificates.command" in done.stderr


@pytest.mark.parametrize("command", ["deployment group create", "keyvault secret set"])
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_secret_and_can_be_taken_up(there: World, command: str, stop: int) -> None:
    """Ctrl-C, or the end of a pipeline's job, in the middle of a command."""
    process = subprocess.Popen(
        there.command("deploy", "--location", "westeurope", "--yes"),
        cwd=there.repository,
        env=there.environ(**there.secrets),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def interrupt(call: Call) -> None:
        if call.command == command:
            there.azure.before = lambda call: None
            process.send_signal(stop)
            process.wait(10)

    there.azure.before = interrupt
    _, errors = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "It was interrupted." in errors
    assert "python3 infra/deploy.py" in errors
    assert os.listdir(there.folder / "tmp") == []
    assert there.deploy().returncode == 0
    assert there.app.fetched["TWILIO_AUTH_TOKEN"] == there.twilio.token

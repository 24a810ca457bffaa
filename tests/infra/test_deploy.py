"""deploy.py against a stand-in for the Azure CLI that checks each command by what the real one takes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stand_in_az.answers_vault import TOO_EARLY
from tests.support.stand_in_az.cloud import Fault
from tests.support.stand_in_az.twilio import ACCOUNT
from tests.support.stand_in_az.world import FUNCTIONS, KEY, NUMBER, World

pytestmark = pytest.mark.skipif(os.name != "posix", reason="puts a script named az on the PATH")

# Commands that change something, whatever there was before.
CHANGES = (
    "group create",
    "provider register",
    "keyvault secret set",
    "functionapp config appsettings set",
    "functionapp deployment source config-zip",
    "tag update",
    "rest",
)


def test_one_command_leads_from_nothing_to_a_phone_that_answers(there: World) -> None:
    """The whole way, and how to go on."""
    done = there.deploy("--call", "+1 (555) 123-4567")

    assert done.returncode == 0, done.stderr
    app = there.app
    assert app.fetched["TWILIO_AUTH_TOKEN"] == there.twilio.token
    assert app.fetched["TWILIO_API_SECRET"] == there.twilio.keys[KEY]
    assert (app.settings["TWILIO_ACCOUNT_SID"], app.settings["TWILIO_FROM_NUMBER"]) == (ACCOUNT, NUMBER)
    assert app.functions == list(FUNCTIONS)
    assert app.calls == [{"to": "+15551234567"}]
    assert {"Microsoft.KeyVault", "Microsoft.OperationalInsights", "Microsoft.Insights"} <= there.azure.registered
    assert there.calls_go_to == f"https://{app.host}/api/answer_call"
    assert f'curl "https://{app.host}/api/make_call" --header "x-functions-key: $KEY"' in done.stdout
    assert "az functionapp keys list --resource-group rg-phone" in done.stdout


def test_every_command_is_printed_before_it_runs(there: World) -> None:
    """So that people can copy it, and see what a slow one is doing."""
    done = there.deploy()

    printed = [line.removeprefix("$ az ") for line in done.stdout.splitlines() if line.startswith("$ az ")]
    assert len(printed) == len(there.azure.calls) > 20
    for line, call in zip(printed, there.azure.calls, strict=True):
        assert line.startswith(call.command)


def test_the_same_command_again_changes_nothing(deployed: World) -> None:
    """Nothing is asked, written, uploaded or restarted; the template is deployed as it was."""
    before = deployed.snapshot()

    done = deployed.run("deploy", "--location", "westeurope")

    assert done.returncode == 0, done.stderr
    assert not set(deployed.commands()) & set(CHANGES)
    after = deployed.snapshot()
    assert before[0].pop("calls") != after[0].pop("calls")
    assert (after[0], after[1]) == (before[0], before[1])
    assert deployed.app.settings["TWILIO_API_KEY"] == KEY


def test_a_new_secret_replaces_the_old_one_and_nothing_else(deployed: World) -> None:
    """The token was changed by hand at Twilio."""
    deployed.twilio.token = "marked-token-changed-by-hand"

    done = deployed.deploy()

    assert done.returncode == 0, done.stderr
    assert deployed.azure.secret("twilio-auth-token") == "marked-token-changed-by-hand"
    assert [command for command in deployed.commands() if command in CHANGES] == ["keyvault secret set", "rest"]
    assert deployed.app.fetched["TWILIO_AUTH_TOKEN"] == "marked-token-changed-by-hand"


def test_changed_code_is_uploaded_and_unchanged_code_only_when_told(deployed: World) -> None:
    """What the app has is noted on the group."""
    assert deployed.run("deploy", "--yes", "--again").returncode == 0
    assert deployed.azure.ran("functionapp deployment source config-zip") == 1

    module = deployed.repository / "shared" / "added_for_this_test.py"
    module.write_text('"""New."""\n')
    try:
        assert deployed.run("deploy", "--yes").returncode == 0
    finally:
        module.unlink()
    assert deployed.azure.ran("functionapp deployment source config-zip") == 2


def test_code_is_uploaded_again_to_an_app_that_is_not_healthy(deployed: World) -> None:
    """The note on the group may be older than the app."""
    deployed.app.functions = []

    assert deployed.run("deploy", "--yes").returncode == 0
    assert deployed.azure.ran("functionapp deployment source config-zip") == 1


def test_what_if_shows_and_stops(deployed: World) -> None:
    """For pull requests: exit code 0, and nothing has been touched."""
    before = deployed.snapshot()

    done = deployed.run("deploy", "--what-if", "--set", "alwaysReady=1")

    assert done.returncode == 0, done.stderr
    assert "~ modify  Microsoft.Web/sites  func-phone-" in done.stdout
    assert "~ properties.x: 1 -> 2" in done.stdout
    assert deployed.commands()[-1] == "deployment group what-if"
    assert deployed.snapshot()[1:] == before[1:]


def test_what_if_without_a_group_makes_none(there: World) -> None:
    """Even an empty group would be a change."""
    done = there.run("deploy", "--what-if", "--location", "westeurope", **there.secrets)

    assert (done.returncode, there.azure.groups) == (0, {})
    assert "everything would be created" in done.stdout


def test_settings_stay_unless_something_says_otherwise(deployed: World) -> None:
    """An option forgotten the next time must not take the app's address away."""
    options = ("--public-base-url", "https://phone.example.com/", "--set", "allowedCountries=US,CA")
    assert deployed.run("deploy", "--yes", *options).returncode == 0
    assert deployed.run("deploy", "--yes").returncode == 0
    settings = deployed.app.settings
    assert (settings["PUBLIC_BASE_URL"], settings["ALLOWED_COUNTRIES"]) == ("https://phone.example.com", "US,CA")
    assert deployed.calls_go_to == "https://phone.example.com/api/answer_call"

    assert (
        deployed.run(
            "deploy", "--yes", "--set", "allowedCountries=", PUBLIC_BASE_URL="https://b.example.com"
        ).returncode
        == 0
    )
    settings = deployed.app.settings
    assert (settings["PUBLIC_BASE_URL"], settings["ALLOWED_COUNTRIES"]) == ("https://b.example.com", "")


def test_deploying_in_the_middle_of_a_rotation_does_not_undo_it(deployed: World) -> None:
    """The app still takes the second token afterwards."""
    reference = deployed.app.settings["TWILIO_AUTH_TOKEN"].replace("-token/", "-token-next/")
    deployed.app.settings["TWILIO_AUTH_TOKEN_NEXT"] = reference

    assert deployed.run("deploy", "--yes").returncode == 0
    assert deployed.app.settings["TWILIO_AUTH_TOKEN_NEXT"] == reference


def test_a_new_role_and_a_new_name_are_waited_for(there: World) -> None:
    """Azure needs minutes to know a role everywhere; so the first tries are refused."""
    there.azure.role_lag = 3
    text = "<urllib3.connection.HTTPSConnection object>: Failed to resolve 'kv-x.vault.azure.net'"
    there.azure.faults = [Fault("keyvault secret show", text)]

    def lag_for_the_code(call: object) -> None:
        if there.azure.calls[-1].command == "rest":
            there.azure.role_lag = 2

    there.azure.before = lag_for_the_code
    done = there.deploy()

    assert done.returncode == 0, done.stderr
    assert there.azure.ran("functionapp deployment source config-zip") == 3
    assert "Azure does not allow reading secrets yet" in done.stdout
    assert "Azure does not allow uploading code yet" in done.stdout


def test_functions_that_azure_does_not_list_are_synchronised(there: World) -> None:
    """A deployment that went well may leave nothing but WarmUp in the list."""
    there.app.unlisted = 2

    done = there.deploy()

    assert done.returncode == 0, done.stderr
    assert sum("host/default/sync" in " ".join(call.words) for call in there.azure.calls) == 2


def test_an_app_with_wrong_settings_is_told_to_fetch_its_secrets_again(there: World) -> None:
    """The app's own role may be younger than its first look into the vault."""
    there.app.sick = 3

    done = there.deploy()

    assert done.returncode == 0, done.stderr
    assert "Not yet: 503 status: not_ready, settings: wrong" in done.stdout
    assert sum("refresh" in " ".join(call.words) for call in there.azure.calls) == 2


def test_a_deployment_that_is_still_going_on_is_waited_for(deployed: World) -> None:
    """The last run was interrupted, and Azure went on by itself."""
    deployed.azure.deployments["rg-phone", "phone"].update(state="Running", polls=3, then="Succeeded")

    done = deployed.run("deploy")

    assert done.returncode == 0, done.stderr
    assert "still going on (Running)" in done.stdout


def test_after_a_failed_deployment_the_app_is_found_by_its_resources(deployed: World) -> None:
    """A failed deployment has no outputs; nobody is asked again for what the app has already."""
    deployed.azure.deployments["rg-phone", "phone"]["state"] = "Failed"

    done = deployed.run("deploy")

    assert done.returncode == 0, done.stderr
    assert not set(deployed.commands()) & set(CHANGES)


def test_a_pipeline_needs_no_directory_and_no_secrets(deployed: World) -> None:
    """A service principal deploys what has been set up by a person."""
    deployed.azure.login = {"name": "33333333-3333-3333-3333-333333333333", "type": "servicePrincipal"}
    deployed.azure.faults = [Fault("keyvault secret list", TOO_EARLY)]

    deployed.twilio.fake.number(NUMBER).voice_url = ""
    done = deployed.run("deploy", "--yes", "--no-connect")

    assert done.returncode == 0, done.stderr
    assert not [command for command in deployed.commands() if command.startswith(("ad ", "keyvault secret show"))]
    assert deployed.calls_go_to == ""


@pytest.mark.parametrize(
    ("login", "options", "expected"),
    [
        ({"type": "user"}, (), ("11111111-1111-1111-1111-111111111111", "User")),
        ({"type": "servicePrincipal"}, (), ("22222222-2222-2222-2222-222222222222", "ServicePrincipal")),
        ({"type": "user"}, ("--deployer-principal-id", "g", "--deployer-principal-type", "Group"), ("g", "Group")),
    ],
)
def test_who_deploys_may_write_secrets(
    there: World, login: dict[str, str], options: tuple[str, ...], expected: tuple[str, str]
) -> None:
    """Owners of a subscription may not write into a vault without a role of its own."""
    there.azure.login = {"name": "somebody", **login}

    assert there.deploy(*options).returncode == 0
    parameters = there.azure.deployments["rg-phone", "phone"]["parameters"]
    assert (parameters["deployerPrincipalId"], parameters["deployerPrincipalType"]) == expected


def test_a_subscription_goes_with_every_command_that_takes_one(there: World) -> None:
    """The default of the person's CLI is not changed."""
    assert there.deploy("--subscription", "Somebody's subscription").returncode == 0

    for call in there.azure.calls:
        assert (call["subscription"] == "Somebody's subscription") is not call.command.startswith(("ad ", "version"))


def test_two_apps_in_one_group_do_not_meet(deployed: World) -> None:
    """The name tells them apart."""
    done = deployed.deploy("--name", "second", "--tag", "team=ops")

    assert done.returncode == 0, done.stderr
    assert set(deployed.azure.deployments) == {("rg-phone", "phone"), ("rg-phone", "second")}
    tags = [found["tags"] for found in deployed.azure.resources]
    assert tags.count({"phone-deployment": "phone"}) == 8
    assert tags.count({"phone-deployment": "second", "team": "ops"}) == 8


def test_secrets_can_come_from_a_file(there: World, tmp_path: Path) -> None:
    """In the form of .env; who can read it is looked at."""
    file = tmp_path / "twilio.env"
    file.write_text("# Twilio\n" + "\n".join(f"export {name}='{value}'" for name, value in there.secrets.items()))
    file.chmod(0o644)

    done = there.run("deploy", "--location", "westeurope", "--yes", "--secrets", str(file))

    assert done.returncode == 0, done.stderr
    assert there.azure.secret("twilio-auth-token") == there.twilio.token
    assert f"chmod 600 {file}" in done.stdout


def on_a_terminal(there: World, answers: list[tuple[str, str]], *options: str) -> tuple[int, str]:
    """Run deploy.py on a terminal, and type each answer when its question comes; return what the terminal showed."""
    if sys.platform == "win32":
        raise OSError("there are no terminals of this kind")
    controller, terminal = os.openpty()
    # getpass speaks to the process's own terminal, past standard input; whoever opens a terminal first has it.
    own = "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execv(sys.argv[1], sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", own, *there.command("deploy", *options)],
        cwd=there.repository,
        env=there.environ(),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    shown = ""
    while True:
        try:
            received = os.read(controller, 65536).decode()
        except OSError:  # the script has ended
            break
        shown += received
        if answers and answers[0][0] in shown[shown.rfind("\n") + 1 :]:
            os.write(controller, f"{answers.pop(0)[1]}\n".encode())
    os.close(controller)
    assert not answers, f"never asked: {answers}\n{shown}"
    return process.wait(), shown


def test_a_person_is_asked_once_and_secrets_are_not_shown(there: World) -> None:
    """As typed by somebody with nothing prepared."""
    answers = [
        ("TWILIO_ACCOUNT_SID", ACCOUNT),
        ("TWILIO_API_KEY", KEY),
        ("TWILIO_FROM_NUMBER", NUMBER),
        ("TWILIO_AUTH_TOKEN (not shown)", there.twilio.token),
        ("TWILIO_API_SECRET (not shown)", there.twilio.keys[KEY]),
        ("Create the resource group rg-phone in westeurope? [y/N]", "y"),
        ("Go on? [y/N]", "yes"),
    ]

    code, shown = on_a_terminal(there, answers, "--location", "westeurope")

    assert code == 0, shown
    assert there.app.fetched["TWILIO_AUTH_TOKEN"] == there.twilio.token
    assert "marked-" not in shown

    code, shown = on_a_terminal(there, [], "--location", "westeurope")
    assert code == 0, shown


def test_whoever_does_not_say_yes_keeps_things_as_they_are(deployed: World) -> None:
    """Enter is no."""
    before = deployed.snapshot()

    code, shown = on_a_terminal(deployed, [("Go on? [y/N]", "")], "--set", "alwaysReady=2")

    assert code == 1
    assert "nothing of this was created or changed" in shown
    assert deployed.snapshot()[1:] == before[1:]


@pytest.mark.parametrize("script", ["deploy", "destroy", "rotate"])
def test_every_script_explains_itself(script: str) -> None:
    """--help needs nothing, and says more than the usage."""
    command = [sys.executable, f"infra/{script}.py", "--help"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)

    assert done.stdout.startswith(f"usage: python3 infra/{script}.py")
    assert "--resource-group" in done.stdout

"""deploy.py: one command from nothing to a phone that answers, and again without harm."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from tests.support.stand_in_az.cli import Call
from tests.support.stand_in_az.cloud import TOO_EARLY, Fault
from tests.support.stand_in_az.twilio import ACCOUNT, KEY
from tests.support.stand_in_az.world import NUMBER, World

# Commands that change nothing.
READING = ("version", "account show", "what-if", "list", "list-deleted", "show", "exists", "flexconsumption")
UPLOAD = "functionapp deployment source config-zip"


def changes(there: World) -> list[str]:
    """Return the commands that may have changed something."""
    return [
        command for command in there.azure.commands() if not command.endswith(READING) and READING[-1] not in command
    ]


def test_one_command_leads_from_nothing_to_a_phone_that_answers(there: World) -> None:
    """Secrets, settings, code, number and a test call."""
    done = there.deploy("--call", "+1 (555) 123-4567")

    assert done.code == 0, done.err
    app = there.app
    assert app.fetched["TWILIO_AUTH_TOKEN"] == there.twilio.token
    assert app.fetched["TWILIO_API_SECRET"] == there.twilio.keys[KEY]
    assert (app.settings["TWILIO_ACCOUNT_SID"], app.settings["TWILIO_FROM_NUMBER"]) == (ACCOUNT, NUMBER)
    assert {"health", "make_call", "answer_call"} <= set(app.functions)
    assert app.calls == [{"to": "+15551234567"}]
    assert there.calls_go_to == f"https://{app.host}/api/answer_call"
    assert f'curl "https://{app.host}/api/make_call"' in done.out


def test_every_command_is_printed(there: World) -> None:
    """In the order in which they run."""
    done = there.deploy()

    printed = [line.partition("az ")[2] for line in done.out.splitlines() if line.startswith("$ ")]
    assert [call.command for call in there.azure.calls] == [
        call.command for call, line in zip(there.azure.calls, printed, strict=True) if line.startswith(call.command)
    ]


def test_the_same_command_again_uploads_the_code_and_changes_nothing_else(deployed: World) -> None:
    """Nothing is asked, and no role is given."""
    settings = dict(deployed.app.settings)

    done = deployed.run("deploy", "--yes")

    assert done.code == 0, done.err
    assert changes(deployed) == ["deployment group create", UPLOAD]
    assert deployed.app.settings == settings
    assert deployed.azure.deployments["rg-phone", "phone"]["parameters"]["deployerWritesSecrets"] is False


def test_without_a_terminal_and_without_yes_nothing_begins(deployed: World) -> None:
    """Not even a look at Azure."""
    done = deployed.run("deploy")

    assert (done.code, deployed.azure.calls) == (1, [])
    assert "--yes" in done.err


def test_a_user_is_asked_once_and_secrets_are_not_shown(there: World) -> None:
    """What the environment and Azure do not know."""
    there.answers = [ACCOUNT, KEY, NUMBER, there.twilio.token, there.twilio.keys[KEY], "y", "yes"]

    done = there.run("deploy", "--location", "West Europe")

    assert done.code == 0, done.err
    names = ["ACCOUNT_SID", "API_KEY", "FROM_NUMBER", "AUTH_TOKEN (not shown)"]
    names.append("API_SECRET (not shown)")
    assert all(f"TWILIO_{name}" in asked for name, asked in zip(names, there.asked, strict=False))
    assert [asked.partition("?")[0] for asked in there.asked[5:]] == [
        "Create the resource group rg-phone in westeurope",
        "Go on",
    ]
    assert there.app.fetched["TWILIO_AUTH_TOKEN"] == there.twilio.token
    assert "marked-" not in done.out + done.err


def test_without_a_yes_nothing_is_changed(deployed: World) -> None:
    """Enter means no."""
    deployed.answers, file = ["n"], deployed.parameters.read_text()

    done = deployed.run("deploy", "--set", "alwaysReady=2")

    assert (done.code, changes(deployed), deployed.parameters.read_text()) == (1, [], file)


@pytest.mark.parametrize("has_app", [False, True], ids=["into nothing", "into an app"])
def test_what_if_changes_nothing(whole_world: tuple[World, object], deployed: World, has_app: bool) -> None:
    """It registers no resource provider, creates no group and writes no file."""
    if not has_app:
        deployed.restore(whole_world[1])  # type: ignore[arg-type]
    before, file = deployed.snapshot()[1:], deployed.parameters.read_text()

    done = deployed.run("deploy", "--what-if", "--location", "westeurope", "--set", "alwaysReady=1")

    assert done.code == 0, done.err
    assert ("'alwaysReady': 1" in done.out) is has_app
    assert (changes(deployed), deployed.snapshot()[1:], deployed.parameters.read_text()) == ([], before, file)


def test_a_pipelines_log_contains_neither_account_nor_number(deployed: World) -> None:
    """Many people can read it."""
    done = deployed.run("deploy", "--what-if", CI="true")

    assert done.code == 0, done.err
    assert ACCOUNT not in done.out
    assert NUMBER not in done.out


def test_a_pipeline_needs_no_secrets(deployed: World) -> None:
    """Its service principal may not read the vault, and gets no role on it."""
    deployed.azure.faults = [Fault("keyvault secret show", TOO_EARLY, times=100)]
    deployed.twilio.fake.number(NUMBER).voice_url = ""

    done = deployed.run("deploy", "--yes", "--no-connect")

    assert done.code == 0, done.err
    assert deployed.azure.deployments["rg-phone", "phone"]["parameters"]["deployerWritesSecrets"] is False
    assert deployed.calls_go_to == ""


def test_a_changed_python_rebuilds_the_app(deployed: World) -> None:
    """Code that was built for another Python cannot be imported."""
    done = deployed.run("deploy", "--yes", "--set", "pythonVersion=3.12")

    assert done.code == 0, done.err
    assert (deployed.app.python, deployed.app.built_for) == ("3.12", "3.12")


def test_deployed_means_that_the_app_reports_the_build_of_this_upload(deployed: World) -> None:
    """Not that the CLI stopped waiting, and not that the code of before is healthy."""
    old = deployed.app.build
    text = "Timeout reached by the command, however, the deployment operation\n    is still on-going."
    deployed.azure.faults = [Fault(UPLOAD, text, after=True), Fault(UPLOAD, text, times=9)]
    deployed.app.slow = 5
    assert deployed.run("deploy", "--yes").code == 0
    assert deployed.app.build not in ("", old)

    done = deployed.run("deploy", "--yes")

    assert done.code == 1
    assert f"build: {deployed.app.build}" in done.err


def test_a_new_secret_replaces_the_old_one(deployed: World) -> None:
    """The other secrets are not written again."""
    deployed.twilio.token = "marked-token-changed-by-hand"

    assert deployed.deploy().code == 0
    assert deployed.app.fetched["TWILIO_AUTH_TOKEN"] == "marked-token-changed-by-hand"
    assert [call["name"] for call in deployed.azure.ran("keyvault secret set")] == ["twilio-auth-token"]


@pytest.mark.parametrize(
    "variables",
    [
        {"TWILIO_ACCOUNT_SID": "AC" + "9" * 32},
        {"TWILIO_ACCOUNT_SID": "AC" + "9" * 32, "TWILIO_AUTH_TOKEN": "marked-wrong"},
        {"TWILIO_API_KEY": "SK" + "9" * 32},
        {"TWILIO_API_SECRET": "marked-wrong"},
        {"TWILIO_AUTH_TOKEN": "marked-wrong"},
    ],
)
@pytest.mark.parametrize("given", [False, True], ids=["alone", "with the old values"])
def test_account_key_and_token_are_checked_together_before_anything_changes(
    deployed: World, variables: dict[str, str], given: bool
) -> None:
    """A new value is checked with the old values that stay."""
    values = {**deployed.secrets, **variables} if given else variables

    done = deployed.run("deploy", "--yes", **values)

    assert (done.code, changes(deployed)) == (1, [])
    assert re.search("TWILIO_(AUTH_TOKEN|API_SECRET)", done.err)
    assert "marked-" not in done.out + done.err


def test_new_values_are_not_deployed_unchecked_while_twilio_is_out_of_reach(there: World) -> None:
    """The account may be another one."""
    done = there.deploy(TWILIO_API_BASE_URL="http://127.0.0.1:9")

    assert (done.code, changes(there)) == (1, [])
    assert "Twilio could not be reached" in done.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TWILIO_AUTH_TOKEN", "marked-one\nmarked-two"),
        ("TWILIO_AUTH_TOKEN", "marked-\u00e9"),
        ("TWILIO_AUTH_TOKEN", ""),
        ("TWILIO_API_SECRET", ""),
        ("TWILIO_API_KEY", "SK12"),
        ("TWILIO_ACCOUNT_SID", "ac" + "0" * 32),
        ("TWILIO_ACCOUNT_SID", ""),
        ("TWILIO_FROM_NUMBER", "5005550006"),
    ],
)
def test_a_malformed_or_missing_value_is_named_and_not_shown(there: World, name: str, value: str) -> None:
    """Before anything changes."""
    done = there.deploy(**{name: value})

    assert (done.code, changes(there)) == (1, [])
    assert name in done.err
    assert "marked-" not in done.out + done.err


def test_secrets_can_come_from_a_file(there: World, tmp_path: Path) -> None:
    """Readers of the file are looked at."""
    file = tmp_path / "twilio.env"
    file.write_text("# Twilio\n\n" + "\n".join(f"export {name}='{value}'" for name, value in there.secrets.items()))
    file.chmod(0o644)

    done = there.run("deploy", "--location", "westeurope", "--yes", "--secrets", str(file))

    assert done.code == 0, done.err
    assert there.azure.secret("twilio-auth-token") == there.twilio.token
    assert f"chmod 600 {file}" in done.out


@pytest.mark.parametrize("text", [None, "TWILIO_AUTHTOKEN=marked-token\n", '{"marked": 1}', "\udcff"])
def test_an_unreadable_file_of_secrets_is_rejected_without_being_shown(
    there: World, tmp_path: Path, text: str | None
) -> None:
    """A misspelled name would otherwise be ignored."""
    file = tmp_path / "twilio.env"
    if text:
        file.write_text(text, "utf-8", errors="surrogateescape")

    done = there.run("deploy", "--location", "westeurope", "--yes", "--secrets", str(file))

    assert (done.code, changes(there)) == (1, [])
    assert str(file) in done.err
    assert "marked-" not in done.err


def test_deploying_during_a_rotation_does_not_undo_it(deployed: World) -> None:
    """The app accepts both tokens afterwards."""
    reference = deployed.app.settings["TWILIO_AUTH_TOKEN"].replace("-token/", "-token-next/")
    deployed.app.settings["TWILIO_AUTH_TOKEN_NEXT"] = reference

    assert deployed.run("deploy", "--yes").code == 0
    assert deployed.app.settings["TWILIO_AUTH_TOKEN_NEXT"] == reference


def test_new_roles_slow_settings_and_unlisted_functions_are_waited_for(there: World) -> None:
    """Azure needs minutes for each of them."""
    there.azure.role_lag, there.app.sick, there.app.unlisted = 3, 3, 2

    def lag_for_the_code(call: Call) -> None:
        if call.command == UPLOAD and len(there.azure.ran(UPLOAD)) == 1:
            there.azure.role_lag = 2

    there.azure.before = lag_for_the_code
    done = there.deploy()

    assert done.code == 0, done.err
    assert (there.azure.role_lag, there.app.sick, there.app.unlisted) == (0, 0, 0)
    assert len(there.azure.ran(UPLOAD)) == 3


def test_a_running_deployment_is_waited_for(deployed: World) -> None:
    """An earlier run was interrupted, and Azure continues by itself."""
    deployed.azure.faults = [Fault("deployment group create", "(DeploymentActive) It cannot be saved.", times=3)]

    assert deployed.run("deploy", "--yes").code == 0
    assert len(deployed.azure.ran("deployment group create")) == 4


def test_two_apps_in_one_group_have_nothing_in_common(deployed: World) -> None:
    """The name tells them apart."""
    done = deployed.deploy("--name", "second", "--tag", "team=ops", "--no-connect")

    assert done.code == 0, done.err
    assert set(deployed.azure.deployments) == {("rg-phone", "phone"), ("rg-phone", "second")}
    tags = [found["tags"] for found in deployed.azure.resources if found["type"] != "Microsoft.Web/sites"]
    assert tags.count({"phone-deployment": "phone"}) == tags.count({"phone-deployment": "second", "team": "ops"}) == 7


def test_a_subscription_goes_with_every_command_that_takes_one(there: World) -> None:
    """The user's default is not changed."""
    assert there.deploy("--subscription", "Somebody's subscription").code == 0

    for call in there.azure.calls:
        assert (call["subscription"] == "Somebody's subscription") is (call.command != "version")


def test_every_command_may_fail_and_the_next_run_continues(there: World) -> None:
    """Each command of a first deployment fails once, before or after it was carried out."""
    failed: list[str] = []

    def fail_once_each(call: Call) -> None:
        what = f"{call.command} {call['name'] if call.command == 'keyvault secret set' else ''}"
        if what not in failed:
            failed.append(what)
            there.azure.faults.append(Fault(call.command, "(SomethingNew) New.", after=len(failed) % 2 == 0))

    there.azure.before = fail_once_each
    for number in range(1, 40):
        done = there.deploy("--call", "+15551234567")
        assert len(failed) >= number or done.code == 0, f"{failed[-1]} failed twice"
        if done.code == 0:
            break
        assert "(SomethingNew) New." in done.err
        assert "infra/deploy.py --resource-group rg-phone" in done.err
    assert done.code == 0
    assert there.app.fetched["TWILIO_AUTH_TOKEN"] == there.twilio.token
    assert len(there.app.calls) >= 1
    assert len(failed) > 12


def test_a_failure_names_what_exists(there: World) -> None:
    """In the order in which it was made."""
    there.azure.faults = [Fault(UPLOAD, "Zip deployment failed. No space left.")]

    done = there.deploy()

    assert done.code == 1
    exists = done.err.partition("What exists now")[2].partition("Next")[0]
    for what in ("rg-phone", "the app 'phone'", "TWILIO_AUTH_TOKEN in the Key Vault kv-", "TWILIO_API_SECRET"):
        assert what in exists
    assert "connected" not in exists


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("Please run 'az login' to setup account.", "az login"),
        (
            "does not have permission to perform action 'Microsoft.Authorization/roleAssignments/write'",
            "Role Based Access",
        ),
        ("(AuthorizationFailed) The client 'ann' does not have authorization", "'Contributor'"),
        ("(ConflictError) A vault with the same name already exists in deleted state.", "az keyvault purge"),
        ("(StorageAccountAlreadyTaken) The storage account named stxhost is already taken.", "--name"),
        ("The subscription is not registered to use namespace 'Microsoft.Foo'.", "--namespace Microsoft.Foo"),
        ("(SubscriptionIsOverQuotaForSku) This region has a quota of 0 instances", "quota"),
        ("Error while attempting to download Bicep CLI: <urlopen error timed out>.", "az bicep upgrade"),
        ("(RequestDisallowedByPolicy) Resource 'kv' was disallowed by policy. Code: Forbidden", "policy"),
        ("(SomethingNew) Nobody has seen this before.", "The same command"),
    ],
)
def test_known_errors_of_azure_come_with_advice(there: World, text: str, advice: str) -> None:
    """After Azure's own words."""
    there.azure.faults = [Fault("deployment group create", text)]

    done = there.deploy()

    assert text in done.err
    assert len(there.azure.ran("deployment group create")) == 1, "waiting does not help"
    assert advice in done.err.partition("Next:")[2]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--location", "Mars North"), "eastus2, westeurope"),
        (("--location", "westeurope", "--set", "pythonVersion=3.10"), "--set pythonVersion=3.11 or"),
        (("--location", "westeurope", "--set", "colour=red"), "--set colour"),
        (("--location", "westeurope", "--set", "name=x"), "--set name"),
        ((), "--location"),
    ],
)
def test_what_cannot_be_deployed_is_rejected_before_anything_changes(
    there: World, options: tuple[str, ...], words: str
) -> None:
    """By region, Python or parameter."""
    done = there.run("deploy", "--yes", *options, **there.secrets)

    assert (done.code, changes(there)) == (1, [])
    assert words in done.err


def test_only_pythons_of_region_and_template_are_proposed(there: World) -> None:
    """What only one of them has would be rejected later."""
    there.azure.pythons = ["3.10", "3.12", "4.0"]

    done = there.deploy()

    assert "--set pythonVersion=3.12" in done.err
    assert "3.10" not in done.err.partition("Next:")[2]
    assert "4.0" not in done.err.partition("Next:")[2]


@pytest.mark.parametrize(
    "options",
    [
        ("--location", "west_europe"),
        ("--set", "x"),
        ("--name", "A Phone"),
        ("--resource-group", "rg/1"),
        ("--number", "555 1234"),
        ("--public-base-url", "http://x"),
        ("--alert-email", "nobody"),
        ("--verbose",),
    ],
)
def test_malformed_options_are_rejected_by_name(there: World, options: tuple[str, ...]) -> None:
    """By the command line itself."""
    done = there.run("deploy", *options)

    assert done.code == 2
    assert f"argument {options[0]}" in done.err or options[0] == "--verbose"


def test_an_old_or_missing_cli_is_rejected(there: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the way to a new one."""
    there.azure.version_number = "2.45.0"
    assert "2.77" in there.deploy().err

    from deployment import azure_cli, terminal

    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(terminal.Refused, match="install-azure-cli"):
        azure_cli.find_program()


@pytest.mark.parametrize("place", ["python.exe", "wbin/python.exe"])
def test_on_windows_the_cli_is_started_without_its_batch_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """In the layouts of the installer and of pip."""
    from deployment import azure_cli

    (tmp_path / "wbin").mkdir()
    (tmp_path / place).touch()
    monkeypatch.setattr("shutil.which", lambda name: str(tmp_path / "wbin" / "az.cmd"))

    assert azure_cli.find_program() == [str(tmp_path / place), "-I", "-B", "-m", "azure.cli"]


def test_an_untrusted_certificate_is_explained(there: World) -> None:
    """It is a common failure behind proxies and on macOS."""
    done = there.deploy(SSL_CERT_FILE="/dev/null")

    assert "certificate" in done.err


@pytest.mark.parametrize("command", ["deployment group create", "keyvault secret set"])
@pytest.mark.parametrize("stop", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupted_run_leaves_no_secret_in_a_file(there: World, command: str, stop: str) -> None:
    """Also when its terminal is closed; World.run looks into the temporary folder."""

    def interrupt(call: Call) -> None:
        if call.command == command:
            there.azure.before = lambda call: None
            os.kill(os.getpid(), getattr(signal, stop))

    there.azure.before = interrupt
    done = there.deploy()

    assert done.code == 130
    assert there.deploy().code == 0


def test_a_secret_is_in_a_file_only_during_an_attempt_and_never_anywhere_else(there: World) -> None:
    """World.wait looks for files between two attempts, the stand-in for `az` at their modes."""
    there.azure.role_lag = 4
    seen: list[str] = []

    def look(call: Call) -> None:
        seen.extend(call.words)
        seen.extend(f"{name}={value}" for name, value in call.environ.items())

    there.azure.before = look
    echo = f"Something is wrong with {there.twilio.token}."
    there.azure.faults = [Fault("functionapp deployment source config-zip", echo)]
    outputs = [
        there.deploy(),
        there.deploy(),
        there.run("rotate", "--yes"),
        there.run("destroy", "--confirm", "rg-phone"),
    ]

    assert [done.code for done in outputs] == [1, 0, 0, 0], [done.err for done in outputs]
    assert len(there.azure.ran("keyvault secret set")) > 6
    assert "Something is wrong with ***." in outputs[0].err
    assert not [done for done in outputs if "marked-" in done.out + done.err]
    assert not [text for text in seen if "marked-" in text]

"""The settings of a run: which are taken from where, and which never are."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dev import app_settings
from dev.app_settings import chosen_settings, given_setting, service_environ, settings
from dev.setup import ROOT, SetupError

WriteFile = Callable[..., None]


@pytest.fixture
def local_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteFile:
    """A function that writes the local.settings.json of a project of its own."""
    shutil.copy(ROOT / "local.settings.json.example", tmp_path)
    monkeypatch.setattr(app_settings, "ROOT", tmp_path)

    def write(*, encrypted: bool = False, **values: object) -> None:
        (tmp_path / "local.settings.json").write_text(json.dumps({"IsEncrypted": encrypted, "Values": values}), "utf-8")

    return write


def test_a_service_gets_the_example_settings_with_the_ports_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of accounts in the shell are left out; the rest, such as PATH, is kept."""
    for name in ("TWILIO_REGION", "AZURE_CLIENT_SECRET", "TABLES_ENDPOINT", "WEBSITE_HOSTNAME", "AzureWebJobsStorage"):
        monkeypatch.setenv(name, "real")
    monkeypatch.setenv("ORDINARY", "kept")
    monkeypatch.setenv("NO_PROXY", "intranet")

    env = service_environ(settings(port=1, phones_port=2, tables_port=3))

    assert "real" not in env.values()
    assert env["ORDINARY"] == "kept"
    assert env["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert env["PUBLIC_BASE_URL"] == "http://127.0.0.1:1"
    assert env["TWILIO_API_BASE_URL"] == "http://127.0.0.1:2"
    assert "TableEndpoint=http://127.0.0.1:3/devstoreaccount1;" in env["TABLES_CONNECTION_STRING"]


def test_settings_that_are_not_of_an_account_are_taken_from_the_file_and_the_command_line(
    local_settings: WriteFile,
) -> None:
    """The command line wins; names and sources are said, values are not."""
    local_settings(
        ALLOWED_COUNTRIES="US,CA",
        DEFAULT_COUNTRY="CA",
        MY_OWN="secret-1",
        TWILIO_AUTH_TOKEN="secret-2",
        tables_endpoint="x",
    )

    chosen = chosen_settings({"DEFAULT_COUNTRY": "GB"})

    assert chosen.values == {"ALLOWED_COUNTRIES": "US,CA", "DEFAULT_COUNTRY": "GB", "MY_OWN": "secret-1"}
    assert chosen.words == (
        "Settings: ALLOWED_COUNTRIES, MY_OWN from local.settings.json; DEFAULT_COUNTRY from --set. "
        "Not used without --settings local.settings.json: TWILIO_AUTH_TOKEN, tables_endpoint."
    )


def test_a_copy_of_the_example_is_taken_without_a_word(local_settings: WriteFile) -> None:
    """It chooses nothing; neither does an empty setting of an account."""
    local_settings(**app_settings.read_values("local.settings.json.example"), AZURE_CLIENT_ID="")

    assert chosen_settings({}) == app_settings.Chosen({}, "")


def test_a_project_without_the_file_chooses_nothing(local_settings: WriteFile) -> None:
    """The example applies."""
    assert chosen_settings({}) == app_settings.Chosen({}, "")


@pytest.mark.parametrize(
    ("encrypted", "values", "words"),
    [(True, {"A": "b"}, "func settings decrypt"), (False, {"A": 1, "B": "b"}, "every value must be a string .* A is")],
)
def test_a_file_that_cannot_be_used_is_an_error_that_says_what_to_do(
    local_settings: WriteFile, encrypted: bool, values: dict[str, object], words: str
) -> None:
    """It is never skipped without a word."""
    local_settings(encrypted=encrypted, **values)

    with pytest.raises(SetupError, match=words):
        chosen_settings({})


@pytest.mark.parametrize(
    ("text", "found"),
    [("ALLOWED_COUNTRIES=US,CA", "US,CA"), ("ALLOWED_COUNTRIES=", ""), ("ALLOWED_COUNTRIES=a=b", "a=b")],
)
def test_a_setting_on_the_command_line_is_a_name_and_a_value(text: str, found: str) -> None:
    """The value may be empty, and may hold an equals sign."""
    assert given_setting(text) == ("ALLOWED_COUNTRIES", found)


@pytest.mark.parametrize("name", sorted(app_settings.read_values("local.settings.json.example")))
def test_every_setting_of_the_example_is_either_of_an_account_or_can_be_set(name: str) -> None:
    """No account is named on a command line, which other programs can read."""
    if app_settings.is_of_account(name):
        with pytest.raises(SetupError, match="of an account"):
            given_setting(f"{name}=x")
    else:
        assert given_setting(f"{name}=x") == (name, "x")

"""When `python3 -m dev test` looks for a browser."""

import pytest

from dev import chromium
from dev.setup import SetupError

ALL_TESTS = ["", "-x", "-k bench", "--ignore tests/app/test_health.py"]
WITH_A_BROWSER = [
    "tests",
    "tests/app",
    "-x tests/fake_twilio/test_phones_page.py::test_name",
    "tests/app/test_stories.py",
]
WITHOUT = ["tests/host", "-x tests/app/test_health.py", "tests/app/test_health.py::test_name", "-k page tests/infra"]


@pytest.mark.parametrize("arguments", [*ALL_TESTS, *WITH_A_BROWSER, "--lf tests/fake_twilio tests/host"])
def test_a_browser_is_needed_when_a_selected_test_may_use_it(arguments: str) -> None:
    """Without a file or folder pytest runs all tests, some of which use one."""
    assert chromium.is_needed(arguments.split())


@pytest.mark.parametrize("arguments", WITHOUT)
def test_no_browser_is_looked_for_when_no_selected_test_uses_one(
    arguments: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is installed for a test of one function."""
    monkeypatch.setattr(chromium, "find_or_install", lambda: pytest.fail("looked for a browser"))

    assert chromium.for_tests(arguments.split()) is None


@pytest.mark.parametrize("under_ci", [True, False])
def test_a_missing_browser_is_an_error_under_ci_only(
    under_ci: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Elsewhere one line says that its tests are skipped."""
    monkeypatch.setattr(chromium, "find_or_install", lambda: None)
    monkeypatch.setenv("CI", "true" if under_ci else "")

    if under_ci:
        with pytest.raises(SetupError, match="no Chromium"):
            chromium.for_tests([])
    else:
        assert chromium.for_tests([]) is None
        assert "are skipped" in capsys.readouterr().err

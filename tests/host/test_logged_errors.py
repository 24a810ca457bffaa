"""Errors that a function logs, named in its answer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import pytest
import requests

from tests.support.host import Host, serving


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Yield a host that serves APP, and tells more than Azure does."""
    with serving(tmp_path_factory.mktemp("talkative"), "--name-errors") as running:
        yield running


def logged_errors(response: requests.Response) -> list[str]:
    """Return the errors that the answer names."""
    return [unquote(error) for error in response.raw.headers.getlist("X-Logged-Errors")]


def test_the_errors_that_a_function_has_logged_are_named_when_told_so(talkative: Host, host: Host) -> None:
    """The caller may not see the terminal; on Azure an answer contains no log lines."""
    assert sorted(logged_errors(talkative.request("GET", "/api/logs_errors"))) == ["bad\n100%", "bad\nä"]
    assert logged_errors(talkative.request("GET", "/api/logs")) == []
    assert logged_errors(host.request("GET", "/api/logs_errors")) == []


def test_each_answer_names_its_own_errors(talkative: Host) -> None:
    """Also of handlers that run in threads at the same time."""
    with ThreadPoolExecutor(2) as callers:
        answers = callers.map(lambda who: talkative.request("GET", f"/api/logs_an_error?who={who}"), ("one", "two"))
    assert [logged_errors(answer) for answer in answers] == [["from one"], ["from two"]]


def test_no_more_is_named_than_a_header_can_hold(talkative: Host) -> None:
    """Ten errors, and the first 300 characters of each."""
    named = logged_errors(talkative.request("GET", "/api/logs_much"))
    assert [len(error) for error in named] == [300] * 10


def test_an_error_that_cannot_be_written_fails_no_function(talkative: Host) -> None:
    """Nor does one that is no Unicode; on Azure neither does."""
    answer = talkative.request("GET", "/api/logs_wrongly")
    assert (answer.status_code, logged_errors(answer)) == (200, ["half ?"])

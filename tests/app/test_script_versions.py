"""Versions of a script: ETag, If-Match and If-None-Match; with concurrent writers, and with lost answers of storage."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.scripts.store import save_unless_changed
from tests.support.app import App, Run, assert_problem
from tests.support.lossy_storage import LossyStorage
from tests.support.script_samples import MENU, new_name


def test_a_write_without_a_version_always_succeeds(app: App) -> None:
    """Of concurrent writes, the last one is stored."""
    name = new_name()
    words = [f"Version {number}" for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda said: app.put(f"scripts/{name}", [{"verb": "Say", "text": said}]), words))

    assert {answer.status_code for answer in answers} <= {200, 201}
    assert app.get(f"scripts/{name}").json()["script"][0]["text"] in words


def test_one_of_many_concurrent_requests_creates_a_script(app: App) -> None:
    """The others get a 412: If-None-Match: *."""
    name = new_name()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: app.put(f"scripts/{name}", MENU, headers={"If-None-Match": "*"}), range(8)))

    assert sorted(answer.status_code for answer in answers) == [201] + [412] * 7


def test_one_of_many_concurrent_requests_with_the_same_script_creates_it(run_here: Run) -> None:
    """A retried write finds itself, but does not take another write of the same script for itself."""

    async def story() -> None:
        for _ in range(20):
            name = new_name()
            source = b'[{"verb":"Hangup"}]'
            stored = await asyncio.gather(*(save_unless_changed(name, "voice", source, None) for _ in range(4)))
            assert len([one for one in stored if one]) == 1

    run_here(story())


def test_one_of_many_concurrent_requests_changes_a_version(app: App) -> None:
    """The others get a 412: If-Match."""
    name = new_name()
    etag = app.put(f"scripts/{name}", MENU).headers["etag"]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            answers = list(
                pool.map(lambda read: app.put(f"scripts/{name}", MENU, headers={"If-Match": read}), [etag] * 8)
            )
            assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
            [etag] = [answer.headers["etag"] for answer in answers if answer.status_code == 200]


def test_the_same_script_stored_again_is_another_version(app: App) -> None:
    """The answer differs in `updated`, so its ETag differs too."""
    name = new_name()
    first, second = app.put(f"scripts/{name}", MENU), app.put(f"scripts/{name}", MENU)

    assert (first.headers["etag"] == second.headers["etag"]) is (first.json()["updated"] == second.json()["updated"])
    assert app.get(f"scripts/{name}").headers["etag"] == second.headers["etag"]


def test_an_editor_of_an_older_version_gets_a_412(app: App) -> None:
    """Nothing is overwritten or removed."""
    name = new_name()
    etag = app.put(f"scripts/{name}", MENU).headers["etag"]
    newer = app.put(f"scripts/{name}", MENU[:1], headers={"If-Match": etag})

    assert newer.status_code == 200
    assert newer.headers["etag"] != etag
    assert_problem(app.put(f"scripts/{name}", MENU, headers={"If-Match": etag}), 412, "precondition_failed")
    assert_problem(app.delete(f"scripts/{name}", headers={"If-Match": etag}), 412, "precondition_failed")
    assert app.get(f"scripts/{name}").json()["script"] == MENU[:1]
    assert_problem(app.put(f"scripts/{name}", MENU, headers={"If-None-Match": "*"}), 412, "precondition_failed")
    assert_problem(app.put(f"scripts/{new_name()}", MENU, headers={"If-Match": "*"}), 412, "precondition_failed")
    assert app.put(f"scripts/{new_name()}", MENU, headers={"If-None-Match": "*"}).status_code == 201
    assert app.delete(f"scripts/{name}", headers={"If-Match": newer.headers["etag"]}).status_code == 204


@pytest.mark.parametrize(
    ("method", "headers", "status"), [("POST", {"If-None-Match": "*"}, 201), ("PUT", {"If-Match": "*"}, 200)]
)
def test_a_write_whose_answer_was_lost_succeeds(
    lossy: tuple[App, LossyStorage], method: str, headers: dict[str, str], status: int
) -> None:
    """The retried write finds itself, and does not take itself for another one."""
    app, storage = lossy
    name = new_name()
    if status == 200:
        app.put(f"scripts/{name}", MENU[1:])
    storage.lose(method, "scripts", times=2)
    answer = app.put(f"scripts/{name}", MENU, headers=headers)

    assert answer.status_code == status
    shown = app.get(f"scripts/{name}")
    assert shown.json() == answer.json()
    assert shown.headers["etag"] == answer.headers["etag"]


def test_a_removal_whose_answer_was_lost_succeeds(lossy: tuple[App, LossyStorage]) -> None:
    """The retried delete finds no script."""
    app, storage = lossy
    name = new_name()
    etag = app.put(f"scripts/{name}", MENU).headers["etag"]
    storage.lose("DELETE", "scripts", times=2)

    assert app.delete(f"scripts/{name}", headers={"If-Match": etag}).status_code == 204
    assert app.get(f"scripts/{name}").status_code == 404

"""PUT, GET, DELETE /api/scripts/{name} and GET /api/scripts."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest
import requests
from conftest import App, StartApp, assert_problem, faults_of

from dev.azurite import azurite, connection_string
from dev.processes import free_port

MENU = [
    {"verb": "Gather", "num_digits": 1, "action": "/api/twiml/menu", "verbs": [{"verb": "Say", "text": "Press one."}]},
    {"verb": "Say", "text": "Goodbye, {{From}}."},
]
TWIML = (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Gather action="{base}/api/twiml/menu" numDigits="1">'
    "<Say>Press one.</Say></Gather><Say>Goodbye, {{{{From}}}}.</Say></Response>"
)


def new_name() -> str:
    """Return a name that no other test uses."""
    return f"menu-{secrets.token_hex(6)}"


def put(app: App, name: str, script: Any, **options: Any) -> requests.Response:
    """Keep a script."""
    return requests.put(f"{app.url}/api/scripts/{name}", json=script, timeout=30, **options)


def delete(app: App, name: str, **options: Any) -> requests.Response:
    """Remove a script."""
    return requests.delete(f"{app.url}/api/scripts/{name}", timeout=30, **options)


def test_a_script_is_kept_shown_listed_and_removed(app: App) -> None:
    """From first to last."""
    name = new_name()
    kept = put(app, name, MENU)

    assert kept.status_code == 201
    assert kept.json()["script"] == MENU
    assert kept.json()["family"] == "voice"
    assert kept.json()["twiml"] == TWIML.format(base=app.url)
    shown = app.get(f"scripts/{name}")
    assert shown.json() == kept.json()
    assert shown.headers["etag"] == kept.headers["etag"]
    listed = app.get("scripts").json()["items"]
    assert {"name": name, "family": "voice", "updated": kept.json()["updated"]} in listed
    assert put(app, name, MENU[1:]).status_code == 200
    assert delete(app, name).status_code == 204
    assert_problem(app.get(f"scripts/{name}"), 404, "not_found")
    assert_problem(delete(app, name), 404, "not_found")


def test_existing_twiml_is_moved_over_as_it_is(app: App) -> None:
    """XML in, script out, and the same TwiML from it."""
    document = (
        '<?xml version="1.0" encoding="UTF-8"?><Response><Say voice="alice">Hi</Say>'
        '<Dial timeout="20"><Number>+15551234567</Number></Dial></Response>'
    )
    headers = {"content-type": "text/xml"}
    answer = requests.put(f"{app.url}/api/scripts/{new_name()}", data=document, headers=headers, timeout=30)

    assert answer.json()["twiml"] == document
    assert answer.json()["script"] == [
        {"verb": "Say", "text": "Hi", "voice": "alice"},
        {"verb": "Dial", "nouns": [{"noun": "Number", "phone_number": "+15551234567"}], "timeout": 20},
    ]


def test_a_messaging_script_is_told_by_its_verbs(app: App) -> None:
    """Message makes it one."""
    answer = put(app, new_name(), [{"verb": "Message", "body": "Thank you"}])

    assert answer.json()["family"] == "messaging"
    assert "<Message>Thank you</Message>" in answer.json()["twiml"]


def test_a_dry_run_says_what_it_would_be_and_keeps_nothing(app: App) -> None:
    """The same answer, but for what only a kept script has; the same faults."""
    name = new_name()
    answer = put(app, name, MENU, params={"dry_run": "1"})

    assert answer.status_code == 200
    assert answer.json()["twiml"] == TWIML.format(base=app.url)
    assert "etag" not in answer.headers
    assert list(faults_of(put(app, name, [{"verb": "Sya"}], params={"dry_run": "1"}))) == ["$[0].verb"]
    assert app.get(f"scripts/{name}").status_code == 404


def test_two_editors_do_not_overwrite_each_other(app: App) -> None:
    """Who read an older version is told, and nothing is lost."""
    name = new_name()
    etag = put(app, name, MENU).headers["etag"]
    newer = put(app, name, MENU[:1], headers={"If-Match": etag})

    assert newer.status_code == 200
    assert newer.headers["etag"] != etag
    assert_problem(put(app, name, MENU, headers={"If-Match": etag}), 412, "precondition_failed")
    assert_problem(delete(app, name, headers={"If-Match": etag}), 412, "precondition_failed")
    assert app.get(f"scripts/{name}").json()["script"] == MENU[:1]
    assert_problem(put(app, name, MENU, headers={"If-None-Match": "*"}), 412, "precondition_failed")
    assert_problem(put(app, new_name(), MENU, headers={"If-Match": "*"}), 412, "precondition_failed")
    assert put(app, new_name(), MENU, headers={"If-None-Match": "*"}).status_code == 201
    assert delete(app, name, headers={"If-Match": newer.headers["etag"]}).status_code == 204


def test_all_faults_come_at_once_with_their_places(app: App) -> None:
    """And nothing is half stored."""
    name = new_name()
    faults = faults_of(put(app, name, [{"verb": "Say", "text": ""}, {"verb": "Gather", "num_digits": 0}]))

    assert faults.keys() == {"$[0].text", "$[1].action", "$[1].num_digits"}
    assert faults["$[1].num_digits"] == "expected int >= 1, got 0"
    assert app.get(f"scripts/{name}").status_code == 404


@pytest.mark.parametrize("name", ["Menu", "a_b", "é", "a.b", "x" * 65, "sent_" + "0" * 64])
def test_a_name_outside_the_rules_is_refused(app: App, name: str) -> None:
    """1 to 64 of a-z, 0-9 and -."""
    assert list(faults_of(put(app, name, MENU))) == ["name"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b"[" * 1000 + b"]" * 1000,
        json.dumps([{"verb": "Pause"}] * 10_000).encode(),
        json.dumps([{"verb": "Say", "text": "x" * 70_000}]).encode(),
        json.dumps([{"verb": "Say", "text": "\ud800"}]).encode(),
        json.dumps([{"verb": "Say", "nouns": [{"nouns": [{"nouns": []}]}]}]).encode(),
    ],
)
def test_whatever_is_no_script_is_refused_in_words(app: App, body: bytes) -> None:
    """Too long, too deep, too many, not JSON: never a 500."""
    headers = {"content-type": "application/json"}
    answer = requests.put(f"{app.url}/api/scripts/{new_name()}", data=body, headers=headers, timeout=30)

    assert all(place.startswith("$") for place in faults_of(answer))


@pytest.mark.parametrize(
    "body", [b"<Response>", b"<a/>", b"<!DOCTYPE a><Response/>", b"<Response><Sya/></Response>", b"\xff"]
)
def test_xml_that_is_no_twiml_is_refused_in_words(app: App, body: bytes) -> None:
    """Also a verb that is none."""
    headers = {"content-type": "application/xml"}
    answer = requests.put(f"{app.url}/api/scripts/{new_name()}", data=body, headers=headers, timeout=30)

    assert faults_of(answer)


def test_a_script_that_goes_round_in_circles_is_refused(app: App) -> None:
    """A Redirect to itself is a menu's way to ask again; with nothing to press before it nobody gets out."""
    name = new_name()
    again = {"verb": "Redirect", "url": f"/api/twiml/{name}"}

    assert list(faults_of(put(app, name, [{"verb": "Say", "text": "Hello"}, again]))) == ["$[1].url"]
    assert put(app, name, [MENU[0], again]).status_code == 201


def test_only_allowed_countries_are_dialled(start_app: StartApp) -> None:
    """Where a script names a number; one that a request brings is checked when it comes."""
    app = start_app(ALLOWED_COUNTRIES="US")
    script = [{"verb": "Dial", "nouns": [{"noun": "Number", "phone_number": "+442079460018"}]}]

    assert list(faults_of(put(app, new_name(), script))) == ["$[0].nouns[0].phone_number"]
    assert put(app, new_name(), [{"verb": "Dial", "number": "+12025550123"}]).status_code == 201


def test_put_and_delete_need_a_name(app: App) -> None:
    """The list itself cannot be replaced."""
    for method in ("PUT", "DELETE"):
        answer = requests.request(method, f"{app.url}/api/scripts", json=MENU, timeout=30)
        assert list(faults_of(answer)) == ["name"]


def test_without_storage_it_says_so(start_app: StartApp) -> None:
    """503 for all of them, and a script that could not be kept is kept when it is sent again."""
    port = free_port(0)
    app = start_app(TABLES_CONNECTION_STRING=connection_string(port))
    name = new_name()

    for answer in (put(app, name, MENU), app.get(f"scripts/{name}"), app.get("scripts"), delete(app, name)):
        assert_problem(answer, 503, "storage_unavailable")
    with azurite(port):
        assert app.get("scripts").json() == {"items": []}
        assert put(app, name, MENU).status_code == 201

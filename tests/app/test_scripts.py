"""PUT, GET, DELETE /api/scripts/{name} and GET /api/scripts."""

from __future__ import annotations

import asyncio
import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from azure.data.tables import TableClient

from dev.azurite import azurite, connection_string
from dev.processes import free_port
from shared.scripts.store import keep_unless_changed
from tests.support.app import App, Run, StartApp, assert_problem, errors_of
from tests.support.lossy_storage import LossyStorage

MENU = [
    {"verb": "Gather", "num_digits": 1, "action": "/api/twiml/menu", "verbs": [{"verb": "Say", "text": "Press one."}]},
    {"verb": "Say", "text": "Goodbye, {{From}}."},
]
DEEP_XML = b"<Response><Hangup>" + b"<a>" * 9000 + b"</a>" * 9000 + b"</Hangup></Response>"
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
    assert list(errors_of(put(app, name, [{"verb": "Sya"}], params={"dry_run": "1"}))) == ["$[0].verb"]
    assert app.get(f"scripts/{name}").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [("dry_run", 200), ("dry_run=", 200), ("dry_run=True", 200), ("dry_run=false", 201), ("dry_run=0", 201), ("", 201)],
)
def test_a_dry_run_is_switched_on_and_off(app: App, query: str, status: int) -> None:
    """Its name alone switches it on."""
    name = new_name()

    assert requests.put(f"{app.url}/api/scripts/{name}?{query}", json=MENU, timeout=30).status_code == status
    assert app.get(f"scripts/{name}").status_code == (200 if status == 201 else 404)


def test_a_dry_run_is_a_switch(app: App) -> None:
    """Neither on nor off is a mistake that could cost a script."""
    assert list(errors_of(put(app, new_name(), MENU, params={"dry_run": "maybe"}))) == ["dry_run"]


@pytest.mark.parametrize(("family", "verb"), [("voice", "Gather"), ("messaging", "Message")])
def test_the_schema_of_scripts_is_there_for_editors(app: App, family: str, verb: str) -> None:
    """One for each family."""
    answer = app.get("scripts", params={"schema": family})

    assert answer.headers["content-type"].startswith("application/schema+json")
    assert answer.json()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert verb in answer.json()["$defs"]


@pytest.mark.parametrize("query", ["schema=", "schema", "schema=fax"])
def test_there_are_two_schemas(app: App, query: str) -> None:
    """Another one is a mistake."""
    assert errors_of(app.get(f"scripts?{query}")) == {"schema": "expected voice or messaging"}


def test_whoever_names_no_version_always_succeeds(app: App) -> None:
    """However many write at once; the last of them is what is kept."""
    name = new_name()
    words = [f"Version {number}" for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda said: put(app, name, [{"verb": "Say", "text": said}]), words))

    assert {answer.status_code for answer in answers} <= {200, 201}
    assert app.get(f"scripts/{name}").json()["script"][0]["text"] in words


def test_one_of_many_creates_a_script(app: App) -> None:
    """If-None-Match: * decides among those who come at once."""
    name = new_name()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: put(app, name, MENU, headers={"If-None-Match": "*"}), range(8)))

    assert sorted(answer.status_code for answer in answers) == [201] + [412] * 7


def test_one_of_many_creates_a_script_though_all_write_the_same_at_once(run_here: Run) -> None:
    """A write knows itself again, and no other one of the same words at the same moment."""

    async def story() -> None:
        for _ in range(20):
            name = new_name()
            source = b'[{"verb":"Hangup"}]'
            kept = await asyncio.gather(*(keep_unless_changed(name, "voice", source, None) for _ in range(4)))
            assert len([one for one in kept if one]) == 1

    run_here(story())


def test_one_of_many_editors_of_a_version_wins(app: App) -> None:
    """If-Match decides among those who come at once."""
    name = new_name()
    etag = put(app, name, MENU).headers["etag"]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            answers = list(pool.map(lambda read: put(app, name, MENU, headers={"If-Match": read}), [etag] * 8))
            assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
            [etag] = [answer.headers["etag"] for answer in answers if answer.status_code == 200]


def test_the_same_script_kept_again_is_another_version(app: App) -> None:
    """The answer differs, in `updated`, so its ETag does."""
    name = new_name()
    first, second = put(app, name, MENU), put(app, name, MENU)

    assert (first.headers["etag"] == second.headers["etag"]) is (first.json()["updated"] == second.json()["updated"])
    assert app.get(f"scripts/{name}").headers["etag"] == second.headers["etag"]


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


@pytest.mark.parametrize(
    ("method", "headers", "status"), [("POST", {"If-None-Match": "*"}, 201), ("PUT", {"If-Match": "*"}, 200)]
)
def test_whose_write_was_done_is_told_so(
    lossy: tuple[App, LossyStorage], method: str, headers: dict[str, str], status: int
) -> None:
    """Where the storage's answer was lost, the write that is tried again finds itself, not somebody else's."""
    app, storage = lossy
    name = new_name()
    if status == 200:
        put(app, name, MENU[1:])
    storage.lose(method, "scripts", times=2)
    answer = put(app, name, MENU, headers=headers)

    assert answer.status_code == status
    shown = app.get(f"scripts/{name}")
    assert shown.json() == answer.json()
    assert shown.headers["etag"] == answer.headers["etag"]


def test_whose_removal_was_done_is_told_so(lossy: tuple[App, LossyStorage]) -> None:
    """Where the storage's answer was lost, nothing is there when it is tried again."""
    app, storage = lossy
    name = new_name()
    etag = put(app, name, MENU).headers["etag"]
    storage.lose("DELETE", "scripts", times=2)

    assert delete(app, name, headers={"If-Match": etag}).status_code == 204
    assert app.get(f"scripts/{name}").status_code == 404


def test_all_faults_come_at_once_with_their_places(app: App) -> None:
    """And nothing is half stored."""
    name = new_name()
    faults = errors_of(put(app, name, [{"verb": "Say", "text": ""}, {"verb": "Gather", "num_digits": 0}]))

    assert faults.keys() == {"$[0].text", "$[1].action", "$[1].num_digits"}
    assert faults["$[1].num_digits"] == "expected a whole number from 1 to 1,000, got 0"
    assert app.get(f"scripts/{name}").status_code == 404


@pytest.mark.parametrize("name", ["Menu", "a_b", "é", "a.b", "x" * 65, "sent_" + "0" * 64])
def test_a_name_outside_the_rules_is_refused(app: App, name: str) -> None:
    """1 to 64 of a-z, 0-9 and -."""
    assert list(errors_of(put(app, name, MENU))) == ["name"]


SAY, MESSAGE = [{"verb": "Say", "text": "Hi"}], [{"verb": "Message", "body": "Hi"}]
REDIRECT = [{"verb": "Redirect", "url": "https://example.com/"}]


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("call-15005550006", SAY),
        ("call-442079460018", SAY),
        ("text-15005550006", MESSAGE),
        ("text-12345", MESSAGE),
        ("call", SAY),
        ("text", MESSAGE),
        ("text", REDIRECT),
        ("call-back", MESSAGE),
        ("texts-15", SAY),
    ],
)
def test_a_script_that_answers_can_have_the_name_for_it(app: App, name: str, script: list[Any]) -> None:
    """Any other name says nothing."""
    assert put(app, name, script, params={"dry_run": ""}).status_code == 200


@pytest.mark.parametrize("name", ["5005550006", "0", "12345", "1-500-555-0006", "", "4402079460018", "1" * 20])
def test_a_name_with_a_number_that_nobody_calls_is_refused(app: App, name: str) -> None:
    """Without its country code, with dashes, with a trunk's 0, too short, too long: it would never answer."""
    words = "expected call- and all digits of a number with its country code, like call-15005550006"

    assert errors_of(put(app, f"call-{name}", SAY, params={"dry_run": ""})) == {"name": words}


@pytest.mark.parametrize(
    ("name", "script", "words"),
    [
        ("call", MESSAGE, "that answer calls; this is a messaging script"),
        ("call-15005550006", MESSAGE, "that answer calls; this is a messaging script"),
        ("text", SAY, "that answer texts; this is a voice script"),
        ("text-12345", SAY, "that answer texts; this is a voice script"),
    ],
)
def test_a_script_that_cannot_answer_is_refused_the_name_for_it(
    app: App, name: str, script: list[Any], words: str
) -> None:
    """A call is not answered with a message, nor a text with words to say."""
    assert words in errors_of(put(app, name, script, params={"dry_run": ""}))["name"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b"[" * 1000 + b"]" * 1000,
        b"[" * 500 + b"]" * 500,
        b'[{"verb":"Say","text":' + b"[" * 500 + b"]" * 500 + b"}]",
        b'[{"verb":"Say","text":' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}]",
        json.dumps([{"verb": "Hangup"}]).encode() + b" " * 65_520,
        b'[{"verb": []}]',
        b'[{"verb": {}}]',
        b"[]",
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

    assert all(place.startswith("$") for place in errors_of(answer))


def of_length(longest: int) -> list[dict[str, str]]:
    """Return a script that is that long, as JSON without spaces."""
    script = [{"verb": "Say", "text": "x" * 3000} for _ in range(22)]
    surplus = len(json.dumps(script, separators=(",", ":"))) - longest
    script[0]["text"] = "x" * (3000 - surplus)
    return script


@pytest.mark.parametrize(("longest", "status"), [(65_536, 201), (65_537, 400)])
def test_a_script_is_as_long_as_a_table_allows(app: App, longest: int, status: int) -> None:
    """64 KiB as JSON."""
    body = json.dumps(of_length(longest), separators=(",", ":")).encode()
    assert len(body) == longest
    answer = requests.put(f"{app.url}/api/scripts/{new_name()}", data=body, timeout=30)

    assert answer.status_code == status
    if status == 400:
        assert "65,537 bytes" in errors_of(answer)["$"]


@pytest.mark.parametrize("query", ["", "?dry_run"])
def test_twiml_that_is_too_long_as_json_is_refused_in_words(app: App, query: str) -> None:
    """An object is longer than its element."""
    document = f"<Response>{'<Say>Hello</Say>' * 20}{'<Dial><Client>b</Client></Dial>' * 480}</Response>"
    many = document.replace("<Client>b</Client>", "<Client>b</Client>" * 5)
    assert len(many) < 60_000
    headers = {"content-type": "text/xml"}
    url = f"{app.url}/api/scripts/{new_name()}{query}"
    answer = requests.put(url, data=many, headers=headers, timeout=30)

    assert "bytes long as JSON" in errors_of(answer)["$"]


def test_a_script_that_is_too_long_as_twiml_is_refused_in_words(app: App) -> None:
    """Twilio reads 64 kB, and XML's escapes are longer than JSON's."""
    script = [{"verb": "Say", "text": "&" * 3000}] * 5

    assert "bytes long as TwiML" in errors_of(put(app, new_name(), script))["$"]
    assert put(app, new_name(), script[1:]).status_code == 201


def test_a_script_that_todays_rules_refuse_is_shown_with_its_faults(app: App) -> None:
    """It was kept under older ones; it can be read, mended and removed."""
    name = new_name()
    script = [{"verb": "Say", "text": "Hi", "volume": 11}]
    entity = {"PartitionKey": "script", "RowKey": name, "family": "voice", "updated": "2025-01-01T00:00:00.000Z"}
    with TableClient.from_connection_string(app.settings["TABLES_CONNECTION_STRING"], "scripts") as table:
        table.create_entity({**entity, "source": json.dumps(script).encode()})
    shown = app.get(f"scripts/{name}")

    assert shown.status_code == 200
    assert shown.json()["script"] == script
    assert [fault["field"] for fault in shown.json()["errors"]] == ["$[0].volume"]
    assert "twiml" not in shown.json()
    assert "We are sorry" in app.signed_post(f"twiml/{name}", {"CallSid": "CA1"}).text
    assert put(app, name, MENU, headers={"If-Match": shown.headers["etag"]}).status_code == 200


@pytest.mark.parametrize(
    "body", [b"<Response>", b"<a/>", b"<!DOCTYPE a><Response/>", b"<Response><Sya/></Response>", b"\xff", DEEP_XML]
)
def test_xml_that_is_no_twiml_is_refused_in_words(app: App, body: bytes) -> None:
    """Also a verb that is none."""
    headers = {"content-type": "application/xml"}
    answer = requests.put(f"{app.url}/api/scripts/{new_name()}", data=body, headers=headers, timeout=30)

    assert errors_of(answer)


def test_a_script_that_goes_round_in_circles_is_refused(app: App) -> None:
    """A Redirect to itself is a menu's way to ask again; with nothing to press before it nobody gets out."""
    name = new_name()
    again = {"verb": "Redirect", "url": f"/api/twiml/{name}"}

    assert list(errors_of(put(app, name, [{"verb": "Say", "text": "Hello"}, again]))) == ["$[1].url"]
    assert put(app, name, [MENU[0], again]).status_code == 201


def test_only_allowed_countries_are_dialled(start_app: StartApp) -> None:
    """Where a script names a number; one that a request brings is checked when it comes."""
    app = start_app(ALLOWED_COUNTRIES="US")
    script = [{"verb": "Dial", "nouns": [{"noun": "Number", "phone_number": "+442079460018"}]}]

    text = [{"verb": "Sms", "message": "Hi", "to": "+442079460018"}]
    message = [{"verb": "Message", "body": "Hi", "to": "+442079460018"}]

    assert list(errors_of(put(app, new_name(), script))) == ["$[0].nouns[0].phone_number"]
    assert list(errors_of(put(app, new_name(), [{"verb": "Dial", "number": "+442079460018"}]))) == ["$[0].number"]
    assert list(errors_of(put(app, new_name(), text))) == ["$[0].to"]
    assert list(errors_of(put(app, new_name(), message))) == ["$[0].to"]
    assert put(app, new_name(), [{"verb": "Dial", "number": "+12025550123"}]).status_code == 201


def test_put_and_delete_need_a_name(app: App) -> None:
    """The list itself cannot be replaced."""
    for method in ("PUT", "DELETE"):
        answer = requests.request(method, f"{app.url}/api/scripts", json=MENU, timeout=30)
        assert list(errors_of(answer)) == ["name"]


def test_without_storage_it_says_so(start_app: StartApp) -> None:
    """503 for all of them, and a script that could not be kept is kept when it is sent again."""
    port = free_port()
    app = start_app(TABLES_CONNECTION_STRING=connection_string(port))
    name = new_name()

    for answer in (put(app, name, MENU), app.get(f"scripts/{name}"), app.get("scripts"), delete(app, name)):
        assert_problem(answer, 503, "storage_unavailable")
    with azurite(port):
        assert app.get("scripts").json() == {"items": []}
        assert put(app, name, MENU).status_code == 201

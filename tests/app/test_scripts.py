"""PUT, GET, DELETE /api/scripts/{name} and GET /api/scripts."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.data.tables import TableClient

from dev.azurite import azurite, connection_string
from dev.processes import free_port
from tests.support.app import App, StartApp, assert_problem, errors_of
from tests.support.script_samples import MENU, new_name

DEEP_XML = b"<Response><Hangup>" + b"<a>" * 9000 + b"</a>" * 9000 + b"</Hangup></Response>"
TWIML = (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Gather action="{base}/api/twiml/menu" numDigits="1">'
    "<Say>Press one.</Say></Gather><Say>Goodbye, {{{{From}}}}.</Say></Response>"
)


def test_a_script_is_stored_shown_listed_and_removed(app: App) -> None:
    """The life of a script."""
    name = new_name()
    stored = app.put(f"scripts/{name}", MENU)

    assert stored.status_code == 201
    assert stored.json()["script"] == MENU
    assert stored.json()["family"] == "voice"
    assert stored.json()["twiml"] == TWIML.format(base=app.url)
    shown = app.get(f"scripts/{name}")
    assert shown.json() == stored.json()
    assert shown.headers["etag"] == stored.headers["etag"]
    listed = app.get("scripts").json()["items"]
    assert {"name": name, "family": "voice", "updated": stored.json()["updated"]} in listed
    assert app.put(f"scripts/{name}", MENU[1:]).status_code == 200
    assert app.delete(f"scripts/{name}").status_code == 204
    assert_problem(app.get(f"scripts/{name}"), 404, "not_found")
    assert_problem(app.delete(f"scripts/{name}"), 404, "not_found")


def test_existing_twiml_becomes_a_script_with_the_same_twiml(app: App) -> None:
    """PUT with Content-Type: text/xml."""
    document = (
        '<?xml version="1.0" encoding="UTF-8"?><Response><Say voice="alice">Hi</Say>'
        '<Dial timeout="20"><Number>+15551234567</Number></Dial></Response>'
    )
    headers = {"content-type": "text/xml"}
    answer = app.put(f"scripts/{new_name()}", data=document, headers=headers)

    assert answer.json()["twiml"] == document
    assert answer.json()["script"] == [
        {"verb": "Say", "text": "Hi", "voice": "alice"},
        {"verb": "Dial", "nouns": [{"noun": "Number", "phone_number": "+15551234567"}], "timeout": 20},
    ]


def test_a_script_with_the_verb_message_is_a_messaging_script(app: App) -> None:
    """Its family follows from its verbs."""
    answer = app.put(f"scripts/{new_name()}", [{"verb": "Message", "body": "Thank you"}])

    assert answer.json()["family"] == "messaging"
    assert "<Message>Thank you</Message>" in answer.json()["twiml"]


def test_a_dry_run_has_the_same_answer_and_stores_nothing(app: App) -> None:
    """Without an ETag, which only a stored script has; with the same errors."""
    name = new_name()
    answer = app.put(f"scripts/{name}", MENU, params={"dry_run": "1"})

    assert answer.status_code == 200
    assert answer.json()["twiml"] == TWIML.format(base=app.url)
    assert "etag" not in answer.headers
    assert list(errors_of(app.put(f"scripts/{name}", [{"verb": "Sya"}], params={"dry_run": "1"}))) == ["$[0].verb"]
    assert app.get(f"scripts/{name}").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [("dry_run", 200), ("dry_run=", 200), ("dry_run=True", 200), ("dry_run=false", 201), ("dry_run=0", 201), ("", 201)],
)
def test_a_dry_run_is_switched_on_and_off(app: App, query: str, status: int) -> None:
    """The parameter without a value switches it on."""
    name = new_name()

    assert app.put(f"scripts/{name}?{query}", MENU).status_code == status
    assert app.get(f"scripts/{name}").status_code == (200 if status == 201 else 404)


def test_any_other_value_of_dry_run_is_an_error(app: App) -> None:
    """A misspelt value must not overwrite a script."""
    assert list(errors_of(app.put(f"scripts/{new_name()}", MENU, params={"dry_run": "maybe"}))) == ["dry_run"]


@pytest.mark.parametrize(("family", "verb"), [("voice", "Gather"), ("messaging", "Message")])
def test_each_family_has_a_json_schema(app: App, family: str, verb: str) -> None:
    """For editors."""
    answer = app.get("scripts", params={"schema": family})

    assert answer.headers["content-type"].startswith("application/schema+json")
    assert answer.json()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert verb in answer.json()["$defs"]


@pytest.mark.parametrize("query", ["schema=", "schema", "schema=fax"])
def test_any_other_schema_is_an_error(app: App, query: str) -> None:
    """There are two."""
    assert errors_of(app.get(f"scripts?{query}")) == {"schema": "expected voice or messaging"}


def test_all_errors_are_in_one_answer_with_their_places(app: App) -> None:
    """Nothing is stored."""
    name = new_name()
    errors = errors_of(app.put(f"scripts/{name}", [{"verb": "Say", "text": ""}, {"verb": "Gather", "num_digits": 0}]))

    assert errors.keys() == {"$[0].text", "$[1].num_digits"}
    assert errors["$[1].num_digits"] == "expected a whole number of at least 1, got 0"
    assert app.get(f"scripts/{name}").status_code == 404


def test_warnings_come_with_a_script_that_is_stored(app: App) -> None:
    """In each answer about it; they do not reject it."""
    name = new_name()
    script = [{"verb": "Gather"}, {"verb": "Hangup"}, {"verb": "Say", "text": "Hi"}]
    stored = app.put(f"scripts/{name}", script)

    assert stored.status_code == 201
    assert [warning["field"] for warning in stored.json()["warnings"]] == ["$[2]", "$[0].action"]
    assert all(warning["detail"] for warning in stored.json()["warnings"])
    for answer in (app.put(f"scripts/{name}?dry_run", script), app.get(f"scripts/{name}")):
        assert answer.json()["warnings"] == stored.json()["warnings"]
    assert app.put(f"scripts/{new_name()}", MENU).json()["warnings"] == []


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("next", "/api/twiml/next"),
        ("../answer_call", "/api/answer_call"),
        ("?choice=1", "/api/twiml/{name}?choice=1"),
        ("./next?to={{To}}", "/api/twiml/next?to=%2B15005550006"),
        ("/api/twiml/next", "/api/twiml/next"),
    ],
)
def test_an_address_is_relative_to_the_address_of_the_script(app: App, address: str, path: str) -> None:
    """As Twilio would resolve it, whichever route serves the script."""
    name = new_name()
    app.put(f"scripts/{name}", [MENU[0], {"verb": "Redirect", "url": address}])
    served = app.signed_post(f"twiml/{name}", {"CallSid": "CA" + "0" * 32, "To": "+15005550006"}).text

    assert f"<Redirect>{app.url}{path.format(name=name)}</Redirect>" in served


@pytest.mark.parametrize("name", ["Menu", "a_b", "é", "a.b", "x" * 65, "sent_" + "0" * 64])
def test_an_invalid_name_is_an_error(app: App, name: str) -> None:
    """Valid names have 1 to 64 of a-z, 0-9 and -."""
    assert list(errors_of(app.put(f"scripts/{name}", MENU))) == ["name"]


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
def test_a_script_of_the_right_family_can_have_a_reserved_name(app: App, name: str, script: list[Any]) -> None:
    """Any other name is for any script."""
    assert app.put(f"scripts/{name}", script, params={"dry_run": ""}).status_code == 200


@pytest.mark.parametrize("name", ["5005550006", "0", "12345", "1-500-555-0006", "", "4402079460018", "1" * 20])
def test_a_reserved_name_with_an_invalid_number_is_an_error(app: App, name: str) -> None:
    """Without a country code, with dashes, with a trunk prefix, too short, too long: it would never answer."""
    words = "expected call- and all digits of a number with its country code, like call-15005550006"

    assert errors_of(app.put(f"scripts/call-{name}", SAY, params={"dry_run": ""})) == {"name": words}


@pytest.mark.parametrize(
    ("name", "script", "words"),
    [
        ("call", MESSAGE, "that answer calls; this is a messaging script"),
        ("call-15005550006", MESSAGE, "that answer calls; this is a messaging script"),
        ("text", SAY, "that answer texts; this is a voice script"),
        ("text-12345", SAY, "that answer texts; this is a voice script"),
    ],
)
def test_a_script_of_the_wrong_family_with_a_reserved_name_is_an_error(
    app: App, name: str, script: list[Any], words: str
) -> None:
    """A messaging script cannot answer a call, nor a voice script a message."""
    assert words in errors_of(app.put(f"scripts/{name}", script, params={"dry_run": ""}))["name"]


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
        json.dumps([{"verb": "Pause"}] * 10_000).encode(),
        json.dumps([{"verb": "Say", "text": "x" * 70_000}]).encode(),
        json.dumps([{"verb": "Say", "text": "\ud800"}]).encode(),
        json.dumps([{"verb": "Say", "nouns": [{"nouns": [{"nouns": []}]}]}]).encode(),
    ],
)
def test_a_body_that_is_no_script_is_a_400(app: App, body: bytes) -> None:
    """Too long, nested too deeply, too many verbs, not JSON: never a 500."""
    headers = {"content-type": "application/json"}
    answer = app.put(f"scripts/{new_name()}", data=body, headers=headers)

    assert all(place.startswith("$") for place in errors_of(answer))


def of_length(longest: int) -> list[dict[str, str]]:
    """Return a script of this length, as JSON without spaces."""
    script = [{"verb": "Say", "text": "x" * 3000} for _ in range(22)]
    surplus = len(json.dumps(script, separators=(",", ":"))) - longest
    script[0]["text"] = "x" * (3000 - surplus)
    return script


@pytest.mark.parametrize(("longest", "status"), [(65_536, 201), (65_537, 400)])
def test_a_script_is_at_most_as_long_as_a_tables_property(app: App, longest: int, status: int) -> None:
    """64 KiB as JSON."""
    body = json.dumps(of_length(longest), separators=(",", ":")).encode()
    assert len(body) == longest
    answer = app.put(f"scripts/{new_name()}", data=body)

    assert answer.status_code == status
    if status == 400:
        assert "65,537 bytes" in errors_of(answer)["$"]


@pytest.mark.parametrize("query", ["", "?dry_run"])
def test_twiml_that_is_too_long_as_json_is_an_error(app: App, query: str) -> None:
    """A JSON object is longer than its XML element."""
    document = f"<Response>{'<Say>Hello</Say>' * 20}{'<Dial><Client>b</Client></Dial>' * 480}</Response>"
    many = document.replace("<Client>b</Client>", "<Client>b</Client>" * 5)
    assert len(many) < 60_000
    answer = app.put(f"scripts/{new_name()}{query}", data=many, headers={"content-type": "text/xml"})

    assert "bytes long as JSON" in errors_of(answer)["$"]


def test_a_script_that_is_too_long_as_twiml_is_an_error(app: App) -> None:
    """Twilio accepts 64 kB, and XML's escapes are longer than JSON's."""
    script = [{"verb": "Say", "text": "&" * 3000}] * 5

    assert "bytes long as TwiML" in errors_of(app.put(f"scripts/{new_name()}", script))["$"]
    assert app.put(f"scripts/{new_name()}", script[1:]).status_code == 201


def test_a_stored_script_that_breaks_todays_rules_is_shown_with_its_errors(app: App) -> None:
    """It can be read, fixed and removed."""
    name = new_name()
    script = [{"verb": "Say", "text": "Hi", "volume": 11}]
    entity = {"PartitionKey": "script", "RowKey": name, "family": "voice", "updated": "2025-01-01T00:00:00.000Z"}
    with TableClient.from_connection_string(app.settings["TABLES_CONNECTION_STRING"], "scripts") as table:
        with suppress(ResourceExistsError):
            table.create_table()
        table.create_entity({**entity, "source": json.dumps(script).encode()})
    shown = app.get(f"scripts/{name}")

    assert shown.status_code == 200
    assert shown.json()["script"] == script
    assert [error["field"] for error in shown.json()["errors"]] == ["$[0].volume"]
    assert "twiml" not in shown.json()
    assert "We are sorry" in app.signed_post(f"twiml/{name}", {"CallSid": "CA1"}).text
    assert app.put(f"scripts/{name}", MENU, headers={"If-Match": shown.headers["etag"]}).status_code == 200


@pytest.mark.parametrize(
    "body", [b"<Response>", b"<a/>", b"<!DOCTYPE a><Response/>", b"<Response><Sya/></Response>", b"\xff", DEEP_XML]
)
def test_xml_that_is_no_twiml_is_a_400(app: App, body: bytes) -> None:
    """Or that has an unknown verb, or is nested too deeply."""
    headers = {"content-type": "application/xml"}
    answer = app.put(f"scripts/{new_name()}", data=body, headers=headers)

    assert errors_of(answer)


def test_a_script_that_is_an_endless_loop_is_an_error(app: App) -> None:
    """A menu may redirect to itself to ask again, but a caller must have something to press."""
    name = new_name()
    again = {"verb": "Redirect", "url": f"/api/twiml/{name}"}

    assert list(errors_of(app.put(f"scripts/{name}", [{"verb": "Say", "text": "Hello"}, again]))) == ["$[1].url"]
    assert app.put(f"scripts/{name}", [MENU[0], again]).status_code == 201


BRITISH = "+442079460018"


@pytest.mark.parametrize(
    ("verb", "place"),
    [
        ({"verb": "Dial", "nouns": [{"noun": "Number", "phone_number": BRITISH}]}, "$[0].nouns[0].phone_number"),
        ({"verb": "Dial", "number": BRITISH}, "$[0].number"),
        ({"verb": "Sms", "message": "Hi", "to": BRITISH}, "$[0].to"),
        ({"verb": "Message", "body": "Hi", "to": BRITISH}, "$[0].to"),
    ],
)
def test_a_number_of_another_country_than_the_allowed_ones_is_an_error(
    american_app: App, verb: dict[str, Any], place: str
) -> None:
    """A number that a request contains is checked when the script is served."""
    assert list(errors_of(american_app.put(f"scripts/{new_name()}", [verb]))) == [place]


def test_a_number_of_an_allowed_country_can_be_dialled(american_app: App) -> None:
    """One of the United States."""
    assert american_app.put(f"scripts/{new_name()}", [{"verb": "Dial", "number": "+12025550123"}]).status_code == 201


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_put_and_delete_need_a_name(app: App, method: str) -> None:
    """The list itself cannot be replaced."""
    assert list(errors_of(app.request(method, "scripts", json=MENU))) == ["name"]


def test_without_storage_each_request_is_a_503(start_app: StartApp) -> None:
    """When storage is available again, the same request succeeds."""
    port = free_port()
    app = start_app(TABLES_CONNECTION_STRING=connection_string(port))
    name = new_name()

    requests = [("PUT", name), ("GET", name), ("GET", ""), ("DELETE", name)]
    with ThreadPoolExecutor() as pool:
        for answer in pool.map(lambda one: app.request(one[0], f"scripts/{one[1]}".rstrip("/"), json=MENU), requests):
            assert_problem(answer, 503, "storage_unavailable")
    with azurite(port):
        assert app.get("scripts").json() == {"items": []}
        assert app.put(f"scripts/{name}", MENU).status_code == 201

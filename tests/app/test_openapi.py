"""GET /api/openapi.json: valid, complete, cacheable, and true: generated requests get only documented answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import hypothesis
import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV31SpecValidator
from schemathesis import GenerationMode

from fake_twilio.testing import FakeTwilio
from function_app import FOLDERS
from shared.contract.document import openapi
from shared.contract.routes import KEY, SIGNATURE, Described, Undeclared, described, operations_of, structs_of
from shared.contract.schemas import schemas_of, structs_in
from shared.contract.swagger import swagger
from shared.errors import TwilioRefused, TwilioUnavailable, statuses_of
from shared.sending.attempt import Created
from shared.twilio.error_codes import APP_ERRORS, REQUEST_ERRORS
from tests.support.app import App
from tests.support.documents import APP_URL, commands, run_curl, text_of

OPERATIONS = list(operations_of(FOLDERS))
REFERENCE = re.compile("#/(?:components/schemas|definitions)/(.+)")
EXAMPLES = 12
EXAMPLE_SIDS = {"update_call": f"CA{'0' * 32}", "update_sms": f"SM{'0' * 32}"}
schemathesis.checks.load_all_checks()
# Not that valid requests are accepted: only the app knows whether a number exists, and which fields exclude each other.
CHECKS: list[Any] = [
    schemathesis.checks.not_a_server_error,
    *map(
        schemathesis.checks.CHECKS.get_one,
        (
            "status_code_conformance",
            "content_type_conformance",
            "response_headers_conformance",
            "response_schema_conformance",
            "negative_data_rejection",
        ),
    ),
]

every_operation = pytest.mark.parametrize("each", OPERATIONS, ids=lambda each: each.operation.id)


@pytest.fixture(scope="module")
def document(app: App) -> dict[str, Any]:
    """Return the served document."""
    answer = app.get("openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    return dict(answer.json())


@pytest.fixture(scope="module")
def connector(app: App) -> dict[str, Any]:
    """Return the served document for custom connectors."""
    return dict(app.get("openapi.json?version=2.0").json())


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    """By the validator of the Python OpenAPI organisation."""
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_version_2_is_valid_swagger(connector: dict[str, Any]) -> None:
    """Custom connectors of Power Automate accept only that."""
    assert connector["swagger"] == "2.0"
    OpenAPIV2SpecValidator(connector).validate()


def test_it_names_the_address_of_the_app(app: App, document: dict[str, Any], connector: dict[str, Any]) -> None:
    """So an importer need not be told."""
    assert document["servers"] == [{"url": f"{app.url}/api"}]
    assert f"{connector['schemes'][0]}://{connector['host']}{connector['basePath']}" == f"{app.url}/api"


def test_without_settings_its_server_is_relative() -> None:
    """The document does not need them; nothing is imported that does."""
    document = openapi(FOLDERS, "")

    assert document["servers"] == [{"url": "/api"}]
    assert "host" not in swagger(document)


def test_it_can_be_cached(app: App) -> None:
    """A client that has it gets an empty 304."""
    first = app.get("openapi.json")
    again = app.get("openapi.json", headers={"If-None-Match": first.headers["etag"]})
    other = app.get("openapi.json?version=2.0", headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["cache-control"] == "public, max-age=3600"
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert other.status_code == 200


def test_the_command_in_the_document_downloads_it(app: App, document: dict[str, Any], tmp_path: Path) -> None:
    """For the tools that read a file."""
    [command] = [line for line in commands(text_of("docs/openapi.md")) if APP_URL in line]
    run_curl(command, {APP_URL: app.url, "--output ": f"--output {tmp_path.as_posix()}/"})

    assert json.loads((tmp_path / "openapi.json").read_bytes()) == document


def test_another_version_is_an_error(app: App) -> None:
    """It names the ones that there are."""
    answer = app.get("openapi.json?version=3.0")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert "3.1" in answer.json()["detail"]


def test_version_2_has_the_routes_that_users_call_and_no_other(connector: dict[str, Any]) -> None:
    """Twilio's webhooks are no actions of a flow."""
    shown = {one["operationId"] for item in connector["paths"].values() for one in item.values()}

    assert shown == {each.operation.id for each in OPERATIONS if each.access == KEY}
    assert "StatusCallback" not in shown


def test_version_2_has_a_title_for_each_field_and_hides_what_is_rarely_needed(connector: dict[str, Any]) -> None:
    """The designer of Power Automate shows them."""
    fields = connector["definitions"]["CallRequest"]["properties"]

    assert fields["time_limit"]["x-ms-summary"] == "Time Limit"
    assert fields["to"]["x-ms-visibility"] == "important"
    assert fields["time_limit"]["x-ms-visibility"] == "advanced"
    assert "x-ms-visibility" not in fields["say"]
    for item in connector["paths"].values():
        for operation in item.values():
            # It is the name of the action in a list.
            assert 0 < len(operation["summary"]) <= 80
            assert all("x-ms-summary" in one for one in operation["parameters"] if one["in"] != "body")


def test_version_2_lists_the_scripts_to_choose_from(connector: dict[str, Any]) -> None:
    """In the designer, by the operation that lists them."""
    [name] = [one for one in connector["paths"]["/scripts/{name}"]["get"]["parameters"] if one["in"] == "path"]

    assert name["x-ms-dynamic-values"]["operationId"] == "ListScripts"
    assert "items" in connector["definitions"]["ScriptList"]["properties"]
    assert "name" in connector["definitions"]["ListedScript"]["properties"]


def test_version_2_has_only_words_that_connectors_know(connector: dict[str, Any]) -> None:
    """Swagger 2.0 has no such words, and its validator does not look at all of them."""
    assert words_in(connector) & {"anyOf", "allOf", "oneOf", "const", "examples", "prefixItems", "content"} == set()


@pytest.mark.parametrize("version", ["3.1", "2.0"])
def test_no_schema_contains_itself(document: dict[str, Any], connector: dict[str, Any], version: str) -> None:
    """API Management does not import recursive schemas."""
    schemas = document["components"]["schemas"] if version == "3.1" else connector["definitions"]
    leads_to = {name: set(references_in(schema)) for name, schema in schemas.items()}

    for name in schemas:
        reached: set[str] = set()
        while more := {other for one in {name, *reached} for other in leads_to[one]} - reached:
            reached |= more
            assert name not in reached


def words_in(part: Any) -> set[str]:
    """Return the keys of all objects in a document."""
    if isinstance(part, dict):
        return set(part) | {word for inner in part.values() for word in words_in(inner)}
    return {word for inner in part for word in words_in(inner)} if isinstance(part, list) else set()


def references_in(part: Any) -> list[str]:
    """Return the names of the schemas to which a part of a document refers."""
    if isinstance(part, dict):
        found = REFERENCE.fullmatch(str(part.get("$ref", "")))
        return [*([found[1]] if found else []), *(name for inner in part.values() for name in references_in(inner))]
    return [name for inner in part for name in references_in(inner)] if isinstance(part, list) else []


@every_operation
def test_every_field_of_a_request_has_a_description(document: dict[str, Any], each: Described) -> None:
    """It comes from the table in the docstring of the function folder."""
    operation = document["paths"][f"/{each.path}"][each.operation.method.lower()]

    assert operation["summary"]
    for parameter in operation.get("parameters", []):
        assert parameter["description"] or each.operation.signed, parameter["name"]
    for kind in structs_in([each.operation.body]):
        for name, schema in document["components"]["schemas"][kind.__name__]["properties"].items():
            assert schema.get("description"), name


def test_every_member_of_an_answer_has_a_description(document: dict[str, Any]) -> None:
    """It comes from the table in the docstring of the struct, or of its module."""
    schemas = document["components"]["schemas"]

    assert [
        (name, member)
        for name, one in schemas.items()
        for member, schema in one["properties"].items()
        if not schema.get("description")
    ] == []


def limits_in(schema: dict[str, Any]) -> list[str]:
    """Return the words that the description of a field has to contain: its limits, its few values, its default."""
    words = [word for one in schema.get("anyOf", []) for word in limits_in(one)]
    for fewest, most in (("minimum", "maximum"), ("minItems", "maxItems")):
        if most in schema:
            words.append(f"{schema[fewest]:,} to {schema[most]:,}")
    if "maxLength" in schema:
        words.append(f"at most {schema['maxLength']:,} characters")
    if len(schema.get("enum", [])) <= 3:
        words += schema.get("enum", [])
    if type(schema.get("default")) is int:
        words.append(f"default {schema['default']:,}")
    return words


@every_operation
def test_the_description_of_a_field_has_its_limits(document: dict[str, Any], each: Described) -> None:
    """The range of a number and the words about it are changed together."""
    operation = document["paths"][f"/{each.path}"][each.operation.method.lower()]
    fields = [{"description": one["description"], **one["schema"]} for one in operation.get("parameters", [])]
    for kind in structs_in([each.operation.body]):
        fields += document["components"]["schemas"][kind.__name__]["properties"].values()

    assert [
        (one["description"], word) for one in fields for word in limits_in(one) if word not in one["description"]
    ] == []


def test_two_structs_of_one_name_are_an_error() -> None:
    """The name is that of a class in generated clients."""
    other = msgspec.defstruct("Created", [("sid", str)])

    with pytest.raises(ValueError, match="Created"):
        schemas_of([Created, other], [])


def test_twilios_codes_are_listed_with_the_statuses_they_lead_to(document: dict[str, Any]) -> None:
    """All that the app knows, once."""
    codes = document["components"]["schemas"]["TwilioReason"]["x-twilio-codes"]

    assert codes["21211"] == {"status": 400, "detail": "`to` is not a phone number that exists."}
    assert codes.keys() == {str(code) for code in (*REQUEST_ERRORS, *APP_ERRORS)}


def test_operation_ids_are_unique() -> None:
    """They are the names of the functions in generated clients."""
    ids = [each.operation.id for each in OPERATIONS]

    assert sorted(set(ids)) == sorted(ids)


@pytest.mark.parametrize(
    ("folder", "route", "methods"),
    [
        ("fallback", "fallback", ["POST"]),
        ("make_call", "make_call", ["GET", "POST"]),
        ("make_call", "make_call/{sid}", ["POST"]),
        ("update_call", "update_call", ["POST"]),
    ],
)
def test_a_route_with_a_key_that_is_not_declared_is_found(folder: str, route: str, methods: list[str]) -> None:
    """No operations, a method without one, and a parameter that the operation or the route does not have."""
    module = next(one for one in FOLDERS if one.__name__ == folder)

    with pytest.raises(Undeclared):
        list(described(module, folder, route, methods, keyed=True))


def test_the_statuses_of_errors_are_those_that_twilios_codes_lead_to() -> None:
    """The document has them for every route that asks Twilio."""
    refused = {answer.status for answer in REQUEST_ERRORS.values()}
    unavailable = {answer.status for answer in APP_ERRORS.values()}

    assert set(statuses_of(TwilioRefused)) == refused
    assert set(statuses_of(TwilioUnavailable)) == unavailable


@pytest.mark.parametrize(
    "each", [each for each in OPERATIONS if each.operation.example is not None], ids=lambda each: each.operation.id
)
def test_every_example_is_accepted(
    app_with_own_storage: App, fake_twilio: FakeTwilio, document: dict[str, Any], each: Described
) -> None:
    """As JSON with every default, which generated clients send, and as a form.

    The call or message to change does not exist: a 404.
    """
    path = each.path.replace("{name}", "example").replace("{sid}", EXAMPLE_SIDS.get(each.function, ""))
    expected = {*each.operation.answers, 404}
    example = each.operation.example
    properties = document["components"]["schemas"].get(getattr(each.operation.body, "__name__", ""), {})
    defaults = {name: one["default"] for name, one in properties.get("properties", {}).items() if "default" in one}
    body = {**defaults, **example} if isinstance(example, dict) else example

    answer = app_with_own_storage.request(each.operation.method, path, json=body)
    assert answer.status_code in expected, answer.text
    if isinstance(example, dict):
        form = {name: str(value).lower() if isinstance(value, bool) else value for name, value in example.items()}
        answer = app_with_own_storage.request(each.operation.method, path, data=form)
        assert answer.status_code in {*expected, 409}, answer.text


@pytest.fixture(scope="module")
def strict() -> schemathesis.schemas.BaseSchema:
    """Return the document for generated requests, stricter than for users.

    Requests are only JSON, because a form has no types. Answers have no unknown members, and problems only their codes.
    """
    document = openapi(FOLDERS, "")
    for schema in document["components"]["schemas"].values():
        schema["additionalProperties"] = False
    for item in document["paths"].values():
        for operation in item.values():
            for answer in operation["responses"].values():
                if codes := answer.get("x-problem-codes"):
                    [content] = answer["content"].values()
                    content["schema"] = {"allOf": [content["schema"], {"properties": {"code": {"enum": codes}}}]}
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                operation["requestBody"]["content"] = {"application/json": content["application/json"]}
    return schemathesis.openapi.from_dict(document)


REQUESTS = [
    pytest.param(each, mode, id=f"{each.operation.id}-{mode}")
    for each in OPERATIONS
    if each.access != SIGNATURE  # a request without a signature gets a 403: test_function_app.py
    for mode in GenerationMode
    if mode == GenerationMode.POSITIVE or each.access == KEY or structs_of(each)  # else nothing can be wrong
]


@pytest.mark.parametrize(("each", "mode"), REQUESTS)
def test_generated_requests_get_only_documented_answers(
    app_with_own_storage: App,
    fake_twilio: FakeTwilio,
    strict: schemathesis.schemas.BaseSchema,
    each: Described,
    mode: GenerationMode,
) -> None:
    """No 5xx, no undocumented status or media type, and every body as documented; the same requests each time."""
    operation: Any = strict[f"/{each.path}"][each.operation.method]
    with requests.Session() as session:

        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        @hypothesis.settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        def check(case: Any) -> None:
            # An empty value of a query counts as not given, so it is accepted whatever the schema says.
            hypothesis.assume("" not in dict(case.query or {}).values())
            case.call_and_validate(f"{app_with_own_storage.url}/api", session, checks=CHECKS)

        check()

"""The OpenAPI 3.1 document of the app: https://spec.openapis.org/oas/v3.1.1.html."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from types import ModuleType
from typing import Any

from shared.contract.docstrings import details_of
from shared.contract.routes import KEY, PUBLIC, SIGNATURE, Described, operations_of, structs_of
from shared.contract.schemas import REFERENCE, Schema, key_of, parameters_in, schemas_of
from shared.errors import ApiError, Problem, TwilioReason
from shared.request_body import FORM, JSON
from shared.settings import ROUTE_PREFIX
from shared.twilio.error_codes import APP_ERRORS, REQUEST_ERRORS

PROBLEM = "application/problem+json"
# Azure answers both, not the app, so they have no body.
NO_KEY = {"401": {"description": "The function key is missing or wrong; the body is empty."}}
FORM_OF_TWILIO = {
    "required": False,
    "description": "The form of Twilio's webhook; Twilio adds fields without notice.",
    "content": {FORM: {"schema": {"type": "object"}}},
}
UNSIGNED = {
    "403": {"description": "The signature is missing or wrong; the body is empty."},
    "503": {"description": "The settings do not allow to check the signature; the body is empty."},
}
SECURITY: dict[str, list[dict[str, list[str]]]] = {
    KEY: [{"functionKey": []}, {"functionKeyInQuery": []}],
    SIGNATURE: [{"twilioSignature": []}],
    PUBLIC: [],
}
SCHEMES = {
    "functionKey": {
        "type": "apiKey",
        "in": "header",
        "name": "x-functions-key",
        "description": "The key of the function, or a key of the host.",
    },
    "functionKeyInQuery": {
        "type": "apiKey",
        "in": "query",
        "name": "code",
        "description": "The same key; prefer the header, because URLs are logged.",
    },
    "twilioSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Twilio-Signature",
        "description": "Twilio's signature: https://www.twilio.com/docs/usage/webhooks/webhooks-security",
    },
}
TAGS = {
    KEY: {"name": "app", "description": "Your systems call these routes with a function key."},
    PUBLIC: {"name": "public", "description": "Anyone may call these routes."},
    SIGNATURE: {
        "name": "twilio",
        "description": "Only Twilio calls these routes: a request without its signature gets an empty 403.",
        "x-called-by": "Twilio",
    },
}
INFO = {
    "title": "A phone for Azure",
    "version": "1",
    "description": "Calls and text messages over Twilio, and a log of their outcomes.",
    "license": {"name": "MIT", "identifier": "MIT"},
}


def openapi(modules: Iterable[ModuleType], base_url: str) -> dict[str, Any]:
    """Return the document of the function folders. Without `base_url`, the server's URL is relative."""
    operations = list(operations_of(modules))
    structs = [struct for each in operations for struct in structs_of(each) if struct is each.operation.body]
    types = {key_of(kind): kind for each in operations for kind in types_of(each)}
    schemas, components = schemas_of([*types.values(), Problem], structs)
    components[TwilioReason.__name__]["x-twilio-codes"] = {
        str(code): {"status": answer.status, "detail": answer.words}
        for code, answer in sorted({**REQUEST_ERRORS, **APP_ERRORS}.items())
    }
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(f"/{each.path}", {})[each.operation.method.lower()] = operation_object(each, schemas)
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": base_url + ROUTE_PREFIX}],
        "tags": list(TAGS.values()),
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(components.items())), "securitySchemes": SCHEMES},
    }


def by_media(declared: Any, usual: tuple[str, ...]) -> dict[str, Any]:
    """Return the types of a body by their media types."""
    if isinstance(declared, dict):
        return declared
    return dict.fromkeys(usual, declared) if declared is not None else {}


def types_of(each: Described) -> list[Any]:
    """Return the types whose schemas an operation needs."""
    operation = each.operation
    bodies = [operation.body, *operation.answers.values()]
    types = [kind for body in bodies for kind in by_media(body, (JSON,)).values()]
    return [*types, operation.parameter] if operation.parameter else types


def operation_object(each: Described, schemas: dict[Any, Schema]) -> dict[str, Any]:
    """Return the Operation Object of an operation."""
    operation = each.operation
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [TAGS[each.access]["name"]],
        "summary": each.summary,
        "description": details_of(each.doc),
        "security": SECURITY[each.access],
        "responses": answers(each, schemas),
    }
    if each.access == SIGNATURE:
        described["x-called-by"] = "Twilio"
    if parameters := parameters_of(each, schemas):
        described["parameters"] = parameters
    if body := by_media(operation.body, (JSON, FORM)):
        content: dict[str, Any] = {media: {"schema": schemas[key_of(kind)]} for media, kind in body.items()}
        for media in (JSON, FORM):
            if operation.example is not None and media in content:
                content[media]["example"] = operation.example
        described["requestBody"] = {"required": True, "content": content}
    elif each.access == SIGNATURE and operation.method == "POST":
        described["requestBody"] = FORM_OF_TWILIO
    return described


def parameters_of(each: Described, schemas: dict[Any, Schema]) -> list[dict[str, Any]]:
    """Return the Parameter Objects: of the path, the query and the headers."""
    operation, found = each.operation, []
    if operation.parameter:
        schema = dict(schemas[key_of(operation.parameter)])
        description = schema.pop("description", "")
        parameter = {
            "name": each.parameter,
            "in": "path",
            "required": True,
            "description": description,
            "schema": schema,
        }
        if operation.choices:
            lister, member = operation.choices
            # https://learn.microsoft.com/connectors/custom-connectors/openapi-extensions#use-dynamic-values
            parameter["x-ms-dynamic-values"] = {
                "operationId": lister,
                "value-collection": "items",
                "value-path": member,
                "value-title": member,
            }
        found.append(parameter)
    for struct, where in ((operation.query, "query"), (operation.headers, "header")):
        if struct is not None:
            found += parameters_in(struct, where)
    return found


def answers(each: Described, schemas: dict[Any, Schema]) -> dict[str, Any]:
    """Return the Responses Object: the successes, the errors of the app, and those of Azure or the signature check."""
    found: dict[str, Any] = {}
    for status, declared in each.operation.answers.items():
        content = {media: {"schema": schemas[key_of(kind)]} for media, kind in by_media(declared, (JSON,)).items()}
        found[str(status)] = {"description": HTTPStatus(status).phrase, **({"content": content} if content else {})}
    for status, kinds in each.errors.items():
        found[str(status)] = problem_answer(kinds)
    if each.access == SIGNATURE:
        found = {**UNSIGNED, **found}
    return dict(sorted({**found, **(NO_KEY if each.access == KEY else {})}.items()))


def problem_answer(kinds: list[type[ApiError]]) -> dict[str, Any]:
    """Return the Response Object of one status: a problem with one of some codes.

    The codes are no part of the schema, so that a generated client has one type for all problems, and a new code does
    not break it.
    """
    codes = sorted({kind.code for kind in kinds})
    means = "\n".join(f"- `{kind.code}`: {(kind.__doc__ or '').partition(chr(10))[0]}" for kind in kinds)
    return {
        "description": means,
        "x-problem-codes": codes,
        "content": {PROBLEM: {"schema": {"$ref": REFERENCE.format(name=Problem.__name__)}}},
    }

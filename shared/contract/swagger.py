"""The Swagger 2.0 document for custom connectors of Power Automate and Logic Apps, made from the OpenAPI document.

https://learn.microsoft.com/connectors/custom-connectors/openapi-extensions

It contains the operations for users with a key, bodies only as JSON, and only the key in the header. Swagger has no
`anyOf`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from shared.contract.document import INFO, SCHEMES, TAGS
from shared.contract.routes import KEY
from shared.contract.schemas import Schema
from shared.request_body import CONTENT_FIELDS, JSON

SCHEME = "functionKey"
# Where the definitions are in each version.
NEW, OLD = "#/components/schemas/", "#/definitions/"


def swagger(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document as Swagger 2.0."""
    paths: dict[str, Any] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if operation["tags"] == [TAGS[KEY]["name"]]:
                paths.setdefault(path, {})[method] = converted(operation)
    server = urlsplit(document["servers"][0]["url"])
    where = {"host": server.netloc, "schemes": [server.scheme]} if server.netloc else {}
    definitions = {name: definition(schema) for name, schema in document["components"]["schemas"].items()}
    return {
        "swagger": "2.0",
        "info": {**INFO, "license": {"name": "MIT"}},
        **where,
        "basePath": server.path,
        "consumes": [JSON],
        "produces": [JSON],
        "paths": paths,
        "definitions": needed(paths, definitions),
        "securityDefinitions": {SCHEME: SCHEMES[SCHEME]},
        "security": [{SCHEME: []}],
    }


def converted(operation: dict[str, Any]) -> dict[str, Any]:
    """Return an operation as Swagger 2.0, with the titles that the designer shows."""
    parameters = [parameter(one) for one in operation.get("parameters", [])]
    body = operation.get("requestBody", {}).get("content", {}).get(JSON)
    if body:
        schema = flat(body["schema"])
        parameters.append({"name": "body", "in": "body", "required": True, "schema": schema})
    found = {name: operation[name] for name in ("operationId", "summary", "description") if operation.get(name)}
    answers = {status: answer(one) for status, one in operation["responses"].items()}
    return {**found, "parameters": parameters, "responses": answers}


def parameter(declared: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter as Swagger 2.0."""
    schema = {name: value for name, value in flat(declared["schema"]).items() if name != "x-nullable"}
    found = {**{name: declared[name] for name in ("name", "in", "required", "description")}, **schema}
    extensions = {name: value for name, value in declared.items() if name.startswith("x-")}
    return {**found, **shown(declared["name"], declared["required"]), **extensions}


def answer(declared: dict[str, Any]) -> dict[str, Any]:
    """Return an answer as Swagger 2.0; a problem without its codes, which are in the description."""
    for media, content in declared.get("content", {}).items():
        if media == JSON or media.endswith("problem+json"):
            return {"description": declared["description"], "schema": flat(content["schema"])}
    return {"description": declared["description"]}


def definition(schema: Schema) -> Schema:
    """Return the schema of a struct, with the titles of its fields."""
    schema = flat(schema)
    required = schema.get("required", [])
    properties = {
        name: {**one, **({} if "$ref" in one else shown(name, name in required))}
        for name, one in schema.get("properties", {}).items()
    }
    schema = {name: value for name, value in schema.items() if name != "required" or value}
    return {**schema, "properties": properties}


def shown(name: str, required: bool) -> dict[str, str]:
    """Return the title of a field or parameter, and whether the designer shows it at first."""
    title = name.replace("_", " ").replace("-", " ").title()
    visible = {"x-ms-visibility": "important"} if required else {}
    if not required and name not in CONTENT_FIELDS:
        visible = {"x-ms-visibility": "advanced"}
    return {"x-ms-summary": title, **visible}


def flat(schema: Schema) -> Schema:
    """Return a schema in the words of Swagger 2.0."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace(NEW, OLD)}
    if "anyOf" in schema:
        members = [one for one in schema["anyOf"] if one != {"type": "null"}]
        rest = {name: value for name, value in schema.items() if name != "anyOf"}
        inner = flat(members[0])
        return inner if "$ref" in inner else {**inner, **rest, "x-nullable": True}
    found = dict(schema)
    for name in ("items", "additionalProperties"):
        if isinstance(found.get(name), dict):
            found[name] = flat(found[name])
    if found.get("type") == "array":
        found.setdefault("items", {})
    if "properties" in found:
        found["properties"] = {name: flat(one) for name, one in found["properties"].items()}
    return found


def needed(used_in: Any, definitions: dict[str, Schema]) -> dict[str, Schema]:
    """Return the definitions that a part of the document uses, and those that they use."""
    names: dict[str, None] = {}
    todo = [used_in]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).removeprefix(OLD)
            if name in definitions and name not in names:
                names[name] = None
                todo.append(definitions[name])
            todo += part.values()
        elif isinstance(part, list):
            todo += part
    return {name: definitions[name] for name in sorted(names)}

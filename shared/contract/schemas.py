"""JSON Schemas of the structs that requests and answers consist of, with descriptions from docstrings."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from inspect import cleandoc
from typing import Any, get_args

import msgspec

from shared.contract.docstrings import REQUIRED, fields_in
from shared.request_body import fields_of

Schema = dict[str, Any]
Struct = type[msgspec.Struct]
REFERENCE = "#/components/schemas/{name}"


def schemas_of(types: Iterable[Any], bodies: Iterable[Struct]) -> tuple[dict[Any, Schema], dict[str, Schema]]:
    """Return the schema of each type, and those of all structs in them by their names.

    An unknown field of a body is an error, so the schemas of `bodies` exclude other fields. Raises ValueError if two
    structs have one name, because generated clients use the names.
    """
    types = list(types)
    names = [struct.__name__ for struct in structs_in(types)]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"structs of requests and answers need different names, got twice: {', '.join(twice)}")
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    for struct in structs_in(types):
        component = components[struct.__name__]
        component["description"] = cleandoc(struct.__doc__ or "").partition("\n\n")[0]
        leaves_out = struct.__struct_config__.omit_defaults
        component["properties"] = {
            name: described(adapted(schema, leaves_out), struct, name)
            for name, schema in component["properties"].items()
        }
    for struct in bodies:
        components[struct.__name__]["additionalProperties"] = False
    return {key_of(kind): adapted(schema, True) for kind, schema in zip(types, schemas, strict=True)}, components


def key_of(kind: Any) -> Any:
    """Return a key for a type in a dict: some annotations cannot be hashed."""
    return repr(kind)


def structs_in(types: Iterable[Any]) -> list[Struct]:
    """Return the structs in some types, and those in their fields."""
    found: dict[Struct, None] = {}
    todo = list(types)
    while todo:
        kind = todo.pop()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            if kind not in found:
                found[kind] = None
                todo += [field.type for field in fields_of(kind).values()]
        else:
            todo += get_args(kind)
    return list(found)


def adapted(schema: Schema, leaves_out: bool) -> Schema:
    """Return msgspec's schema of a field as a reader expects it.

    `leaves_out`: the field is left out where it has its default, so it is never null, and the default says nothing.
    """
    schema = {name: value for name, value in schema.items() if name != "default" or (value is not None)}
    if leaves_out:
        schema.pop("default", None)
    if "enum" in schema and all(isinstance(value, str) for value in schema["enum"]):
        schema = {"type": "string", **schema}
    if "items" in schema:
        schema["items"] = adapted(schema["items"], False)
    if "anyOf" in schema:
        members = [adapted(one, False) for one in schema.pop("anyOf")]
        some = [one for one in members if one != {"type": "null"}]
        if leaves_out and len(some) == 1:
            return {**some[0], **schema}
        return {"anyOf": members, **schema}
    return schema


def described(schema: Schema, struct: Struct, name: str) -> Schema:
    """Return the schema of a field with its description: of the struct, else of its module, else of a base struct."""
    for kind in struct.__mro__:
        for doc in (kind.__doc__, sys.modules[kind.__module__].__doc__):
            if text := fields_in(doc or "").get(name):
                return {**schema, "description": text.removeprefix(REQUIRED)}
    return schema


def parameters_in(struct: Struct, where: str) -> list[Schema]:
    """Return the fields of a struct as OpenAPI parameters `where`: `query` or `header`. A parameter is never null."""
    _, components = msgspec.json.schema_components([struct], ref_template=REFERENCE)
    component = components[struct.__name__]
    parameters = []
    for name, schema in component["properties"].items():
        default = {"default": schema["default"]} if schema.get("default") is not None else {}
        full = described({**adapted(schema, True), **default}, struct, name)
        description = full.pop("description", "")
        required = name in component["required"]
        parameters.append({"name": name, "in": where, "required": required, "description": description, "schema": full})
    return parameters

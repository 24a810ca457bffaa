"""Reads a request's body (JSON or an HTML form) or query into a struct, and reports every fault of it at once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

import azure.functions as func
import msgspec
from msgspec.structs import FieldInfo, fields

from shared.errors import FieldError, InvalidRequest
from shared.validation_messages import expected, got

# Of a field that is not one of ours, in what is said about it.
LONGEST_NAME = 64
# Where the unescaped `+` of a form, which arrives as a space, begins a number.
PHONE_FIELDS = ("to", "from")
FORM = "application/x-www-form-urlencoded"

Body = TypeVar("Body", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Checked:
    """Annotates a field's type with a function that returns the value to keep, or raises ValueError in words."""

    check: Callable[[Any], Any]


class ManyFaults(ValueError):
    """A value with several faults, each with its place within it, which begins with `$`."""

    def __init__(self, faults: Iterable[FieldError]) -> None:
        """Keep the faults."""
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.field}: {fault.detail}" for fault in self.faults))


def read_body(
    req: func.HttpRequest,
    struct: type[Body],
    check_together: Callable[[set[str]], Iterable[FieldError]] = lambda given: (),
) -> Body:
    """Return the body as a `struct`, each field checked by its type, its limits and its `Checked` function.

    A form's values are text, so there "30" is a number and "true" a boolean. A null or, in a form, an empty value
    counts as not given. `check_together` gets the names of the fields that were given and yields what is wrong with
    their combination. Raises InvalidRequest with every unknown field, missing field and wrong value.
    """
    if content_type(req) == FORM:
        return read_values(read_form(req, struct), struct, check_together, strict=False)
    return read_values(read_json_object(req.get_body()), struct, check_together, strict=True)


def read_query(req: func.HttpRequest, struct: type[Body]) -> Body:
    """Return the query as a `struct`, as `read_body` does a form; the key, `code`, is not one of its fields."""
    values = {name: value or None for name, value in req.params.items() if name != "code"}
    return read_values(values, struct, lambda given: (), strict=False)


@cache
def fields_of(struct: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    """Return a struct's fields by the names that callers use; msgspec works the types out anew at each call."""
    return {info.encode_name: info for info in fields(struct)}


def read_values(
    values: dict[str, Any],
    struct: type[Body],
    check_together: Callable[[set[str]], Iterable[FieldError]],
    *,
    strict: bool,
) -> Body:
    """Return `values` as a `struct`, or raise InvalidRequest with all that is wrong with them."""
    known = fields_of(struct)
    given = {name for name, value in values.items() if value is not None}
    faults = [
        FieldError(name[:LONGEST_NAME], f"unknown field; the fields are {', '.join(known)}")
        for name in values
        if name not in known
    ]
    faults += [FieldError(name, "is required") for name, info in known.items() if info.required and name not in given]
    faults += check_together(given)
    read: dict[str, Any] = {}
    for name in [name for name in known if name in given]:
        try:
            read[known[name].name] = convert(values[name], known[name], strict=strict)
        except ManyFaults as error:
            faults += [FieldError(name + fault.field.removeprefix("$"), fault.detail) for fault in error.faults]
        except ValueError as error:
            faults.append(FieldError(name, str(error)))
    if faults:
        raise InvalidRequest(*faults)
    return struct(**read)


def content_type(req: func.HttpRequest) -> str:
    """Return the body's media type, in lower case and without parameters."""
    return str(req.headers.get("content-type", "")).partition(";")[0].strip().lower()


def convert(value: object, info: FieldInfo, *, strict: bool) -> object:
    """Check one value against its field's type, then by the functions it is annotated with.

    Raises ValueError in words: what begins with what is expected ends with what came instead.
    """
    if has_surrogates(value):
        raise ValueError("expected text without lone surrogates")
    try:
        converted = msgspec.convert(value, info.type, strict=strict)
        for check in checks_of(info.type):
            converted = check(converted)
    except ManyFaults:
        raise
    except msgspec.ValidationError:
        raise ValueError(f"expected {expected(info.type)}{got(value)}") from None
    except ValueError as error:
        raise ValueError(f"{error}{got(value)}" if str(error).startswith("expected") else str(error)) from None
    return converted


def checks_of(annotation: Any) -> list[Callable[[Any], Any]]:
    """Return the functions of the `Checked` in a type, which may be one of a union."""
    own = [item.check for item in getattr(annotation, "__metadata__", ()) if isinstance(item, Checked)]
    return own + [check for part in get_args(annotation) for check in checks_of(part)]


def takes_a_list(annotation: Any) -> bool:
    """Tell whether a field's type is a list."""
    return get_origin(annotation) is list or any(map(takes_a_list, get_args(annotation)))


def read_form(req: func.HttpRequest, struct: type[msgspec.Struct]) -> dict[str, Any]:
    """Return a form's fields; one that takes a list keeps each of its values, another must be given once."""
    lists = {name for name, info in fields_of(struct).items() if takes_a_list(info.type)}
    values: dict[str, Any] = {}
    for name in req.form:
        filled = [value for value in req.form.getlist(name) if value]
        if name in PHONE_FIELDS:
            filled = [re.sub(r"^ (?=\d)", "+", value) for value in filled]
        if name in lists:
            values[name] = filled or None
        elif len(filled) > 1:
            raise InvalidRequest(FieldError(name, "is given more than once"))
        else:
            values[name] = filled[0] if filled else None
    return values


def read_json(body: bytes) -> Any:
    """Return the JSON in `body`; raises InvalidRequest about the body as a whole, which is the field `$`."""
    if not body.strip():
        raise InvalidRequest(FieldError("$", "the body is empty"))
    try:
        # Not msgspec's: it stops at a lone surrogate, and the field that holds it is to be named.
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be read"
        raise InvalidRequest(FieldError("$", f"the body is not JSON: {reason}")) from None


def read_json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`; raises InvalidRequest where it holds something else."""
    value = read_json(body)
    if not isinstance(value, dict):
        raise InvalidRequest(FieldError("$", "expected a JSON object"))
    return value


def has_surrogates(value: object) -> bool:
    """Tell whether a text in a value, however deep, cannot be written as UTF-8."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except RecursionError:
        raise ValueError("is nested too deep") from None
    return False

"""Read a request's body (JSON or an HTML form) or query into a struct, and report all its errors in one response."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, get_args, get_origin
from urllib.parse import parse_qs

import azure.functions as func
import msgspec
from msgspec.structs import FieldInfo, fields

from shared.errors import FieldIssue, InvalidRequest
from shared.validation_messages import expected, got

# Characters shown of an unknown field's name.
LONGEST_NAME = 64
# An unescaped `+` in a form arrives as a space; in these fields it is the `+` of a phone number.
PHONE_FIELDS = ("to", "from", "number")
# What is said or sent; without it another text may be, so a blank value is given, and is an error.
CONTENT_FIELDS = ("say", "twiml", "script", "url", "body", "media_url")
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
# The longest text and ten addresses are about 30 kB in a form.
LARGEST = 64 * 1024

Body = TypeVar("Body", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Checked:
    """Annotation of a field's type: a function that returns the value to use, or raises ValueError with the reason."""

    check: Callable[[Any], Any]
    # The most characters that it accepts, where there is such a limit.
    longest: int | None = None


def shown_as(**schema: object) -> msgspec.Meta:
    """Return the annotation that adds what a `Checked` function checks to the JSON Schema of a field."""
    return msgspec.Meta(extra_json_schema=schema)


class InvalidValue(ValueError):
    """A value with several errors, each with its place in the value, which begins with `$`."""

    def __init__(self, errors: Iterable[FieldIssue]) -> None:
        """Set the errors."""
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{error.field}: {error.detail}" for error in self.errors))


def read_body(
    req: func.HttpRequest,
    struct: type[Body],
    check_together: Callable[[set[str]], Iterable[FieldIssue]] = lambda given: (),
) -> Body:
    """Return the body as a `struct`, each field checked by its type, its limits and its `Checked` function.

    A form's values are text, so there "30" is accepted as a number and "true" as a boolean. A null or, in a form, an
    empty value counts as not given; an empty one of CONTENT_FIELDS is given. `check_together` gets the names of the
    given fields and yields what is wrong with their combination. Raises InvalidRequest with every unknown field,
    missing field and wrong value.
    """
    body = req.get_body()
    if len(body) > LARGEST:
        raise InvalidRequest(FieldIssue("$", f"is {len(body):,} bytes long; at most {LARGEST:,} are accepted"))
    # Sent by `curl -d` without a header, too. The first field of a form never begins with a brace.
    if content_type(req) == FORM and not body.lstrip().startswith(b"{"):
        return read_values(read_form(body, struct), struct, check_together, strict=False)
    return read_values(read_json_object(body, content_type(req)), struct, check_together, strict=True)


def read_query(req: func.HttpRequest, struct: type[Body]) -> Body:
    """Return the query as a `struct`, read like a form; the function key, `code`, is not one of its fields."""
    values = {name: value or None for name, value in req.params.items() if name != "code"}
    return read_values(values, struct, lambda given: (), strict=False)


@cache
def fields_of(struct: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    """Return a struct's fields by their names in JSON; cached, because msgspec resolves the types at each call."""
    return {info.encode_name: info for info in fields(struct)}


def read_values(
    values: dict[str, Any],
    struct: type[Body],
    check_together: Callable[[set[str]], Iterable[FieldIssue]],
    *,
    strict: bool,
) -> Body:
    """Return `values` as a `struct`; raises InvalidRequest with all errors."""
    known = fields_of(struct)
    given = {name for name, value in values.items() if value is not None}
    errors = [
        FieldIssue(name[:LONGEST_NAME], f"unknown field; the fields are {', '.join(known)}")
        for name in values
        if name not in known
    ]
    errors += [FieldIssue(name, "is required") for name, info in known.items() if info.required and name not in given]
    errors += check_together(given)
    read: dict[str, Any] = {}
    for name in [name for name in known if name in given]:
        try:
            read[known[name].name] = convert(values[name], known[name], strict=strict)
        except InvalidValue as error:
            errors += [FieldIssue(name + inner.field.removeprefix("$"), inner.detail) for inner in error.errors]
        except ValueError as error:
            errors.append(FieldIssue(name, str(error)))
    if errors:
        raise InvalidRequest(*errors)
    return struct(**read)


def content_type(req: func.HttpRequest) -> str:
    """Return the media type of the body, in lower case and without parameters."""
    return str(req.headers.get("content-type", "")).partition(";")[0].strip().lower()


def convert(value: object, info: FieldInfo, *, strict: bool) -> object:
    """Check one value against its field's type, then with the `Checked` functions of the type.

    Raises ValueError with the reason; a message that begins with `expected` ends with `got` and the value.
    """
    if has_surrogates(value):
        raise ValueError("expected text without lone surrogates")
    try:
        converted = msgspec.convert(value, info.type, strict=strict)
        for check in checks_of(info.type):
            converted = check(converted)
    except InvalidValue:
        raise
    except msgspec.ValidationError:
        raise ValueError(f"expected {expected(info.type)}{got(value)}") from None
    except ValueError as error:
        raise ValueError(f"{error}{got(value)}" if str(error).startswith("expected") else str(error)) from None
    return converted


def checks_of(annotation: Any) -> list[Callable[[Any], Any]]:
    """Return the functions of each `Checked` in a type or in a member of a union."""
    own = [item.check for item in getattr(annotation, "__metadata__", ()) if isinstance(item, Checked)]
    return own + [check for part in get_args(annotation) for check in checks_of(part)]


def takes_a_list(annotation: Any) -> bool:
    """Return whether a field's type is a list."""
    return get_origin(annotation) is list or any(map(takes_a_list, get_args(annotation)))


def takes_json(annotation: Any) -> bool:
    """Return whether a field's type is a list of anything, which a form contains as JSON."""
    if get_origin(annotation) is list:
        return get_args(annotation) == (Any,)
    return any(map(takes_json, get_args(annotation)))


def read_form(body: bytes, struct: type[msgspec.Struct]) -> dict[str, Any]:
    """Return a form's fields; a field that takes a list keeps all its values, any other may be given once."""
    given: dict[str, list[str]] = parse_qs(
        body.decode(errors="surrogateescape"), keep_blank_values=True, errors="surrogateescape"
    )
    known = fields_of(struct)
    values: dict[str, Any] = {}
    for name, each in given.items():
        if any(map(has_surrogates, [name, *each])):
            raise InvalidRequest(FieldIssue(printable(name), "is not UTF-8"))
        filled = [value for value in each if value]
        if name in PHONE_FIELDS:
            filled = [re.sub(r"^ (?=\d)", "+", value) for value in filled]
        of_type = known[name].type if name in known else str
        if takes_a_list(of_type) and not takes_json(of_type):
            values[name] = filled or ([""] if name in CONTENT_FIELDS else None)
        elif len(filled) > 1:
            raise InvalidRequest(FieldIssue(name, "is given more than once"))
        elif filled:
            values[name] = json_in_form(name, filled[0]) if takes_json(of_type) else filled[0]
        else:
            values[name] = "" if name in CONTENT_FIELDS else None
    return values


def printable(name: str) -> str:
    """Return the name of a field with escapes for the bytes that are not UTF-8."""
    return name[:LONGEST_NAME].encode(errors="surrogateescape").decode(errors="backslashreplace")


def json_in_form(name: str, text: str) -> Any:
    """Return the JSON in a field of a form; raises InvalidRequest."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be parsed"
        raise InvalidRequest(FieldIssue(name, f"is not JSON: {reason}")) from None


def read_json(body: bytes, sent_as: str = JSON) -> Any:
    """Return the JSON in `body`; raises InvalidRequest about the whole body, whose field is `$`.

    `sent_as` is the request's media type; if it is another one, the error names it.
    """
    if not body.strip():
        raise InvalidRequest(FieldIssue("$", "the body is empty"))
    try:
        # Not msgspec, which stops at a lone surrogate: the error should name the field that contains it.
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be parsed"
        if sent_as != JSON:
            reason += (
                f"; its Content-Type is {sent_as[:LONGEST_NAME] or 'missing'}, expected {JSON}, or {FORM} for a form"
            )
        raise InvalidRequest(FieldIssue("$", f"the body is not JSON: {reason}")) from None


def read_json_object(body: bytes, sent_as: str) -> dict[str, Any]:
    """Return the JSON object in `body`; raises InvalidRequest for anything else."""
    if sent_as not in (JSON, FORM, "", "text/plain", "application/octet-stream") and not sent_as.endswith("+json"):
        words = f"Content-Type {sent_as[:LONGEST_NAME]} is not accepted; send {JSON} or {FORM}"
        raise InvalidRequest(FieldIssue("$", words))
    value = read_json(body, sent_as)
    if not isinstance(value, dict):
        raise InvalidRequest(FieldIssue("$", "expected a JSON object"))
    return value


def has_surrogates(value: object) -> bool:
    """Return whether a text anywhere in a value cannot be encoded as UTF-8."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    return False

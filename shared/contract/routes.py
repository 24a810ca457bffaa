"""The routes that the blueprints of the function folders declare, and the operations on them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import NamedTuple

import azure.functions as func
import msgspec

from shared.contract.docstrings import summary_of
from shared.contract.operation import ALWAYS, Operation
from shared.errors import ApiError, statuses_of

# Who calls a route: the app's users with a function key, Twilio with its signature, or anyone.
KEY, SIGNATURE, PUBLIC = "key", "signature", "public"

PARAMETER = re.compile(r"/?\{(\w+)\??\}")


class Described(NamedTuple):
    """An operation with what its folder does not have to repeat."""

    operation: Operation
    function: str
    path: str
    parameter: str
    access: str
    doc: str
    summary: str

    @property
    def errors(self) -> dict[int, list[type[ApiError]]]:
        """Return the errors that the operation can answer, by their statuses."""
        kinds = dict.fromkeys([*(ALWAYS if self.access == KEY else ()), *self.operation.errors])
        found: dict[int, list[type[ApiError]]] = {}
        for kind in kinds:
            for status in statuses_of(kind):
                found.setdefault(status, []).append(kind)
        return dict(sorted(found.items()))


class Undeclared(Exception):
    """The route of a folder and its OPERATIONS differ."""


def operations_of(modules: Iterable[ModuleType]) -> Iterator[Described]:
    """Yield every operation of the function folders; raises Undeclared if one has a method without an operation."""
    for module in modules:
        # Of its own app, because an app lists its functions only once.
        app = func.FunctionApp()
        app.register_functions(module.bp)
        for function in app.get_functions():
            trigger = function.get_trigger()
            declared = trigger.get_dict_repr() if trigger else {}
            if declared.get("type") == "httpTrigger":
                keyed = declared["authLevel"] == func.AuthLevel.FUNCTION
                methods = [method.value for method in declared["methods"]]
                yield from described(module, str(function.get_function_name()), declared["route"], methods, keyed)


def described(module: ModuleType, function: str, route: str, methods: list[str], keyed: bool) -> Iterator[Described]:
    """Yield the operations of one function."""
    found = PARAMETER.search(route)
    name, path = (found[1] if found else ""), PARAMETER.sub("", route)
    doc = module.__doc__ or ""
    declared: tuple[Operation, ...] | None = getattr(module, "OPERATIONS", None)
    if declared is None:
        if keyed:
            raise Undeclared(f"{function} has a key, so its folder declares OPERATIONS (shared/contract/operation.py)")
        declared = tuple(webhook(method, function, bool(name)) for method in methods)
    if {operation.method for operation in declared} != set(methods):
        raise Undeclared(f"the route of {function} has other methods than its OPERATIONS: {', '.join(methods)}")
    for operation in declared:
        needed, possible = f"{{{name}}}" in route, bool(name)
        if not needed <= bool(operation.parameter) <= possible:
            raise Undeclared(f"{operation.id}: `parameter` and the route {route} differ")
        whole = f"{path}/{{{name}}}" if operation.parameter else path
        at = name if operation.parameter else ""
        access = KEY if keyed else SIGNATURE if operation.signed else PUBLIC
        yield Described(operation, function, whole, at, access, doc, operation.summary or summary_of(doc))


def webhook(method: str, function: str, has_parameter: bool) -> Operation:
    """Return the operation of a route that answers Twilio with TwiML."""
    name = "".join(word.capitalize() for word in function.split("_"))
    return Operation(
        method=method,
        id=name if method == "POST" else f"{name}By{method.capitalize()}",
        answers={200: {"text/xml": str}},
        parameter=str if has_parameter else None,
        signed=True,
    )


def structs_of(described: Described) -> list[type[msgspec.Struct]]:
    """Return the structs that an operation reads: the body, the query and the headers."""
    operation = described.operation
    parts = (operation.body, operation.query, operation.headers)
    return [part for part in parts if isinstance(part, type) and issubclass(part, msgspec.Struct)]

"""The HTTP functions of an app, read and checked as the Python worker and the Functions host do.

On Azure a fault found here means that the app has no functions at all, and every route answers 404.
"""

import importlib
import inspect
import json
import re
import traceback
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import azure.functions as func
from azure.functions.decorators.core import Binding, Trigger
from azure.functions.http import HttpRequestConverter, HttpResponseConverter

from dev.host.errors import AppError
from dev.host.routes import Route, parse

# https://github.com/Azure/azure-functions-host: Utility.cs
FUNCTION_NAME = re.compile(r"[a-z][a-z0-9_\-]{0,127}", re.IGNORECASE)
BINDING_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]{0,127}")
RETURN = "$return"


@dataclass(frozen=True, slots=True)
class HttpFunction:
    """What the host needs to serve one function."""

    name: str
    handler: Callable[..., object]
    parameter: str
    is_async: bool
    methods: frozenset[str] | None
    is_anonymous: bool
    route: Route

    def accepts(self, method: str) -> bool:
        """Whether the function answers requests of this method; without a list it answers all."""
        return self.methods is None or method in self.methods


def route_prefix(host_json: Path) -> str:
    """Return the prefix of all routes, which host.json may set."""
    if not host_json.exists():
        return "api"
    try:
        settings = json.loads(host_json.read_text("utf-8"))
        prefix = settings.get("extensions", {}).get("http", {}).get("routePrefix", "api")
    except (ValueError, AttributeError) as error:
        raise AppError(f"{host_json.name} cannot be read: {error}.") from error
    if not isinstance(prefix, str):
        raise AppError(f"{host_json.name}: extensions.http.routePrefix must be a text.")
    return prefix


def load(module_name: str, prefix: str) -> tuple[list[HttpFunction], list[str]]:
    """Import an app. Return its HTTP functions in the order of their routes, and the names of its other functions."""
    served: list[HttpFunction] = []
    others: list[str] = []
    for function in declared(module_name):
        trigger = function.get_trigger()
        check_signature(function)
        if trigger is not None and trigger.type == "httpTrigger":
            served.append(http_function(function, prefix))
        else:
            others.append(str(function.get_function_name()))
    # Routes have no precedence: the first that matches is taken, in the order of the functions' names.
    # https://github.com/Azure/azure-functions-host/issues/9876
    served.sort(key=lambda function: function.name.upper())
    check_routes(served)
    return served, others


def declared(module_name: str) -> list[func.Function]:
    """Import the app's module and return what its one FunctionApp declares."""
    try:
        module = importlib.import_module(module_name)
    except BaseException as error:
        traceback.print_exc()
        raise AppError(f"{module_name} cannot be imported: {type(error).__name__}: {error}") from error
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionRegister)]
    if len(apps) != 1:
        found = "no FunctionApp" if not apps else f"{len(apps)} FunctionApps"
        raise AppError(f"{module_name} has {found} at its top level; it must have exactly one.")
    try:
        return apps[0].get_functions()
    except ValueError as error:
        raise AppError(f"{module_name}: {error}") from error


def http_function(function: func.Function, prefix: str) -> HttpFunction:
    """Read the trigger of an HTTP function."""
    name = str(function.get_function_name())
    trigger = typing.cast(Trigger, function.get_trigger()).get_dict_repr()
    template = str(trigger.get("route") or name).strip("/")
    if template.lower().startswith(("admin", "runtime")):
        raise AppError(f"Function {name}: the host keeps routes that begin with admin or runtime for itself.")
    try:
        route = parse(f"{prefix}/{template}" if prefix else template)
    except AppError as error:
        raise AppError(f"Function {name}: the route {template!r} is not understood: {error}.") from error
    handler = function.get_user_function()
    methods = trigger.get("methods")
    return HttpFunction(
        name=name,
        handler=handler,
        parameter=trigger["name"],
        is_async=inspect.iscoroutinefunction(handler),
        methods=None if methods is None else frozenset(str(method).upper() for method in methods),
        is_anonymous=trigger.get("authLevel") is func.AuthLevel.ANONYMOUS,
        route=route,
    )


def check_signature(function: func.Function) -> None:
    """Hold a handler's name, parameters and annotations against its bindings, in the words of what is wrong."""
    for fault in signature_faults(function):
        raise AppError(f"Function {function.get_function_name()}: {fault}.")


def signature_faults(function: func.Function) -> Iterator[str]:
    """Yield what the worker or the host would refuse in one function."""
    name, handler = str(function.get_function_name()), function.get_user_function()
    bindings = {binding.name: binding for binding in function.get_bindings()}
    if not FUNCTION_NAME.fullmatch(name) or name.lower() == "host":
        yield "its name must be a letter followed by at most 127 letters, digits, '_' or '-', and not 'host'"
    for bound in bindings.keys() - {RETURN}:
        if not BINDING_NAME.fullmatch(bound):
            yield f"the parameter name {bound!r} must be a letter followed by letters and digits only"
    if not inspect.iscoroutinefunction(handler) and inspect.iscoroutinefunction(inspect.unwrap(handler)):
        yield "an async handler is wrapped in a plain def, so that it returns a coroutine; make the wrapper async"

    parameters = inspect.signature(handler).parameters.keys()
    if extra := parameters - bindings.keys():
        yield f"the parameters {sorted(extra)} stand in the handler but not among its bindings"
    if missing := bindings.keys() - parameters - {RETURN}:
        yield f"the bindings {sorted(missing)} are not among the handler's parameters"

    try:
        hints = typing.get_type_hints(handler)
    except Exception as error:
        yield f"its annotations cannot be read: {error}"
        return
    for binding in bindings.values():
        yield from annotation_faults(binding, hints)


def annotation_faults(binding: Binding, hints: dict[str, object]) -> Iterator[str]:
    """Yield what is wrong with the annotation that belongs to one HTTP binding."""
    if binding.type == "httpTrigger":
        hint, fits = hints.get(binding.name, func.HttpRequest), HttpRequestConverter.check_input_type_annotation
        if not isinstance(hint, type) or not fits(hint):
            yield f"the annotation of {binding.name} must be HttpRequest, not {hint}"
    elif binding.type == "http" and binding.name == RETURN:
        hint, fits = hints.get("return", func.HttpResponse), HttpResponseConverter.check_output_type_annotation
        if not isinstance(hint, type) or not fits(hint):
            yield f"the annotation of its result must be HttpResponse or str, not {hint}"
    elif binding.type == "http":
        yield f"its response is bound to {binding.name!r}; only a returned response is served here"


def check_routes(functions: list[HttpFunction]) -> None:
    """Refuse routes that the host refuses, and routes that an earlier function hides."""
    for position, later in enumerate(functions):
        for earlier in functions[:position]:
            shared_method = earlier.methods is None or later.methods is None or earlier.methods & later.methods
            if not shared_method:
                continue
            if earlier.route.template.lower() == later.route.template.lower():
                raise AppError(f"Functions {earlier.name} and {later.name} have the same route and a method in common.")
            if later.route.is_literal and earlier.route.match("/" + later.route.template) is not None:
                raise AppError(
                    f"Function {later.name} is never reached at {later.route.template!r}: {earlier.name} comes first "
                    f"in the order of names and its route {earlier.route.template!r} matches too; rename one, or "
                    "constrain the parameter."
                )

"""The HTTP functions of an app, read and checked as the Functions host does.

On Azure an error found here means that the app has no functions at all, and every route answers 404.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from dev.host.errors import AppError
from dev.host.routes import Route, parse
from dev.host.runtime import Function, Runtime

# https://github.com/Azure/azure-functions-host: Utility.cs
FUNCTION_NAME = re.compile(r"[a-z][a-z0-9_\-]{0,127}", re.IGNORECASE)
BINDING_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]{0,127}")
RETURN = "$return"


@dataclass(frozen=True, slots=True)
class HttpFunction:
    """What the host needs to serve one function."""

    function: Function
    methods: frozenset[str] | None
    is_anonymous: bool
    route: Route

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.name

    def accepts(self, method: str) -> bool:
        """Tell whether the function answers requests of this method; without a list it answers all."""
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


async def load(runtime: Runtime, file: Path) -> tuple[list[HttpFunction], list[str], str]:
    """Index an app; return its HTTP functions, the names of the others, and the prefix of all routes.

    Raises AppError for what Azure would not serve.
    """
    prefix = route_prefix(file.parent / "host.json")
    return (*http_functions(await runtime.index(file), prefix), prefix)


def http_functions(functions: list[Function], prefix: str) -> tuple[list[HttpFunction], list[str]]:
    """Return the HTTP functions in the order of their routes, and the names of the others; raises AppError."""
    served: list[HttpFunction] = []
    others: list[str] = []
    for function in functions:
        check_names(function)
        if function.trigger["type"] == "httpTrigger":
            served.append(http_function(function, prefix))
        else:
            others.append(function.name)
    # Routes have no precedence: the first that matches is taken, in the order of the functions' names.
    # https://github.com/Azure/azure-functions-host/issues/9876
    served.sort(key=lambda function: function.name.upper())
    check_routes(served)
    return served, others


def http_function(function: Function, prefix: str) -> HttpFunction:
    """Read the trigger of an HTTP function."""
    name, trigger = function.name, function.trigger
    template = str(trigger.get("route") or name).strip("/")
    if template.lower().startswith(("admin", "runtime")):
        raise AppError(f"Function {name}: the host keeps routes that begin with admin or runtime for itself.")
    try:
        route = parse(f"{prefix}/{template}" if prefix else template)
    except AppError as error:
        raise AppError(f"Function {name}: the route {template!r} is not understood: {error}.") from error
    methods = trigger.get("methods")
    return HttpFunction(
        function,
        methods=None if methods is None else frozenset(str(method).upper() for method in methods),
        is_anonymous=str(trigger.get("authLevel")).upper() == "ANONYMOUS",
        route=route,
    )


def check_names(function: Function) -> None:
    """Raise AppError for names that the host rejects, and for a response that is not returned."""
    name = function.name
    if not FUNCTION_NAME.fullmatch(name) or name.lower() == "host":
        raise AppError(
            f"Function {name}: its name must be a letter followed by at most 127 letters, digits, '_' or '-', "
            "and not 'host'."
        )
    for binding in function.bindings:
        bound = binding["name"]
        if bound != RETURN and not BINDING_NAME.fullmatch(bound):
            raise AppError(
                f"Function {name}: the parameter name {bound!r} must be a letter followed by letters and digits only."
            )
        if binding["type"] == "http" and bound != RETURN:
            raise AppError(f"Function {name}: its response is bound to {bound!r}; only a returned one is served here.")


def check_routes(functions: list[HttpFunction]) -> None:
    """Raise AppError for routes that the host rejects, and for routes that an earlier function hides."""
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

"""A runtime for Pythons below 3.13, for which Microsoft's library does not exist: HTTP functions only.

It follows the worker that Azure runs there: https://github.com/Azure/azure-functions-python-worker
"""

import asyncio
import importlib
import inspect
import json
import traceback
import typing
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import azure.functions as func
from azure.functions.decorators.core import Binding
from azure.functions.http import HttpRequestConverter, HttpResponseConverter
from azure.functions.meta import Datum

from dev.host.errors import AppError
from dev.host.runtime import Function, FunctionFailed

RETURN = "$return"


class SmallRuntime:
    """Runs HTTP functions as the worker does."""

    description = "the project's small runtime; Python 3.13 and later use Microsoft's azure-functions-runtime"

    def __init__(self) -> None:
        """Begin without functions."""
        self.handlers: dict[str, Callable[..., object]] = {}

    async def index(self, file: Path) -> list[Function]:
        """Import the app and return its functions; raises AppError where Azure would not load it."""
        indexed = []
        for function in declared(file):
            name = str(function.get_function_name())
            for problem in signature_problems(function):
                raise AppError(f"{file.name} cannot be loaded: the {name} function: {problem}.")
            self.handlers[name] = function.get_user_function()
            bindings = tuple(json.loads(binding) for binding in function.get_raw_bindings())
            indexed.append(Function(name, name, bindings))
        return indexed

    async def invoke(self, function: Function, value: Datum) -> Datum:
        """Call a function with the value of its trigger, and return its result; raises FunctionFailed."""
        handler = self.handlers[function.id]
        try:
            request = HttpRequestConverter.decode(value, trigger_metadata={})
            call = partial(handler, **{function.trigger["name"]: request})
            if inspect.iscoroutinefunction(handler):
                result = await call()  # type: ignore[misc]
            else:
                result = await asyncio.get_running_loop().run_in_executor(None, call)
            return encode(result)
        except Exception:
            raise FunctionFailed(traceback.format_exc()) from None


def encode(result: object) -> Datum:
    """Return what a function returned as the library encodes it."""
    try:
        return HttpResponseConverter.encode(result, expected_type=None)
    except NotImplementedError:
        if inspect.iscoroutine(result):
            result.close()
        raise TypeError(
            f'unable to encode outgoing TypedData: unsupported type "http" for Python type "{type(result).__name__}"'
        ) from None


def declared(file: Path) -> list[func.Function]:
    """Import the app's module and return what its one FunctionApp declares."""
    try:
        module = importlib.import_module(file.stem)
        apps = [value for value in vars(module).values() if isinstance(value, func.FunctionRegister)]
        if len(apps) != 1:
            raise ValueError(f"expected one FunctionApp at its top level, found {len(apps)}")
        return apps[0].get_functions()
    except BaseException as error:
        traceback.print_exc()
        raise AppError(f"{file.name} cannot be loaded: {type(error).__name__}: {error}") from error


def signature_problems(function: func.Function) -> Iterator[str]:
    """Yield what the worker would reject in a handler's parameters and annotations."""
    handler = function.get_user_function()
    bindings = {binding.name: binding for binding in function.get_bindings()}
    parameters = inspect.signature(handler).parameters.keys()
    if extra := parameters - bindings.keys():
        yield f"the parameters {sorted(extra)} are declared in Python but not among its bindings"
    if missing := bindings.keys() - parameters - {RETURN}:
        yield f"the bindings {sorted(missing)} are not among its parameters"
    try:
        hints = typing.get_type_hints(handler)
    except Exception as error:
        yield f"its annotations cannot be read: {error}"
        return
    for binding in bindings.values():
        yield from annotation_problems(binding, hints)


def annotation_problems(binding: Binding, hints: dict[str, object]) -> Iterator[str]:
    """Yield what is wrong with the annotation that belongs to one HTTP binding."""
    if binding.type == "httpTrigger":
        hint, fits = hints.get(binding.name, func.HttpRequest), HttpRequestConverter.check_input_type_annotation
        if not isinstance(hint, type) or not fits(hint):
            yield f"the annotation of {binding.name} must be HttpRequest, not {hint}"
    elif binding.type == "http" and binding.name == RETURN:
        hint, fits = hints.get("return", func.HttpResponse), HttpResponseConverter.check_output_type_annotation
        if not isinstance(hint, type) or not fits(hint):
            yield f"the annotation of its result must be HttpResponse or str, not {hint}"

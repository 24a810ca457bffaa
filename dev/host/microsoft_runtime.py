"""Microsoft's runtime for Python functions: https://pypi.org/project/azure-functions-runtime.

Azure's worker hands it protobuf messages. It reads them by attribute only, so plain objects do, and since version 1.3
invocations need none at all (azure_functions_runtime/native_invocation.py has the contract).
"""

import json
import logging
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from azure.functions.meta import Datum

from dev.host.errors import AppError
from dev.host.runtime import Function, FunctionFailed


class Message:
    """Any protobuf message that the runtime makes."""

    def __init__(self, **fields: Any) -> None:
        """Set the fields."""
        vars(self).update(fields)


class StatusResult(Message):
    """Whether a request succeeded: https://github.com/Azure/azure-functions-language-worker-protobuf."""

    Failure, Success = 0, 1


class BindingInfo(Message):
    """One binding of a function, with the directions and data types of the same file."""

    undefined = 0
    out, inout = 1, 2


PROTOS = SimpleNamespace(
    **dict.fromkeys(
        (
            "FunctionMetadataResponse",
            "RpcException",
            "RpcFunctionMetadata",
            "RpcRetryOptions",
            "WorkerInitResponse",
            "WorkerMetadata",
        ),
        Message,
    ),
    BindingInfo=BindingInfo,
    StatusResult=StatusResult,
)


class MicrosoftRuntime:
    """Runs functions in the library that Azure runs them in."""

    def __init__(self) -> None:
        """Load the library."""
        import azure_functions_runtime
        from azure_functions_runtime.native_invocation import invocation_request_native
        from azure_functions_runtime.version import VERSION

        self.library = azure_functions_runtime
        self.invoke_natively = invocation_request_native
        self.description = f"azure-functions-runtime {VERSION}"
        # Azure keeps these lines from users. The host itself shows the exception of a function that failed.
        logging.getLogger("azure.functions").setLevel(logging.CRITICAL)

    async def index(self, file: Path) -> list[Function]:
        """Import the app and return its functions; raises AppError where Azure would not load it."""
        os.environ["PYTHON_SCRIPT_FILE_NAME"] = file.name
        init = SimpleNamespace(capabilities={}, function_app_directory=str(file.parent))
        properties = {"host": "127.0.0.1", "protos": PROTOS}
        request = SimpleNamespace(request=SimpleNamespace(worker_init_request=init), properties=properties)
        try:
            answer = await self.library.worker_init_request(request)
        except BaseException as error:
            raise AppError(f"{file.name} cannot be loaded: {type(error).__name__}: {error}") from error
        if answer.result.status != StatusResult.Success:
            if not answer.result.exception.message.startswith(("FunctionLoadError", "ValueError")):
                print(answer.result.exception.stack_trace, file=sys.stderr)
            raise AppError(f"{file.name} cannot be loaded: {answer.result.exception.message}")
        answer = await self.library.functions_metadata_request(request)
        return [
            Function(found.function_id, found.name, tuple(json.loads(binding) for binding in found.raw_bindings))
            for found in answer.function_metadata_results or ()
        ]

    async def invoke(self, function: Function, value: Datum) -> Datum:
        """Call a function with the value of its trigger, and return its result; raises FunctionFailed."""
        inputs = [(function.trigger["name"], value)]
        ok, result, _, text, trace = await self.invoke_natively(str(uuid4()), function.id, inputs, {})
        if not ok:
            raise FunctionFailed(trace or text)
        assert isinstance(result, Datum)
        return result

"""What the host needs of a runtime: index an app, and invoke a function of it.

Two runtimes do this. From Python 3.13 on it is Microsoft's own library, in which Azure runs Python functions; for older
versions it is a small one of this project.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from azure.functions.meta import Datum


@dataclass(frozen=True, slots=True)
class Function:
    """One function as its runtime has indexed it. `bindings` are as in function.json."""

    id: str
    name: str
    bindings: tuple[dict[str, Any], ...]

    @property
    def trigger(self) -> dict[str, Any]:
        """The binding that starts the function."""
        return next(binding for binding in self.bindings if binding["type"].lower().endswith("trigger"))


class FunctionFailed(Exception):
    """A function raised an exception, or returned what has no binding; the message is the traceback."""


class Runtime(Protocol):
    """Runs the functions of one app."""

    description: str

    async def index(self, file: Path) -> list[Function]:
        """Import the app and return its functions; raises AppError where Azure would not load it."""

    async def invoke(self, function: Function, value: Datum) -> Datum:
        """Call a function with the value of its trigger, and return its result; raises FunctionFailed."""

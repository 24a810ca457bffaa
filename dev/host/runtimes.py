"""The two runtimes by name, and which of them this Python has."""

import sys

from dev.host.runtime import Runtime

NAMES = ("microsoft", "small")
# Microsoft's library needs Python 3.13: https://pypi.org/project/azure-functions-runtime
DEFAULT = NAMES[sys.version_info < (3, 13)]


def runtime_named(name: str) -> Runtime:
    """Return one of the two runtimes."""
    if name == "microsoft":
        from dev.host.microsoft_runtime import MicrosoftRuntime

        return MicrosoftRuntime()
    from dev.host.small_runtime import SmallRuntime

    return SmallRuntime()

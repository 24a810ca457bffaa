"""Runs scripts of infra/ in processes of their own that need not start a Python: this one has, and forks.

Started with nothing but the standard library in reach, as the scripts promise to need no more. Reads a JSON line for
each run, and answers with the exit code.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

SCRIPTS = ("deploy", "destroy", "rotate")


def main() -> None:
    """Run one script after another, until there is nothing more to read."""
    if sys.platform == "win32":
        raise OSError("there is no fork")
    sys.path.insert(0, str(Path(sys.argv[1]) / "infra"))
    modules = {name: importlib.import_module(name) for name in SCRIPTS}
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            become(modules[request["script"]], request)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def become(module: Any, request: dict[str, Any]) -> None:
    """Be the script: its folder, environment, arguments and streams; does not return."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environ"])
    streams = ((os.devnull, os.O_RDONLY), (request["out"], os.O_RDWR), (request["err"], os.O_RDWR))
    for number, (path, mode) in enumerate(streams):
        os.dup2(os.open(path, mode | os.O_CREAT | os.O_TRUNC), number)
    # What this process had read ahead of the next requests is not the script's.
    sys.stdin = os.fdopen(0)
    sys.argv = request["argv"]
    code = 1
    try:
        code = module.main()
    except SystemExit as error:
        code = int(error.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()

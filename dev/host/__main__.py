"""Serve function_app on this machine: python -m dev.host --port 7071."""

import argparse
import asyncio
import logging
import os
import re
import signal
import socket
import sys
from pathlib import Path

from aiohttp import web

from dev.app_settings import read_values
from dev.host.callers import LOCAL, homes
from dev.host.errors import AppError
from dev.host.front_page import FrontPage
from dev.host.functions import load
from dev.host.invocation import FunctionsHost
from dev.host.logged_errors import Listener
from dev.host.runtimes import DEFAULT, NAMES, runtime_named
from dev.host.threads import ContextThreads
from dev.setup import SetupError

# Kestrel's limit for all headers together, instead of aiohttp's lower one for each.
MAX_HEADERS = 32 * 1024


async def serve(file: Path, arguments: argparse.Namespace) -> None:
    """Index the app, and serve it until SIGINT or SIGTERM comes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ContextThreads(thread_name_prefix="function"))
    runtime = runtime_named(arguments.runtime)
    sys.path.insert(0, str(file.parent))
    functions, others, prefix = await load(runtime, file)
    print(f"runs on {runtime.description}", flush=True)
    if others:
        print(f"not served, as they have no HTTP trigger: {', '.join(others)}", flush=True)
    at_home = homes(os.environ.get("PUBLIC_BASE_URL", ""))
    host = FunctionsHost(runtime, functions, arguments.key, arguments.verbose, at_home, arguments.name_errors)
    if arguments.front_page:  # behind a tunnel, which needs a key, the page is for this machine only
        host.unmatched = FrontPage(functions, prefix, os.environ, LOCAL if arguments.key else at_home)
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: loop.call_soon_threadsafe(stop.set))
    server = web.Server(host.serve, access_log=None, auto_decompress=False, max_field_size=MAX_HEADERS)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)  # 0 would be no limit
    await runner.setup()
    try:
        if arguments.listener is None:
            await web.TCPSite(runner, "127.0.0.1", arguments.port).start()
        else:
            await web.SockSite(runner, socket.socket(fileno=arguments.listener)).start()
    except OSError as error:
        raise AppError(f"Port {arguments.port} cannot be opened: {error.strerror}.") from error
    print(f"listening on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await stop.wait()
    await runner.cleanup()
    # asyncio would wait for the threads of its executor; a handler that still runs must not hold up the end.
    loop.set_default_executor(ContextThreads())


def main() -> int:
    """Run the host with the arguments of the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dev.host", description="Serve function_app on this machine.")
    parser.add_argument("--port", type=int, default=7071, help="0 for any free port (default: %(default)s)")
    parser.add_argument("--app", default="function_app.py", help="file of the FunctionApp (default: %(default)s)")
    parser.add_argument("--runtime", choices=NAMES, default=DEFAULT, help="what runs the functions (here: %(default)s)")
    parser.add_argument("--key", help="ask for this key where a function is not anonymous; without it all are open")
    parser.add_argument("--verbose", action="store_true", help="print one line for each request")
    parser.add_argument("--name-errors", action="store_true", help="name the errors that are logged in each answer")
    parser.add_argument("--front-page", action="store_true", help="answer / and /api with a page of addresses")
    parser.add_argument("--settings", metavar="FILE", help="take the settings of a file like local.settings.json")
    parser.add_argument("--listener", type=int, metavar="FD", help="serve on this inherited socket, not on --port")
    arguments = parser.parse_args()

    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(name)s: %(message)s")
    if arguments.name_errors:
        logging.getLogger().addHandler(Listener())
    if not re.fullmatch(r"\w[\w-]*\.py", Path(arguments.app).name):
        parser.error(f"--app: {arguments.app} is not the path of a Python file")
    try:
        file = Path(arguments.app).resolve()
        if not file.is_file():
            raise AppError(f"There is no {file.name} in {file.parent}.")
        if arguments.settings:
            os.environ.update(read_values(arguments.settings))
        # On Windows a proactor would keep an inherited socket to itself, and several hosts serve it in turn.
        loop = asyncio.SelectorEventLoop if arguments.listener and sys.platform == "win32" else None
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(serve(file, arguments))
    except (AppError, SetupError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # A worker is killed, without a word to the app; a handler that still runs in a thread must not hold up the end.
    os._exit(code)

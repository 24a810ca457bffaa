"""`python3 -m dev run` and `services`: starts the parts, says where they are, and stops them together."""

from __future__ import annotations

import secrets
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dev import environment
from dev.app_settings import check_for_core_tools, service_environ, settings
from dev.azurite import azurite
from dev.instructions import how_to_run_the_app, how_to_use_the_app
from dev.processes import Service, ServiceError, answers, free_port
from dev.setup import ROOT, SetupError, clear_errors, say
from dev.terminal import Terminal


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    port: int = 7071
    phones_port: int = 7072
    tables_port: int = 10002
    host: str = "builtin"
    data: Path | None = None
    chaos: int | None = None
    keys: bool = False
    verbose: bool = False


def run(options: Options, *, with_app: bool = True) -> int:
    """Run the services, and the app if asked for, until Ctrl-C (0) or until one of them ends (1)."""
    if with_app and options.host == "func":
        core_tools(options)
    environment.ensure()
    port = take_port(options.port, "the app") if with_app else options.port
    phones_port = take_port(options.phones_port, "the phones page")
    tables_port = take_port(options.tables_port, "Azurite")
    values = settings(port, phones_port, tables_port)
    terminal = Terminal(["azurite", "phones", "app"], sys.stdout, show=options.verbose)

    def service(name: str, command: list[str], url: str) -> Service:
        return Service(name, command, service_environ(values), lambda: answers(url, 200), terminal, ROOT)

    parts = [
        azurite(tables_port, data_folder(options.data), verbose=options.verbose, sink=terminal),
        service("phones", phones_command(options, phones_port), f"http://127.0.0.1:{phones_port}/"),
    ]
    if with_app:
        key = secrets.token_urlsafe(24) if options.keys else None
        parts.append(service("app", app_command(options, port, key), f"http://127.0.0.1:{port}/api/health"))
        words = how_to_use_the_app(port, phones_port, tables_port, key)
    else:
        words = how_to_run_the_app(port, phones_port, tables_port, values)
    return run_together(parts, words, terminal)


def run_together(parts: Sequence[Service], words: str, terminal: Terminal) -> int:
    """Start the parts, say `words` when all are ready, and stop all when one ends or somebody says so."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # SIGINT too: a script that starts us with `&` has it ignored
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    quiet = not terminal.show
    try:
        with ExitStack() as stack:
            for part in parts:
                stack.callback(part.stop)
                part.start()
            for part in parts:
                part.wait_until_ready()
            print(words, flush=True)
            terminal.show = True
            try:
                watch(parts)
            finally:
                terminal.show = not quiet  # what the parts say as they are stopped is of no interest
    except KeyboardInterrupt:
        say("\nStopped.")
        return 0
    except ServiceError as error:
        say(f"dev: {error}")
    return 1


def watch(parts: Sequence[Service]) -> None:
    """Wait until a part ends, and raise ServiceError about it."""
    while True:
        for part in parts:
            if not part.running:
                raise part.failure(f"{part.name} ended with exit code {part.exit_code}, so everything was stopped")
        time.sleep(0.1)


def take_port(preferred: int, for_what: str) -> int:
    """Return the preferred port, or a free one when it is taken."""
    port = free_port(preferred)
    if port != preferred:
        say(f"Port {preferred} is taken, so {for_what} will be on port {port}.")
    return port


def data_folder(folder: Path | None) -> Path | None:
    """Return the folder as an absolute path, made when it is not there."""
    if folder is None:
        return None
    with clear_errors(f"use the folder {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def phones_command(options: Options, port: int) -> list[str]:
    """Return the command of the fake Twilio."""
    chaos = [] if options.chaos is None else ["--chaos", str(options.chaos)]
    return [str(environment.PYTHON), "-m", "dev.fake_twilio", "--port", str(port), *chaos]


def app_command(options: Options, port: int, key: str | None) -> list[str]:
    """Return the command that serves the app: our host, or Microsoft's Core Tools."""
    if options.host == "func":
        return [core_tools(options), "start", "--port", str(port)]
    keys = ["--key", key] if key else []
    return [str(environment.PYTHON), "-m", "dev.host", "--port", str(port), "--verbose", *keys]


def core_tools(options: Options) -> str:
    """Return the path of Azure Functions Core Tools, or raise SetupError where they cannot do what is asked."""
    if options.keys:
        raise SetupError("--keys goes with the built-in host only: Core Tools leave every function open on a laptop.")
    check_for_core_tools()
    path = shutil.which("func")
    if path is None:
        raise SetupError(
            "--host func needs Azure Functions Core Tools (https://aka.ms/azfunc-install): "
            "install them, or leave --host away and use the built-in host."
        )
    return path

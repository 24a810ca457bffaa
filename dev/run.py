"""`python3 -m dev run` and `services`: starts the parts, says where they are, and stops them together."""

from __future__ import annotations

import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dev import environment
from dev.app_settings import check_for_core_tools, service_environ, settings
from dev.azurite import azurite
from dev.instructions import how_to_run_the_app, how_to_use_the_app
from dev.numbers import connect_number
from dev.ports import Wish, take_ports
from dev.processes import Service, ServiceError, answers
from dev.setup import ROOT, SetupError, clear_errors, say
from dev.terminal import Terminal

APP_PORT = 7071


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    port: int | None = None
    phones_port: int | None = None
    tables_port: int | None = None
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
    wishes = [
        Wish("the phones page", "--phones-port", 7072, options.phones_port),
        Wish("Azurite", "--tables-port", 10002, options.tables_port),
    ]
    app = Wish("the app", "--port", APP_PORT, options.port)
    with take_ports([*wishes, app] if with_app else wishes) as (phones_port, tables_port, *app_port):
        port = app_port[0] if app_port else options.port or APP_PORT
        return run_on(port, phones_port, tables_port, options, with_app)


def run_on(port: int, phones_port: int, tables_port: int, options: Options, with_app: bool) -> int:
    """Run the parts on these ports."""
    values = settings(port, phones_port, tables_port)
    key = secrets.token_urlsafe(24) if options.keys else None
    terminal = Terminal(["azurite", "phones", "app"], sys.stdout, show=options.verbose)

    def service(name: str, command: list[str], url: str) -> Service:
        return Service(name, command, service_environ(values), lambda: answers(url, 200), terminal, ROOT)

    parts = [
        azurite(tables_port, data_folder(options.data), verbose=options.verbose, sink=terminal),
        service("phones", phones_command(options, phones_port, key), f"http://127.0.0.1:{phones_port}/"),
    ]
    if with_app:
        parts.append(service("app", app_command(options, port, key), f"http://127.0.0.1:{port}/api/health"))
        words = how_to_use_the_app(port, phones_port, tables_port, key)
    else:
        words = how_to_run_the_app(port, phones_port, tables_port, values)
    return run_together(parts, lambda: connect_number(values), words, terminal)


def run_together(parts: Sequence[Service], ready: Callable[[], None], words: str, terminal: Terminal) -> int:
    """Start the parts, call `ready` and say `words` when all are, and stop all when one ends or somebody says so."""
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
            ready()
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


def data_folder(folder: Path | None) -> Path | None:
    """Return the folder as an absolute path, made when it is not there."""
    if folder is None:
        return None
    with clear_errors(f"use the folder {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def phones_command(options: Options, port: int, key: str | None) -> list[str]:
    """Return the command of the fake Twilio, whose page shows the key."""
    chaos = [] if options.chaos is None else ["--chaos", str(options.chaos)]
    keys = [f"--app-key={key}"] if key else []  # a key may begin with a dash
    return [str(environment.PYTHON), "-m", "fake_twilio", "--port", str(port), *chaos, *keys]


def app_command(options: Options, port: int, key: str | None) -> list[str]:
    """Return the command that serves the app: our host, or Microsoft's Core Tools."""
    if options.host == "func":
        return [core_tools(options), "start", "--port", str(port)]
    return [*host_command(port, key), "--name-errors"]


def host_command(port: int, key: str | None) -> list[str]:
    """Return the command that serves the app on our host."""
    keys = [f"--key={key}"] if key else []
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
            "install them, or leave --host out and use the built-in host."
        )
    return path

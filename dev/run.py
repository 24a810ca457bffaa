"""`python3 -m dev run` and `services`: starts the parts, prints their addresses, and stops them together."""

from __future__ import annotations

import secrets
import shutil
import signal
import sys
import time
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dev import environment
from dev.app_settings import LOCAL, check_for_core_tools, chosen_settings, service_environ, settings
from dev.azurite import azurite
from dev.instructions import how_to_run_the_app, how_to_use_the_app, who_can_connect
from dev.numbers import connect_number
from dev.ports import LOOPBACK, Wish, take_ports
from dev.processes import Service, ServiceError, answers
from dev.reload import ReloadedApp
from dev.setup import ROOT, SetupError, clear_errors, say
from dev.terminal import Terminal

APP_PORT = 7071


@dataclass(frozen=True)
class Options:
    """The options of the command line."""

    port: int | None = None
    phones_port: int | None = None
    tables_port: int | None = None
    bind: str = LOOPBACK
    host: str = "builtin"
    data: Path | None = None
    chaos: int | None = None
    set: Mapping[str, str] = field(default_factory=dict)
    keys: bool = False
    open: bool = False
    verbose: bool = False


class Part(Protocol):
    """A process, or several, that a run starts, watches and stops."""

    def start(self) -> None:
        """Start it."""

    def wait_until_ready(self) -> None:
        """Return when it is ready; raise ServiceError when it does not start."""

    def check(self) -> None:
        """Raise ServiceError when it has ended."""

    def stop(self) -> None:
        """Stop it. Harmless when it never ran."""


def run(options: Options, *, with_app: bool = True) -> int:
    """Run the services, and the app if asked for, until Ctrl-C (0) or until one of them ends (1)."""
    if with_app and options.host == "func":
        core_tools(options)
    environment.ensure(environment.RUN)
    wishes = [
        Wish("the phones page", "--phones-port", 7072, options.phones_port, address=options.bind),
        Wish("Azurite", "--tables-port", 10002, options.tables_port),
    ]
    app = Wish("the app", "--port", APP_PORT, options.port, address=options.bind)
    with take_ports([*wishes, app] if with_app else wishes) as (phones_port, tables_port, *app_port):
        port = app_port[0] if app_port else options.port or APP_PORT
        return run_on(port, phones_port, tables_port, options, with_app)


def run_on(port: int, phones_port: int, tables_port: int, options: Options, with_app: bool) -> int:
    """Run the parts on these ports."""
    key = secrets.token_urlsafe(24) if options.keys else None
    terminal = Terminal(["azurite", "phones", "app"], sys.stdout, show=options.verbose, repeat=options.verbose)
    values = settings(port, phones_port, tables_port)
    phones_url = f"http://127.0.0.1:{phones_port}"
    parts: list[Part] = [
        azurite(tables_port, data_folder(options.data), verbose=options.verbose, sink=terminal),
        Service(
            "phones",
            phones_command(options, phones_port, key),
            service_environ(values),
            lambda: answers(f"{phones_url}/", 200),
            terminal,
            ROOT,
        ),
    ]
    if with_app:
        parts.append(app_part(options, port, key, values, terminal))
        words = how_to_use_the_app(port, phones_port, tables_port, key)
        what = f"the phones without a password, and the app {'with its' if key else 'without a'} key"
    else:
        words = how_to_run_the_app(port, phones_port, tables_port, values)
        what = "the phones without a password"
    words += who_can_connect(options.bind, what)

    def ready() -> None:
        connect_number(values)
        if options.open and not webbrowser.open(phones_url):
            say(f"No browser could be opened: open {phones_url} yourself.")

    return run_together(parts, ready, words, terminal)


def app_part(options: Options, port: int, key: str | None, values: Mapping[str, str], terminal: Terminal) -> Part:
    """Return the app: on our host, which is restarted after a change, or on Core Tools."""
    health = f"http://127.0.0.1:{port}/api/health"
    said = ""

    def environ() -> dict[str, str]:
        nonlocal said
        chosen = chosen_settings(options.set)
        if chosen.words and chosen.words != said:
            say(chosen.words)
        said = chosen.words
        return service_environ({**values, **chosen.values})

    if options.host == "func":
        command = [core_tools(options), "start", "--port", str(port)]
        return Service("app", command, environ(), lambda: answers(health, 200), terminal, ROOT)
    command = [*host_command(key), "--name-errors"]
    address = (port, options.bind)
    return ReloadedApp(command, environ, ROOT / LOCAL, address, lambda: answers(health, 200), terminal)


def run_together(parts: Sequence[Part], ready: Callable[[], None], words: str, terminal: Terminal) -> int:
    """Start the parts, call `ready` and print `words` when all are ready; stop all when one ends or on a signal."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # SIGINT too: a shell that starts us with `&` has it ignored
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
                while True:
                    for part in parts:
                        part.check()
                    time.sleep(0.1)
            finally:
                terminal.show = not quiet  # nobody needs what the parts print while they are stopped
    except KeyboardInterrupt:
        say("\nStopped.")
        return 0
    except ServiceError as error:
        say(f"dev: {error}")
    return 1


def data_folder(folder: Path | None) -> Path | None:
    """Return the folder as an absolute path; create it when it does not exist."""
    if folder is None:
        return None
    with clear_errors(f"use the folder {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def phones_command(options: Options, port: int, key: str | None) -> list[str]:
    """Return the command of the Twilio emulator, whose page shows the key."""
    chaos = [] if options.chaos is None else ["--chaos", str(options.chaos)]
    keys = [f"--app-key={key}"] if key else []  # a key may begin with a dash
    bind = [] if options.bind == LOOPBACK else ["--bind", options.bind]
    folder = data_folder(options.data)
    data = ["--data", str(folder)] if folder else []
    return [str(environment.PYTHON), "-m", "fake_twilio", "--port", str(port), *bind, *data, *chaos, *keys]


def host_command(key: str | None) -> list[str]:
    """Return the command that serves the app on our host."""
    keys = [f"--key={key}"] if key else []
    return [str(environment.PYTHON), "-m", "dev.host", "--verbose", "--front-page", *keys]


def core_tools(options: Options) -> str:
    """Return the path of Azure Functions Core Tools; raise SetupError when they cannot do what the options ask for."""
    if options.keys:
        raise SetupError("--keys works with the built-in host only: Core Tools ask for no key on a laptop.")
    if options.bind != LOOPBACK:
        raise SetupError("--bind works with the built-in host only: `func start` has no such option.")
    check_for_core_tools()
    path = shutil.which("func")
    if path is None:
        raise SetupError(
            "--host func needs Azure Functions Core Tools (https://aka.ms/azfunc-install): "
            "install them, or leave --host out and use the built-in host."
        )
    return path

"""`python3 -m dev run --settings FILE`: the app on this machine with the user's Twilio account, behind a tunnel."""

from __future__ import annotations

import json
import secrets
import sys
import urllib.error
import urllib.request
from pathlib import Path

from dev import environment
from dev.app_settings import own_settings, read_values, service_environ, where_from
from dev.azurite import azurite, connection_string
from dev.instructions import connect_line, how_to_use_your_account, who_can_connect
from dev.ports import Wish, take_ports
from dev.processes import ServiceError, answers
from dev.reload import ReloadedApp
from dev.run import APP_PORT, Options, data_folder, host_command, run_together
from dev.setup import SetupError, say
from dev.terminal import Terminal

EMULATOR_OPTIONS = {"chaos": "--chaos", "phones_port": "--phones-port", "open": "--open"}


def run(options: Options, file: Path) -> int:
    """Run storage and the app with the settings of this file, until Ctrl-C (0) or until one of them ends (1).

    A tunnel lets the whole world in, so the app asks for a key whether it is told to or not.
    """
    if options.host == "func":
        raise SetupError(
            "--settings works with the built-in host only: Core Tools ask for no key behind an open tunnel."
        )
    for name, option in EMULATOR_OPTIONS.items():
        if getattr(options, name) not in (None, False):
            raise SetupError(f"{option} is for the Twilio emulator; with --settings the app uses your own account.")
    values = {**own_settings(file), **options.set}
    environment.ensure(environment.RUN)
    tables = Wish("Azurite", "--tables-port", 10002, options.tables_port)
    advice = "the tunnel leads there: free it, or let the tunnel lead to another --port"
    app = Wish("the app", "--port", APP_PORT, options.port or APP_PORT, advice, options.bind)
    with take_ports([app, tables]) as (port, tables_port):
        return run_on(port, tables_port, values, options, file)


def run_on(port: int, tables_port: int, values: dict[str, str], options: Options, file: Path) -> int:
    """Run both on these ports."""
    terminal = Terminal(["azurite", "app"], sys.stdout, show=options.verbose, repeat=options.verbose)
    storage = azurite(tables_port, data_folder(options.data), verbose=options.verbose, sink=terminal)
    key, url = secrets.token_urlsafe(24), f"http://127.0.0.1:{port}"
    say(where_from({file: read_values(file).keys() - options.set.keys(), "--set": options.set.keys()}))

    def environ() -> dict[str, str]:
        tables = {"TABLES_CONNECTION_STRING": connection_string(tables_port), "TABLES_ENDPOINT": ""}
        return service_environ({**own_settings(file), **options.set, **tables})

    app = ReloadedApp(
        host_command(key),
        environ,
        file.resolve(),
        (port, options.bind),
        lambda: answers(f"{url}/api/health"),
        terminal,
    )
    base_url, number = values["PUBLIC_BASE_URL"], values["TWILIO_FROM_NUMBER"]
    words = how_to_use_your_account(url, tables_port, key, base_url, number, file)
    words += who_can_connect(options.bind, "the app with its key")
    code = run_together([storage, app], lambda: check_settings(url, key), words, terminal)
    if code == 0:
        say("If the number is still connected, callers hear an error:")
        say(f"  {connect_line(file, base_url, number)} --restore")
    return code


def check_settings(url: str, key: str) -> None:
    """Raise ServiceError with the app's own message when its settings are not valid."""
    request = urllib.request.Request(f"{url}/api/activity?limit=1", headers={"x-functions-key": key})
    try:
        with urllib.request.urlopen(request, timeout=30):
            return
    except urllib.error.HTTPError as error:
        with error:
            problem = json.loads(error.read() or b"{}")
    raise ServiceError(f"the app is not ready: {problem.get('detail', 'it does not say why')}")

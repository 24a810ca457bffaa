"""The processes of a run: Azurite, the Twilio emulator and hosts, each on a free port."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dev.app_settings import service_environ, settings
from dev.azurite import azurite
from dev.processes import Service, answers, free_port
from dev.setup import ROOT

TWILIO_LATENCY = 0.1
# The port in PUBLIC_BASE_URL, for which signatures are made; the app listens on another one.
PUBLIC_PORT = 7071
# The port for a service that a run does not need.
NOBODY = 1


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its port, and its process."""

    port: int
    pid: int


@contextmanager
def running_azurite() -> Iterator[Server]:
    """Run Azurite, with its tables in memory."""
    port = free_port()
    with azurite(port) as service:
        yield Server(port, service.pid)


@contextmanager
def running_twilio() -> Iterator[Server]:
    """Run an emulator that answers with the latency of Twilio and sends no callbacks."""
    port = free_port()
    options = ["--port", str(port), "--latency", str(TWILIO_LATENCY), "--no-life"]
    with python_service("twilio", ["fake_twilio", *options], settings(PUBLIC_PORT, port, NOBODY), port) as service:
        yield Server(port, service.pid)


@contextmanager
def running_host(
    app: str = "function_app.py", *, tables_port: int = NOBODY, twilio_port: int = NOBODY
) -> Iterator[Server]:
    """Run an app on the host, in the runtime that belongs to this Python."""
    port = free_port()
    command = ["dev.host", "--port", str(port), "--app", app]
    with python_service(app, command, settings(PUBLIC_PORT, twilio_port, tables_port), port) as service:
        yield Server(port, service.pid)


def python_service(name: str, module: list[str], values: dict[str, str], port: int) -> Service:
    """Return a service that runs a module of this repository; it is ready when it answers on its port."""
    command = [sys.executable, "-m", *module]
    return Service(name, command, service_environ(values), lambda: answers(f"http://127.0.0.1:{port}/"), cwd=ROOT)


@contextmanager
def running_app() -> Iterator[Server]:
    """Run the app with the emulator and Azurite."""
    with (
        running_azurite() as tables,
        running_twilio() as twilio,
        running_host(tables_port=tables.port, twilio_port=twilio.port) as app,
    ):
        yield app

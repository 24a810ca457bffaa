"""Small function apps on the host, run as people run them: a process that serves over real HTTP."""

import asyncio
import contextlib
import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.host.errors import AppError
from dev.host.functions import load
from dev.host.runtimes import DEFAULT, runtime_named
from dev.processes import Service
from tests.support.app import ROOT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "PUBLIC_BASE_URL": ""}


APP = """
import asyncio, functools, json, logging, threading
import azure.functions as func
from beside import GREETING

app = func.FunctionApp()
bp = func.Blueprint()
pair = threading.Barrier(2)
arrived = {"waiting": 0}


def describe(req):
    seen = {"method": req.method, "url": req.url, "headers": dict(req.headers), "params": dict(req.params),
            "route_params": dict(req.route_params), "body": req.get_body().decode("latin-1"),
            "form": {name: req.form.getlist(name) for name in req.form}}
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route()
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    return describe(req)


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def public_echo(req: func.HttpRequest) -> func.HttpResponse:
    return describe(req)


@app.route("Items/{id:int}/{part?}", methods=["GET", "POST"])
def items(req: func.HttpRequest) -> func.HttpResponse:
    return describe(req)


@app.route("files/{*rest}", methods=["GET"])
def files(req: func.HttpRequest):
    return describe(req)


@app.route("things/same/{id}", methods=["GET"])
def zeta(req: func.HttpRequest) -> str:
    return "zeta"


@app.route("{kind}/same/{id}", methods=["GET"])
def alpha(req: func.HttpRequest) -> str:
    return "alpha"


@bp.function_name("greeting")
@bp.route(auth_level=func.AuthLevel.ANONYMOUS)
def from_a_blueprint(req: func.HttpRequest) -> str:
    return GREETING


@app.route(auth_level=func.AuthLevel.ADMIN)
def for_admins(req: func.HttpRequest) -> str:
    return "ok"


@app.route()
def meet_in_threads(req: func.HttpRequest) -> str:
    pair.wait(5)
    return threading.current_thread().name


@app.route()
async def meet_on_the_loop(req: func.HttpRequest) -> str:
    arrived["waiting"] += 1
    while arrived["waiting"] < 2:
        await asyncio.sleep(0.01)
    return threading.current_thread().name


@app.route()
async def answer(req: func.HttpRequest) -> func.HttpResponse:
    return eval(req.get_body().decode())


@app.route()
async def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("the reason why")


async def coroutine():
    return "never"


@app.route()
def gives_a_coroutine(req: func.HttpRequest) -> func.HttpResponse:
    return coroutine()


@app.route()
def sleeps(req: func.HttpRequest) -> str:
    logging.getLogger("app.sleeps").info("asleep")
    threading.Event().wait(60)
    return ""


@app.route()
async def logs(req: func.HttpRequest) -> str:
    logging.getLogger("app.here").info("seen %s", "clearly")
    logging.getLogger("app.here").debug("unseen")
    print("printed")
    return ""


@app.route()
async def logs_errors(req: func.HttpRequest) -> str:
    await asyncio.gather(*(asyncio.to_thread(logging.error, "bad\\n%s", name) for name in ("ä", "100%")))
    logging.warning("not so bad")
    return "sorry"


@app.route()
def logs_an_error(req: func.HttpRequest) -> str:
    logging.getLogger("app.here").error("from %s", req.params["who"])
    pair.wait(5)
    return "sorry"


@app.route()
def logs_much(req: func.HttpRequest) -> str:
    for _ in range(12):
        logging.error("%s", "x" * 400)
    return "sorry"


@app.route()
def logs_wrongly(req: func.HttpRequest) -> str:
    logging.error("%d calls", "x")
    logging.error("half %s", chr(0xD83D))
    return "well"


@app.timer_trigger(schedule="0 0 3 * * *", arg_name="timer")
def nightly(timer: func.TimerRequest) -> None:
    pass


app.register_functions(bp)
"""


# The beginning of an app that a test writes itself.
HEAD = "import functools, azure.functions as func\napp = func.FunctionApp()\n"


class Host:
    """A running host: where it listens and what it has written so far."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        self.lines: list[str] = []
        self.service = Service(
            "app",
            [sys.executable, "-m", "dev.host", "--port", "0", *arguments],
            env={**ENVIRONMENT, **settings},
            ready=lambda: any(line.startswith("listening on ") for line in self.lines),
            sink=lambda _, line: self.lines.append(line),
            cwd=folder,
        )

    @property
    def url(self) -> str:
        return next(line for line in self.lines if line.startswith("listening on ")).removeprefix("listening on ")

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, self.url + path, timeout=10, **options)

    def raw(self, text: bytes) -> bytes:
        """Send bytes as they are and return all that comes back; the request must ask for `Connection: close`."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(text)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def wait_for_line(self, text: str) -> str:
        deadline = time.monotonic() + 5
        while not (found := [line for line in self.lines if text in line]):
            assert time.monotonic() < deadline, f"no line with {text!r} in {self.lines}"
            time.sleep(0.01)
        return found[0]


@contextlib.contextmanager
def serving(
    folder: Path, *arguments: str, app: str = APP, module: str = "function_app.py", **settings: str
) -> Iterator[Host]:
    """Write an app into a folder and yield a host that serves it."""
    (folder / module).write_text(app, "utf-8")
    (folder / "beside.py").write_text("GREETING = 'Hello from beside'", "utf-8")
    host = Host(folder, *arguments, **settings)
    with host.service:
        yield host


def rejection(folder: Path, app: str) -> str:
    """Return why the host does not serve an app. Runs in this process, where each app needs a name of its own."""
    file = folder / f"app_{secrets.token_hex(8)}.py"
    file.write_text(app, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHON_SCRIPT_FILE_NAME", "")  # the runtime sets it
        with pytest.raises(AppError) as raised:
            asyncio.run(load(runtime_named(DEFAULT), file))
    return str(raised.value).replace(file.name, "function_app.py")

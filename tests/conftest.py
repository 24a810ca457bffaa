"""The real parts that the tests use: Azurite, the fake Twilio, and the app on the small host, each over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
from lossy_storage import LossyStorage, lossy_storage
from twilio.request_validator import RequestValidator

from dev.azurite import azurite, connection_string
from dev.fake_twilio import FakeTwilio
from dev.processes import Service, answers, free_port
from shared.http_session import http_session
from shared.settings import settings
from shared.table_client import table_client

# A shell's background jobs ignore Ctrl-C, and so would every program that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The machine may be busy with other tests.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.load_profile("here")

ROOT = Path(__file__).resolve().parent.parent
SETTINGS: dict[str, str] = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]

Form = dict[str, str] | list[tuple[str, str]]


@dataclass
class App:
    """The function app on its host: where it answers, what it was told, what it logged."""

    url: str
    settings: dict[str, str]
    lines: list[str] = field(default_factory=list)

    def get(self, path: str, **options: Any) -> requests.Response:
        """Call a route as our users do."""
        return requests.get(f"{self.url}/api/{path}", timeout=30, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Post JSON to a route as our users do."""
        return requests.post(f"{self.url}/api/{path}", json=body, timeout=30, **options)

    def signed_post(self, path: str, form: Form, token: str | None = None, **options: Any) -> requests.Response:
        """Post a form to a route as Twilio does: signed, by Twilio's own library."""
        url = f"{self.settings['PUBLIC_BASE_URL']}/api/{path}"
        signature = {"X-Twilio-Signature": sign(url, form, token or self.settings["TWILIO_AUTH_TOKEN"])}
        headers = {**signature, **options.pop("headers", {})}
        return requests.post(f"{self.url}/api/{path}", data=form, headers=headers, timeout=30, **options)

    def wait_for_line(self, containing: str, seconds: float = 5) -> str:
        """Return the newest line of the app's log that holds these words."""
        deadline = time.monotonic() + seconds
        while True:
            for line in reversed(self.lines):
                if containing in line:
                    return line
            assert time.monotonic() < deadline, f"no line with {containing!r} in {self.lines}"
            time.sleep(0.02)

    def log(self) -> str:
        """Return all that the app has written so far."""
        return "\n".join(self.lines)

    def wait_for_activity(self, sid: str, status: str, seconds: float = 10) -> dict[str, Any]:
        """Return what the log knows of `sid` once its status is `status`."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.get(f"activity/{sid}")
            found: dict[str, Any] = answer.json()
            if answer.ok and found["status"] == status:
                return found
            assert time.monotonic() < deadline, f"{sid} is not {status}: {found}"
            time.sleep(0.02)


class Fields(dict[str, list[str]]):
    """A form whose fields may be repeated, as Twilio's validator reads them."""

    def getlist(self, name: str) -> list[str]:
        """Return every value of a field."""
        return self[name]


def sign(url: str, form: Form, token: str) -> str:
    """Return Twilio's signature of a request."""
    fields = Fields()
    for name, value in form.items() if isinstance(form, dict) else form:
        fields.setdefault(name, []).append(value)
    return str(RequestValidator(token).compute_signature(url, fields))


@pytest.fixture
def usual_ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The ports that nobody has to name, for one test at a time: tests run in several processes."""
    if sys.platform == "win32":
        pytest.skip("there is no flock")
    else:
        import fcntl

        with (tmp_path_factory.getbasetemp().parent / "usual-ports").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


StartApp = Callable[..., App]


@pytest.fixture(scope="session")
def fake_twilio_session() -> Iterator[FakeTwilio]:
    """One fake Twilio for the whole run."""
    with FakeTwilio.running(pace=0) as fake:
        yield fake


@pytest.fixture
def fake_twilio(fake_twilio_session: FakeTwilio) -> Iterator[FakeTwilio]:
    """The fake Twilio with nothing in it; when the test ends it must have no complaint about us."""
    fake_twilio_session.reset()
    yield fake_twilio_session
    fake_twilio_session.wait_until_quiet()
    assert list(fake_twilio_session.faults) == []


@pytest.fixture(scope="session")
def tables() -> Iterator[str]:
    """The connection string of a real Azurite."""
    port = free_port()
    with azurite(port):
        yield connection_string(port)


@pytest.fixture
def lossy(start_app: StartApp, tables: str) -> Iterator[tuple[App, LossyStorage]]:
    """An app and its storage, whose answers can get lost; at the end all that were to be lost have been."""
    with lossy_storage(tables) as storage:
        yield start_app(TABLES_CONNECTION_STRING=storage.connection_string), storage
        assert storage.orders == []


Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def run_here(tables: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A function that runs some of the app's own code in this process, on the tables of `app`."""
    for name, value in {**SETTINGS, "TABLES_CONNECTION_STRING": tables}.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()

    async def to_its_end(story: Coroutine[Any, Any, Any]) -> Any:
        try:
            return await story
        finally:
            await http_session().close()
            for cached in (http_session, table_client, settings):
                cached.cache_clear()

    return lambda story: asyncio.run(to_its_end(story))


@contextmanager
def app_starter(twilio_url: str, tables: str) -> Iterator[StartApp]:
    """Yield a function that starts an app, with settings that differ from the usual ones; all end with the block.

    `{port}` in a setting stands for the port on which the app is started.
    """
    with ExitStack() as stack:

        def start(key: str = "", **settings: str) -> App:
            port = free_port()
            url = f"http://127.0.0.1:{port}"
            usual = {"PUBLIC_BASE_URL": url, "TWILIO_API_BASE_URL": twilio_url, "TABLES_CONNECTION_STRING": tables}
            settings = {name: value.replace("{port}", str(port)) for name, value in settings.items()}
            app = App(url, {**SETTINGS, **usual, **settings})
            command = [sys.executable, "-m", "dev.host", "--port", str(port), *(["--key", key] if key else [])]
            clean = {name: value for name, value in os.environ.items() if name not in SETTINGS}
            service = Service(
                "app",
                command,
                env={**clean, **app.settings},
                cwd=ROOT,
                ready=lambda: answers(f"{url}/api/health"),
                sink=lambda name, line: app.lines.append(line),
            )
            stack.enter_context(service)
            return app

        yield start


@pytest.fixture(scope="session")
def app(fake_twilio_session: FakeTwilio, tables: str) -> Iterator[App]:
    """The app with the usual settings."""
    with app_starter(fake_twilio_session.url, tables) as start:
        yield start()


@pytest.fixture(scope="module")
def start_app(fake_twilio_session: FakeTwilio, tables: str) -> Iterator[StartApp]:
    """A function that starts one more app, with settings that differ from the usual ones."""
    with app_starter(fake_twilio_session.url, tables) as start:
        yield start


def assert_problem(answer: requests.Response, status: int, code: str) -> dict[str, Any]:
    """Assert that an answer is a problem (RFC 9457) of this status and code; return it."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, "about:blank")
    assert problem["title"]
    assert problem["detail"]
    assert "Traceback" not in answer.text
    return problem


def faults_of(answer: requests.Response) -> dict[str, str]:
    """Return what a 400 says, by field."""
    problem = assert_problem(answer, 400, "invalid_request")
    return {fault["field"]: fault["detail"] for fault in problem["errors"]}

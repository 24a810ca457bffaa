"""The function app as a test uses it: started on its host, called, signed for, and its answers checked."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from twilio.request_validator import RequestValidator

from dev.processes import Service, answers, free_port

ROOT = Path(__file__).resolve().parents[2]
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


StartApp = Callable[..., App]


Run = Callable[[Coroutine[Any, Any, Any]], Any]


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
